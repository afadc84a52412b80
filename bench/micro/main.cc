// arris-bench: micro-benchmarks of the engine through its public API (Google Benchmark; --help lists its options).
// bench.py runs it with ARRIS_BENCH_MODULE naming a big module for the load/ rows.
#include "bench/micro/fixture.h"

int main(int argc, char** argv) {
  arris::bench::register_load_benchmarks();
  arris::bench::register_instantiate_benchmarks();
  arris::bench::register_call_benchmarks();
  arris::bench::register_exec_benchmarks();
  arris::bench::register_trap_benchmarks();
#ifdef ARRIS_BENCH_LIGHT
  arris::bench::register_light_benchmarks();
#endif
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
