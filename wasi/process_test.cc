#include <time.h>

#include "wasi/context_testing.h"

namespace arris::wasi {
namespace {

using ProcessTest = WasiTest;

TEST_F(ProcessTest, ArgsAreWrittenWithTheirNuls) {
  uint32_t sizes = alloc(8);
  ASSERT_EQ(call(&WasiContext::args_sizes_get, sizes, sizes + 4), Errno::success);
  EXPECT_EQ(get<uint32_t>(sizes), 3u);
  EXPECT_EQ(get<uint32_t>(sizes + 4), 8u + 6u + 1u);
  uint32_t argv = alloc(12), buffer = alloc(15);
  ASSERT_EQ(call(&WasiContext::args_get, argv, buffer), Errno::success);
  EXPECT_EQ(text_at(buffer, 15), std::string("program\0first\0\0", 15));
  EXPECT_EQ(get<uint32_t>(argv), buffer);
  EXPECT_EQ(get<uint32_t>(argv + 4), buffer + 8);
  EXPECT_EQ(get<uint32_t>(argv + 8), buffer + 14);
}

TEST_F(ProcessTest, ArgsOutOfBoundsAreFaultsAndWriteNothing) {
  uint32_t end_of_memory = static_cast<uint32_t>(bytes.size());
  EXPECT_EQ(call(&WasiContext::args_sizes_get, kOutOfBounds, 0), Errno::fault);
  EXPECT_EQ(call(&WasiContext::args_sizes_get, 0, end_of_memory - 3), Errno::fault);
  EXPECT_EQ(get<uint32_t>(0), 0u);
  EXPECT_EQ(call(&WasiContext::args_get, end_of_memory - 11, 0), Errno::fault);
  EXPECT_EQ(call(&WasiContext::args_get, 0, end_of_memory - 14), Errno::fault);
  EXPECT_EQ(get<uint64_t>(0), 0u);
  EXPECT_EQ(call(&WasiContext::args_get, end_of_memory - 12, 0), Errno::success);
}

TEST_F(ProcessTest, EnvironmentIsWritten) {
  uint32_t sizes = alloc(8);
  ASSERT_EQ(call(&WasiContext::environ_sizes_get, sizes, sizes + 4), Errno::success);
  EXPECT_EQ(get<uint32_t>(sizes), 2u);
  EXPECT_EQ(get<uint32_t>(sizes + 4), 4u + 7u);
  uint32_t array = alloc(8), buffer = alloc(11);
  ASSERT_EQ(call(&WasiContext::environ_get, array, buffer), Errno::success);
  EXPECT_EQ(text_at(buffer, 11), std::string("A=1\0EMPTY=\0", 11));
  EXPECT_EQ(call(&WasiContext::environ_get, kOutOfBounds, buffer), Errno::fault);
  EXPECT_EQ(call(&WasiContext::environ_sizes_get, kOutOfBounds, buffer), Errno::fault);
}

TEST_F(ProcessTest, NoArgumentsAndNoMemoryIsFine) {
  make({});
  bytes.clear();
  EXPECT_EQ(call(&WasiContext::args_get, 0, 0), Errno::success);
  EXPECT_EQ(call(&WasiContext::args_sizes_get, 0, 0), Errno::fault);
}

TEST_F(ProcessTest, ClocksTellTheHostsTime) {
  uint32_t result = alloc(8);
  ASSERT_EQ(call(&WasiContext::clock_time_get, kClockRealtime, 0, result), Errno::success);
  EXPECT_NEAR(static_cast<double>(get<uint64_t>(result)) / 1e9, static_cast<double>(::time(nullptr)), 2.0);
  ASSERT_EQ(call(&WasiContext::clock_time_get, kClockMonotonic, 0, result), Errno::success);
  uint64_t first = get<uint64_t>(result);
  ASSERT_EQ(call(&WasiContext::clock_time_get, kClockMonotonic, 0, result), Errno::success);
  EXPECT_GE(get<uint64_t>(result), first);
  for (uint32_t id = 0; id < 4; ++id) {
    EXPECT_EQ(call(&WasiContext::clock_time_get, id, 0, result), Errno::success) << id;
    EXPECT_EQ(call(&WasiContext::clock_res_get, id, result), Errno::success) << id;
    EXPECT_GT(get<uint64_t>(result), 0u) << id;
  }
}

TEST_F(ProcessTest, ClockErrors) {
  EXPECT_EQ(call(&WasiContext::clock_time_get, 4, 0, 1024), Errno::inval);
  EXPECT_EQ(call(&WasiContext::clock_res_get, ~0u, 1024), Errno::inval);
  EXPECT_EQ(call(&WasiContext::clock_time_get, kClockRealtime, 0, kOutOfBounds), Errno::fault);
  EXPECT_EQ(call(&WasiContext::clock_res_get, kClockRealtime, kOutOfBounds), Errno::fault);
}

TEST_F(ProcessTest, ExitEndsTheGuestWithItsCode) {
  call(&WasiContext::proc_exit, 42);
  EXPECT_EQ(end, Guest::End::exited);
  EXPECT_EQ(exit_code, 42u);
}

TEST_F(ProcessTest, RaiseIsNotImplementedAndChecksTheSignal) {
  EXPECT_EQ(call(&WasiContext::proc_raise, 6), Errno::nosys);
  EXPECT_EQ(call(&WasiContext::proc_raise, 31), Errno::inval);
}

TEST_F(ProcessTest, YieldSucceeds) { EXPECT_EQ(call(&WasiContext::sched_yield), Errno::success); }

TEST_F(ProcessTest, RandomFillsExactlyTheBuffer) {
  uint32_t buffer = alloc(300'000);
  ASSERT_EQ(call(&WasiContext::random_get, buffer, 299'990), Errno::success);
  bool tail_differs = false;
  for (uint32_t i = 299'900; i < 299'990; ++i) tail_differs |= bytes[buffer + i] != 0;
  EXPECT_TRUE(tail_differs);
  for (uint32_t i = 299'990; i < 300'000; ++i) EXPECT_EQ(bytes[buffer + i], 0);
  EXPECT_EQ(call(&WasiContext::random_get, kOutOfBounds, 64), Errno::fault);
  EXPECT_EQ(call(&WasiContext::random_get, 0, ~0u), Errno::fault);
  EXPECT_EQ(call(&WasiContext::random_get, buffer, 0), Errno::success);
}

TEST_F(ProcessTest, LongRandomRequestsCanBeInterrupted) {
  bytes.resize(8 << 20);
  waker.wake();
  call(&WasiContext::random_get, 0, 8 << 20);
  EXPECT_EQ(end, Guest::End::interrupted);
}

TEST_F(ProcessTest, APreopenedDirectoryThatIsNoneIsToldByName) {
  WasiConfig config;
  config.preopens = {{"/x", temp / "missing", false}};
  auto made = WasiContext::create(std::move(config));
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error(), "cannot open directory '" + temp / "missing" + "': No such file or directory");
}

}  // namespace
}  // namespace arris::wasi
