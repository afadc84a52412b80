#include "spectest/host_module.h"

namespace arris::spectest {
namespace {

constexpr std::string_view kModule = "spectest";

void define_functions(api::Linker& linker) {
  linker.define_func(kModule, "print", [] {});
  linker.define_func(kModule, "print_i32", [](int32_t) {});
  linker.define_func(kModule, "print_i64", [](int64_t) {});
  linker.define_func(kModule, "print_f32", [](float) {});
  linker.define_func(kModule, "print_f64", [](double) {});
  linker.define_func(kModule, "print_i32_f32", [](int32_t, float) {});
  linker.define_func(kModule, "print_f64_f64", [](double, double) {});
}

}  // namespace

std::expected<void, std::string> define_host_module(api::Linker& linker, api::StoreRef store, bool threads) {
  define_functions(linker);

  struct GlobalRow {
    const char* name;
    api::Val value;
  };
  const GlobalRow globals[] = {
      {"global_i32", int32_t{666}}, {"global_i64", int64_t{666}}, {"global_f32", 666.6f}, {"global_f64", 666.6}};
  for (const GlobalRow& row : globals) {
    auto global = api::Global::create(store, {row.value.type(), false}, row.value);
    if (!global) return std::unexpected(global.error().to_string());
    linker.define(kModule, row.name, *global);
  }

  for (auto [name, address] :
       {std::pair{"table", api::AddressType::i32}, std::pair{"table64", api::AddressType::i64}}) {
    auto table = api::Table::create(store, {api::kFuncRef, {10, 20, true, address}});
    if (!table) return std::unexpected(table.error().to_string());
    linker.define(kModule, name, *table);
  }

  api::MemoryType type{{1, 2, true, api::AddressType::i32}};
  auto memory = api::Memory::create(store, type);
  if (!memory) return std::unexpected(memory.error().to_string());
  linker.define(kModule, "memory", *memory);
  if (threads) {
    type.shared = true;
    auto shared = api::SharedMemory::create(store.engine(), type);
    if (!shared) return std::unexpected(shared.error().to_string());
    linker.define(kModule, "shared_memory", *shared);
  }
  return {};
}

}  // namespace arris::spectest
