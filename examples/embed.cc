// Embedding Arris: compile a module, give it a host function, call its exports, handle a trap.
#include <arris/arris.h>

#include <cstdio>

namespace {

constexpr const char* kModule = R"((module $numbers
  (import "host" "report" (func $report (param i32 i32 i32)))
  (func $gcd (export "gcd") (param $a i32) (param $b i32) (result i32)
    (if (result i32) (i32.eqz (local.get $b))
      (then (local.get $a))
      (else (return_call $gcd (local.get $b) (i32.rem_u (local.get $a) (local.get $b))))))
  (func (export "run") (param $a i32) (param $b i32)
    (call $report (local.get $a) (local.get $b) (call $gcd (local.get $a) (local.get $b))))
  (func (export "halve") (param $n i32) (param $by i32) (result i32)
    (i32.div_u (local.get $n) (local.get $by)))))";

int fail(const std::string& message) {
  std::fprintf(stderr, "embed: %s\n", message.c_str());
  return 1;
}

}  // namespace

int main() {
  using namespace arris::api;

  // One engine and one module for the whole program; both may be shared by threads.
  Engine engine;
  auto module = Module::compile_text(engine, kModule);
  if (!module) return fail(module.error().to_string());

  // What the module may import. Any callable will do.
  Linker linker(engine);
  linker.define_func("host", "report",
                     [](uint32_t a, uint32_t b, uint32_t gcd) { std::printf("gcd(%u, %u) = %u\n", a, b, gcd); });

  // A store holds the state of instances; one thread at a time may use it.
  Store store(engine);
  auto instance = linker.instantiate(store, *module);
  if (!instance) return fail(instance.error().to_string());

  // Look up and check once, call often.
  auto run = instance->typed<void(uint32_t, uint32_t)>("run");
  if (!run) return fail(run.error().to_string());
  if (auto done = (*run)(1071, 462); !done) return fail(done.error().to_string());

  auto halve = instance->typed<uint32_t(uint32_t, uint32_t)>("halve");
  if (!halve) return fail(halve.error().to_string());
  auto half = (*halve)(10, 2);
  if (!half) return fail(half.error().to_string());
  std::printf("10 / 2 = %u\n", *half);

  // Traps are values: what happened, and where.
  auto trapped = (*halve)(10, 0);
  if (trapped) return fail("dividing by zero did not trap");
  std::printf("%s\n", trapped.error().to_string().c_str());
  return 0;
}
