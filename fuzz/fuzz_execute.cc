// Any bytes that happen to be a valid module without imports: instantiated under small limits and little fuel, and every
// exported function without reference parameters called with zeros. Results and traps are both fine; memory errors, leaks and
// hangs are not.
#include <cstdint>
#include <span>
#include <vector>

#include "arris/arris.h"

namespace {

using namespace arris::api;

Config make_config() {
  Config config;
  config.features = Features::all();
  config.validation_threads = 1;
  config.fuel = true;
  config.heap_zeal = true;
  config.limits.max_stack_bytes = 64 << 10;
  config.limits.max_heap_bytes = 1 << 20;
  config.limits.max_memory_bytes = 4 << 20;
  config.limits.max_table_elements = 10'000;
  return config;
}

void call_with_zeros(StoreRef store, const Func& func) {
  std::vector<Val> args;
  for (ValType type : func.type().params) {
    if (!type.is_defaultable()) return;
    args.push_back(Val::zero(type));
  }
  store.set_fuel(10'000);
  (void)func.call(args);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Engine engine(make_config());
  auto module = Module::compile(engine, std::span(data, size));
  if (!module || !module->imports().empty()) return 0;
  auto store = Store::create(engine);
  if (!store) return 0;
  store->set_fuel(10'000);
  auto instance = Instance::create(*store, *module, {});
  if (!instance) return 0;
  for (uint32_t i = 0; i < instance->export_count(); ++i) {
    Extern value = instance->export_at(i);
    if (const Func* func = value.func()) call_with_zeros(*store, *func);
  }
  return 0;
}
