// fd_* but reading and writing.
#include <thread>

#include "wasi/context_testing.h"

namespace arris::wasi {
namespace {

using FdTest = WasiTest;

TEST_F(FdTest, AdviseTakesEveryAdvice) {
  uint32_t fd = open_rw("file");
  for (uint32_t advice = 0; advice < 6; ++advice)
    EXPECT_EQ(call(&WasiContext::fd_advise, fd, 0, 10, advice), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_advise, fd, 0, 10, 6), Errno::inval);
  EXPECT_EQ(call(&WasiContext::fd_advise, fd, uint64_t{1} << 63, 10, 0), Errno::inval);
  EXPECT_EQ(call(&WasiContext::fd_advise, fd, 0, ~uint64_t{0}, 0), Errno::inval);
  EXPECT_EQ(call(&WasiContext::fd_advise, kMissingFd, 0, 10, 0), Errno::badf);
  EXPECT_EQ(call(&WasiContext::fd_advise, kBox, 0, 10, 0), Errno::isdir);
  ASSERT_EQ(drop_rights(fd, kRightFdAdvise), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_advise, fd, 0, 10, 0), Errno::notcapable);
}

TEST_F(FdTest, AllocateGrowsAndNeverShrinks) {
  uint32_t fd = open_rw("file");
  ASSERT_EQ(call(&WasiContext::fd_allocate, fd, 0, 100), Errno::success);
  ASSERT_EQ(stat("file"), Errno::success);
  EXPECT_EQ(filestat.size, 100u);
  ASSERT_EQ(call(&WasiContext::fd_allocate, fd, 10, 10), Errno::success);
  ASSERT_EQ(call(&WasiContext::fd_allocate, fd, 90, 20), Errno::success);
  ASSERT_EQ(stat("file"), Errno::success);
  EXPECT_EQ(filestat.size, 110u);
}

TEST_F(FdTest, AllocateErrors) {
  uint32_t fd = open_rw("file");
  EXPECT_EQ(call(&WasiContext::fd_allocate, fd, 0, 0), Errno::inval);
  EXPECT_EQ(call(&WasiContext::fd_allocate, fd, ~uint64_t{0}, 1), Errno::inval);
  EXPECT_EQ(call(&WasiContext::fd_allocate, fd, INT64_MAX, 1), Errno::fbig);
  EXPECT_EQ(call(&WasiContext::fd_allocate, kBox, 0, 1), Errno::isdir);
  EXPECT_EQ(call(&WasiContext::fd_allocate, kMissingFd, 0, 1), Errno::badf);
  ASSERT_EQ(open("file"), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_allocate, opened, 0, 1), Errno::notcapable);
  EXPECT_EQ(call(&WasiContext::fd_allocate, 1, 0, 1), Errno::notcapable);
}

TEST_F(FdTest, CloseFreesTheNumberForTheNextOpen) {
  uint32_t first = open_rw("a");
  uint32_t second = open_rw("b");
  EXPECT_EQ(second, first + 1);
  ASSERT_EQ(call(&WasiContext::fd_close, first), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_close, first), Errno::badf);
  EXPECT_EQ(open_rw("c"), first);
  EXPECT_EQ(call(&WasiContext::fd_close, kBox), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_prestat_get, kBox, 1024), Errno::badf);
  EXPECT_EQ(call(&WasiContext::fd_close, ~0u), Errno::badf);
}

TEST_F(FdTest, ClosingInheritedStdioLeavesTheProcessItsOwn) {
  make({});
  ASSERT_EQ(call(&WasiContext::fd_close, 1), Errno::success);
  struct stat status;
  EXPECT_EQ(::fstat(1, &status), 0);
  EXPECT_EQ(write(1, "x"), Errno::badf);
}

TEST_F(FdTest, DescriptorsAreLimited) {
  WasiConfig limited = config();
  limited.max_fds = 8;
  make(std::move(limited));
  write_host_file(temp / "box/file", "");
  for (uint32_t fd = 5; fd < 8; ++fd) EXPECT_EQ(open("file"), Errno::success);
  EXPECT_EQ(open("file"), Errno::mfile);
}

TEST_F(FdTest, SyncAndDatasync) {
  uint32_t fd = open_rw("file");
  EXPECT_EQ(call(&WasiContext::fd_sync, fd), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_datasync, fd), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_sync, kBox), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_sync, 1), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_datasync, 1), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_sync, kMissingFd), Errno::badf);
  EXPECT_EQ(call(&WasiContext::fd_datasync, kMissingFd), Errno::badf);
  ASSERT_EQ(drop_rights(fd, kRightFdSync | kRightFdDatasync), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_sync, fd), Errno::notcapable);
  EXPECT_EQ(call(&WasiContext::fd_datasync, fd), Errno::notcapable);
}

TEST_F(FdTest, FdstatTellsTypeFlagsAndRights) {
  GuestFdstat box = fdstat(kBox);
  EXPECT_EQ(box.filetype, FileType::directory);
  EXPECT_EQ(box.base, kRightsOfDirectory);
  EXPECT_EQ(box.inheriting, kAllRights);
  uint32_t fd = open_rw("file", kOflagCreat, kFdflagAppend | kFdflagSync);
  GuestFdstat file = fdstat(fd);
  EXPECT_EQ(file.filetype, FileType::regular_file);
  EXPECT_EQ(file.flags, kFdflagAppend | kFdflagSync);
  EXPECT_EQ(file.base, kRightsOfRegularFile);
  EXPECT_EQ(file.inheriting, 0u);
  EXPECT_EQ(call(&WasiContext::fd_fdstat_get, kMissingFd, 1024), Errno::badf);
  EXPECT_EQ(call(&WasiContext::fd_fdstat_get, fd, kOutOfBounds), Errno::fault);
}

TEST_F(FdTest, AppendCanBeSwitchedOnAndOff) {
  uint32_t fd = open_rw("file");
  ASSERT_EQ(write(fd, "12345"), Errno::success);
  ASSERT_EQ(call(&WasiContext::fd_fdstat_set_flags, fd, kFdflagAppend), Errno::success);
  ASSERT_EQ(seek(fd, 0, Whence::set), Errno::success);
  ASSERT_EQ(write(fd, "6"), Errno::success);
  EXPECT_EQ(fdstat(fd).flags, kFdflagAppend);
  ASSERT_EQ(call(&WasiContext::fd_fdstat_set_flags, fd, 0), Errno::success);
  ASSERT_EQ(seek(fd, 0, Whence::set), Errno::success);
  ASSERT_EQ(write(fd, "x"), Errno::success);
  EXPECT_EQ(read_host_file(temp / "box/file"), "x23456");
  ASSERT_EQ(call(&WasiContext::fd_fdstat_set_flags, fd, kFdflagDsync | kFdflagSync), Errno::success);
  ASSERT_EQ(write(fd, "y"), Errno::success);
  EXPECT_EQ(fdstat(fd).flags, kFdflagDsync | kFdflagSync);
}

TEST_F(FdTest, SetFlagsErrors) {
  uint32_t fd = open_rw("file");
  EXPECT_EQ(call(&WasiContext::fd_fdstat_set_flags, fd, 0x20), Errno::inval);
  EXPECT_EQ(call(&WasiContext::fd_fdstat_set_flags, fd, 0x10000), Errno::inval);
  EXPECT_EQ(call(&WasiContext::fd_fdstat_set_flags, kMissingFd, 0), Errno::badf);
  ASSERT_EQ(drop_rights(fd, kRightFdFdstatSetFlags), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_fdstat_set_flags, fd, 0), Errno::notcapable);
}

TEST_F(FdTest, RightsCanOnlyBeTakenAway) {
  uint32_t fd = open_rw("file");
  ASSERT_EQ(call(&WasiContext::fd_fdstat_set_rights, fd, kRightFdSeek | kRightFdTell, 0), Errno::success);
  EXPECT_EQ(write(fd, "x"), Errno::notcapable);
  EXPECT_EQ(read(fd, 1), Errno::notcapable);
  EXPECT_EQ(seek(fd, 0, Whence::set), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_fdstat_set_rights, fd, kRightFdSeek | kRightFdRead, 0), Errno::notcapable);
  EXPECT_EQ(call(&WasiContext::fd_fdstat_set_rights, fd, 0, kRightFdRead), Errno::notcapable);
  EXPECT_EQ(call(&WasiContext::fd_fdstat_set_rights, fd, kRightFdSeek | uint64_t{1} << 40, 0), Errno::notcapable);
  EXPECT_EQ(fdstat(fd).base, kRightFdSeek | kRightFdTell);
  EXPECT_EQ(call(&WasiContext::fd_fdstat_set_rights, kMissingFd, 0, 0), Errno::badf);
  // A descriptor opened before keeps what it had; what is opened beneath a directory is bounded by what it passes on.
  uint32_t dir = open_dir(".");
  ASSERT_EQ(call(&WasiContext::fd_fdstat_set_rights, dir, kRightPathOpen, kRightFdRead), Errno::success);
  EXPECT_EQ(open("file", {.dir = dir, .base = kRightFdRead}), Errno::success);
  EXPECT_EQ(open("file", {.dir = dir, .base = kRightFdRead | kRightFdWrite}), Errno::notcapable);
  EXPECT_EQ(open("file", {.dir = dir, .base = 0, .inheriting = kRightFdWrite}), Errno::notcapable);
  EXPECT_EQ(open("new", {.dir = dir, .oflags = kOflagCreat, .base = kRightFdRead}), Errno::notcapable);
  EXPECT_EQ(open("file", {.dir = dir, .oflags = kOflagTrunc, .base = kRightFdRead}), Errno::notcapable);
  EXPECT_EQ(open("file", {.dir = dir, .base = kRightFdRead, .fdflags = kFdflagSync}), Errno::notcapable);
  EXPECT_EQ(open("file", {.dir = dir, .base = kRightFdRead, .fdflags = kFdflagDsync}), Errno::notcapable);
  ASSERT_EQ(call(&WasiContext::fd_fdstat_set_rights, dir, 0, 0), Errno::success);
  EXPECT_EQ(open("file", {.dir = dir, .base = 0}), Errno::notcapable);
}

TEST_F(FdTest, FilestatTellsAboutFilesDirectoriesAndStreams) {
  uint32_t fd = open_rw("file");
  ASSERT_EQ(write(fd, "12345"), Errno::success);
  uint32_t result = alloc(sizeof(GuestFilestat));
  ASSERT_EQ(call(&WasiContext::fd_filestat_get, fd, result), Errno::success);
  auto got = get<GuestFilestat>(result);
  struct stat host;
  ASSERT_EQ(::stat((temp / "box/file").c_str(), &host), 0);
  EXPECT_EQ(got.dev, host.st_dev);
  EXPECT_EQ(got.ino, host.st_ino);
  EXPECT_EQ(got.filetype, FileType::regular_file);
  EXPECT_EQ(got.nlink, 1u);
  EXPECT_EQ(got.size, 5u);
  EXPECT_EQ(got.mtim,
            static_cast<uint64_t>(host.st_mtim.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(host.st_mtim.tv_nsec));
  ASSERT_EQ(call(&WasiContext::fd_filestat_get, kBox, result), Errno::success);
  EXPECT_EQ(get<GuestFilestat>(result).filetype, FileType::directory);
  ASSERT_EQ(call(&WasiContext::fd_filestat_get, 0, result), Errno::success);
  EXPECT_EQ(get<GuestFilestat>(result).filetype, FileType::unknown);
  EXPECT_EQ(call(&WasiContext::fd_filestat_get, kMissingFd, result), Errno::badf);
  EXPECT_EQ(call(&WasiContext::fd_filestat_get, fd, kOutOfBounds), Errno::fault);
  ASSERT_EQ(drop_rights(fd, kRightFdFilestatGet), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_filestat_get, fd, result), Errno::notcapable);
}

TEST_F(FdTest, FilestatOfSnapshot0HasItsOwnLayout) {
  uint32_t fd = open_rw("file");
  ASSERT_EQ(write(fd, "12345"), Errno::success);
  ASSERT_EQ(link("file", "second"), Errno::success);
  uint32_t result = alloc(sizeof(GuestFilestat));
  std::memset(&bytes[result], 0xAA, sizeof(GuestFilestat));
  ASSERT_EQ(call(&WasiContext::fd_filestat_get_snapshot0, fd, result), Errno::success);
  EXPECT_EQ(get<uint32_t>(result + 20), 2u);  // nlink
  EXPECT_EQ(get<uint64_t>(result + 24), 5u);  // size
  EXPECT_EQ(get<uint8_t>(result + 56), 0xAA);
  EXPECT_EQ(call(&WasiContext::fd_filestat_get_snapshot0, kMissingFd, result), Errno::badf);
  ASSERT_EQ(call(&WasiContext::path_filestat_get_snapshot0, kBox, 0, put("file"), 4, result), Errno::success);
  EXPECT_EQ(get<uint64_t>(result + 24), 5u);
}

TEST_F(FdTest, SetSize) {
  uint32_t fd = open_rw("file");
  ASSERT_EQ(call(&WasiContext::fd_filestat_set_size, fd, 100), Errno::success);
  ASSERT_EQ(call(&WasiContext::fd_filestat_set_size, fd, 3), Errno::success);
  EXPECT_EQ(read_host_file(temp / "box/file"), std::string(3, '\0'));
  EXPECT_EQ(call(&WasiContext::fd_filestat_set_size, fd, ~uint64_t{0}), Errno::fbig);
  EXPECT_EQ(call(&WasiContext::fd_filestat_set_size, kBox, 0), Errno::isdir);
  EXPECT_EQ(call(&WasiContext::fd_filestat_set_size, kMissingFd, 0), Errno::badf);
  ASSERT_EQ(open("file", {.base = kRightFdRead | kRightFdFilestatSetSize}), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_filestat_set_size, opened, 0), Errno::inval);  // not open for writing
  ASSERT_EQ(open("file"), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_filestat_set_size, opened, 0), Errno::notcapable);
}

TEST_F(FdTest, SetTimes) {
  uint32_t fd = open_rw("file");
  ASSERT_EQ(call(&WasiContext::fd_filestat_set_times, fd, 1'000'000'001, 2'000'000'002, kFstflagAtim | kFstflagMtim),
            Errno::success);
  ASSERT_EQ(stat("file"), Errno::success);
  EXPECT_EQ(filestat.atim, 1'000'000'001u);
  EXPECT_EQ(filestat.mtim, 2'000'000'002u);
  ASSERT_EQ(call(&WasiContext::fd_filestat_set_times, fd, 0, 0, kFstflagMtimNow), Errno::success);
  ASSERT_EQ(stat("file"), Errno::success);
  EXPECT_EQ(filestat.atim, 1'000'000'001u);
  EXPECT_GT(filestat.mtim, 1'500'000'000'000'000'000u);
  ASSERT_EQ(call(&WasiContext::fd_filestat_set_times, fd, 5, 5, 0), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_filestat_set_times, fd, 0, 0, kFstflagAtim | kFstflagAtimNow), Errno::inval);
  EXPECT_EQ(call(&WasiContext::fd_filestat_set_times, fd, 0, 0, kFstflagMtim | kFstflagMtimNow), Errno::inval);
  EXPECT_EQ(call(&WasiContext::fd_filestat_set_times, fd, 0, 0, 0x10), Errno::inval);
  EXPECT_EQ(call(&WasiContext::fd_filestat_set_times, 1, 0, 0, kFstflagMtim), Errno::notsup);
  EXPECT_EQ(call(&WasiContext::fd_filestat_set_times, kReadOnly, 0, 0, kFstflagMtim), Errno::rofs);
  EXPECT_EQ(call(&WasiContext::fd_filestat_set_times, kMissingFd, 0, 0, 0), Errno::badf);
  ASSERT_EQ(drop_rights(fd, kRightFdFilestatSetTimes), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_filestat_set_times, fd, 0, 0, 0), Errno::notcapable);
}

TEST_F(FdTest, PrestatNamesThePreopens) {
  uint32_t result = alloc(8);
  ASSERT_EQ(call(&WasiContext::fd_prestat_get, kBox, result), Errno::success);
  EXPECT_EQ(get<uint8_t>(result), 0);
  EXPECT_EQ(get<uint32_t>(result + 4), 4u);
  uint32_t name = alloc(8);
  ASSERT_EQ(call(&WasiContext::fd_prestat_dir_name, kBox, name, 8), Errno::success);
  EXPECT_EQ(text_at(name, 5), std::string("/box\0", 5));
  EXPECT_EQ(call(&WasiContext::fd_prestat_dir_name, kBox, name, 3), Errno::nametoolong);
  EXPECT_EQ(call(&WasiContext::fd_prestat_dir_name, kBox, kOutOfBounds + 13, 4), Errno::fault);
  EXPECT_EQ(call(&WasiContext::fd_prestat_get, kBox, kOutOfBounds), Errno::fault);
  uint32_t dir = open_dir(".");
  for (uint32_t fd : {0u, 1u, dir, kMissingFd}) {
    EXPECT_EQ(call(&WasiContext::fd_prestat_get, fd, result), Errno::badf) << fd;
    EXPECT_EQ(call(&WasiContext::fd_prestat_dir_name, fd, name, 8), Errno::badf) << fd;
  }
}

TEST_F(FdTest, RenumberMovesOverAnOpenDescriptor) {
  uint32_t from = open_rw("from");
  uint32_t to = open_rw("to");
  ASSERT_EQ(drop_rights(from, kRightFdSync), Errno::success);
  ASSERT_EQ(call(&WasiContext::fd_renumber, from, to), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_close, from), Errno::badf);
  EXPECT_EQ(fdstat(to).base, kRightsOfRegularFile & ~kRightFdSync);
  ASSERT_EQ(write(to, "x"), Errno::success);
  EXPECT_EQ(read_host_file(temp / "box/from"), "x");
  EXPECT_EQ(call(&WasiContext::fd_renumber, to, from), Errno::badf);
  EXPECT_EQ(call(&WasiContext::fd_renumber, kMissingFd, to), Errno::badf);
  EXPECT_EQ(call(&WasiContext::fd_renumber, to, to), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_renumber, to, kBox), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_prestat_get, kBox, 1024), Errno::badf);
}

TEST_F(FdTest, TheTableHoldsWhenManyThreadsUseIt) {
  write_host_file(temp / "box/file", "contents");
  std::vector<std::thread> threads;
  std::atomic<int> failures = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      std::vector<uint8_t> memory(4096);
      std::memcpy(&memory[0], "file", 4);
      Waker own;
      Guest guest{GuestMemory(memory), own};
      for (int i = 0; i < 500; ++i) {
        if (wasi->path_open(guest, kBox, 0, 0, 4, 0, kRightFdRead, 0, 0, 64) != Errno::success) ++failures;
        uint32_t fd;
        std::memcpy(&fd, &memory[64], 4);
        uint32_t iovec[2] = {128, 8};
        std::memcpy(&memory[96], iovec, 8);
        if (wasi->fd_read(guest, fd, 96, 1, 72) != Errno::success || std::memcmp(&memory[128], "contents", 8) != 0)
          ++failures;
        if (wasi->fd_close(guest, fd) != Errno::success) ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(failures.load(), 0);
}

}  // namespace
}  // namespace arris::wasi
