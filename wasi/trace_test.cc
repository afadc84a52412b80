#include "wasi/trace.h"

#include "wasi/context_testing.h"
#include "wasi/signature.h"

namespace arris::wasi {
namespace {

static_assert(signature_fits<uint32_t, uint32_t, uint32_t, uint64_t>("fd:fd path:path size:u64"));
static_assert(!signature_fits<uint32_t, uint32_t>("fd:fd path:path"));
static_assert(!signature_fits<uint32_t, uint32_t>("fd:fd"));
static_assert(!signature_fits<uint32_t>("size:u64"));
static_assert(signature_fits<>(""));

std::string_view signature_of(std::string_view wanted) {
#define WASI_FUNCTION(name, old_name, signature) \
  if (wanted == #name) return signature;
#include "wasi/preview1.def"
  return {};
}

class TraceTest : public WasiTest {
 protected:
  std::string line(std::string_view name, std::vector<uint64_t> args, Errno result,
                   Snapshot snapshot = Snapshot::preview1, Guest::End how = Guest::End::none) {
    Guest guest{GuestMemory(bytes), waker};
    guest.end = how;
    return trace_line({name, signature_of(name), snapshot}, args, guest, result);
  }
};

TEST_F(TraceTest, PathsFlagsAndResultsAreDecoded) {
  uint32_t path = put("a \"b\".txt");
  uint32_t result = put_value(uint32_t{4});
  EXPECT_EQ(
      line("path_open", {3, 1, path, 9, kOflagCreat | kOflagTrunc, kRightFdRead, 0, kFdflagAppend, result},
           Errno::success),
      R"(path_open(fd: 3, dirflags: FOLLOW, path: "a \"b\".txt", oflags: CREAT|TRUNC, base: 0x2, inheriting: 0x0, fdflags: APPEND) = SUCCESS, opened: 4)");
  EXPECT_EQ(
      line("path_open", {3, 0, path, 1, 0, 0, 0, 0x20, result}, Errno::inval),
      R"(path_open(fd: 3, dirflags: 0, path: "a", oflags: 0, base: 0x0, inheriting: 0x0, fdflags: 0x20) = EINVAL)");
}

TEST_F(TraceTest, WrittenBytesAreShown) {
  uint32_t iovecs = put_iovecs({{put("line\n\x01"), 6}, {put(std::string(100, 'x')), 100}});
  uint32_t result = put_value(uint32_t{106});
  EXPECT_EQ(line("fd_write", {1, iovecs, 2, result}, Errno::success),
            "fd_write(fd: 1, iovs: [\"line\\n\\x01\", \"" + std::string(48, 'x') + "\"...]) = SUCCESS, nwritten: 106");
}

TEST_F(TraceTest, ArgumentsOutOfBoundsDoNoHarm) {
  EXPECT_EQ(line("fd_write", {1, kOutOfBounds, 3, kOutOfBounds}, Errno::fault),
            "fd_write(fd: 1, iovs: [out of bounds]) = EFAULT");
  EXPECT_EQ(line("path_unlink_file", {3, kOutOfBounds, 100}, Errno::fault),
            "path_unlink_file(fd: 3, path: 0xfffffff0[out of bounds]) = EFAULT");
  uint32_t iovecs = put_iovecs({{kOutOfBounds, 100}});
  EXPECT_EQ(line("fd_pwrite", {1, iovecs, 1, 5, 0}, Errno::fault),
            "fd_pwrite(fd: 1, iovs: [0xfffffff0[out of bounds]], offset: 5) = EFAULT");
}

TEST_F(TraceTest, NumbersHaveNames) {
  uint32_t position = put_value(uint64_t{10});
  EXPECT_EQ(line("fd_seek", {4, static_cast<uint64_t>(-3), 2, position}, Errno::success),
            "fd_seek(fd: 4, offset: -3, whence: END) = SUCCESS, newoffset: 10");
  EXPECT_EQ(line("fd_seek", {4, 0, 2, position}, Errno::spipe, Snapshot::snapshot0),
            "fd_seek(fd: 4, offset: 0, whence: SET) = ESPIPE");
  EXPECT_EQ(line("clock_time_get", {1, 1000, position}, Errno::success),
            "clock_time_get(id: MONOTONIC, precision: 1000) = SUCCESS, time: 10");
  EXPECT_EQ(line("clock_time_get", {9, 0, position}, Errno::inval), "clock_time_get(id: 9, precision: 0) = EINVAL");
  EXPECT_EQ(line("random_get", {64, 16}, Errno::success), "random_get(buf: 0x40[16]) = SUCCESS");
}

TEST_F(TraceTest, StructuresAreDecodedInTheirLayout) {
  GuestFilestat stat = {};
  stat.filetype = FileType::regular_file;
  stat.nlink = 1;
  stat.size = 77;
  EXPECT_EQ(line("fd_filestat_get", {4, put_value(stat)}, Errno::success),
            "fd_filestat_get(fd: 4) = SUCCESS, stat: {REGULAR_FILE, nlink: 1, size: 77}");
  EXPECT_EQ(
      line("fd_filestat_get", {4, put_value(guest_filestat_snapshot0(stat))}, Errno::success, Snapshot::snapshot0),
      "fd_filestat_get(fd: 4) = SUCCESS, stat: {REGULAR_FILE, nlink: 1, size: 77}");
  EXPECT_EQ(line("fd_fdstat_get",
                 {4, put_value(GuestFdstat{.filetype = FileType::directory, .flags = 4, .base = 1, .inheriting = 2})},
                 Errno::success),
            "fd_fdstat_get(fd: 4) = SUCCESS, stat: {DIRECTORY, flags: NONBLOCK, base: 0x1, inheriting: 0x2}");
  EXPECT_EQ(line("fd_prestat_get", {3, put_value(GuestPrestat{.name_len = 4})}, Errno::success),
            "fd_prestat_get(fd: 3) = SUCCESS, prestat: {DIR, name_len: 4}");
}

TEST_F(TraceTest, CallsThatDoNotReturn) {
  EXPECT_EQ(line("proc_exit", {3}, Errno::success, Snapshot::preview1, Guest::End::exited), "proc_exit(code: 3)");
  EXPECT_EQ(line("poll_oneoff", {0, 0, 1, 0}, Errno::intr, Snapshot::preview1, Guest::End::interrupted),
            "poll_oneoff(in: 0x0, out: 0x0, nsubscriptions: 1) = interrupted");
}

}  // namespace
}  // namespace arris::wasi
