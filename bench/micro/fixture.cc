#include "bench/micro/fixture.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace arris::bench {

void die(std::string_view what, std::string_view why) {
  fmt::print(stderr, "arris-bench: {}: {}\n", what, why);
  std::exit(1);
}

std::string repeat(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

std::string loop_module(std::string_view fields, std::string_view locals, std::string_view body) {
  return fmt::format(R"((module {}
    (func (export "run") (param $n i32) {}
      (loop $again {}
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
  )",
                     fields, locals, body);
}

void run_loop(benchmark::State& state, Fixture& fixture, int per_round) {
  constexpr int kRounds = 200;
  auto run = fixture.func<void(int32_t)>("run");
  while (state.KeepRunningBatch(int64_t{kRounds} * per_round)) {
    if (auto result = run(kRounds); !result) return state.SkipWithError(result.error().to_string().c_str());
  }
}

}  // namespace arris::bench
