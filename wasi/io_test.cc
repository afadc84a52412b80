// Reading, writing, seeking, listing directories; pipes, streams and interruption.
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <map>
#include <thread>

#include "wasi/context_testing.h"

namespace arris::wasi {
namespace {

class IoTest : public WasiTest {
 protected:
  // Replaces standard input and output by pipes; the test's ends are pipe_in (to write) and pipe_out (to read).
  void use_pipes() {
    int in[2], output[2];
    ASSERT_EQ(::pipe2(in, O_CLOEXEC), 0);
    ASSERT_EQ(::pipe2(output, O_CLOEXEC), 0);
    pipe_in = OwnedFd(in[1]);
    pipe_out = OwnedFd(output[0]);
    WasiConfig with_pipes = config();
    with_pipes.stdin_stream = Stdio::from_fd(in[0]);
    with_pipes.stdout_stream = Stdio::from_fd(output[1]);
    make(std::move(with_pipes));
  }

  OwnedFd pipe_in, pipe_out;
};

TEST_F(IoTest, WriteGathersAndReadScatters) {
  uint32_t fd = open_rw("file");
  uint32_t result = alloc(4);
  uint32_t text = put("hello world");
  ASSERT_EQ(call(&WasiContext::fd_write, fd, put_iovecs({{text, 5}, {0, 0}, {text + 5, 6}}), 3, result),
            Errno::success);
  EXPECT_EQ(get<uint32_t>(result), 11u);
  EXPECT_EQ(read_host_file(temp / "box/file"), "hello world");
  ASSERT_EQ(seek(fd, 0, Whence::set), Errno::success);
  uint32_t buffer = alloc(32);
  ASSERT_EQ(call(&WasiContext::fd_read, fd, put_iovecs({{buffer, 3}, {buffer + 16, 16}}), 2, result), Errno::success);
  EXPECT_EQ(get<uint32_t>(result), 11u);
  EXPECT_EQ(text_at(buffer, 3), "hel");
  EXPECT_EQ(text_at(buffer + 16, 8), "lo world");
  ASSERT_EQ(read(fd, 10), Errno::success);
  EXPECT_EQ(moved, 0u);
}

TEST_F(IoTest, OverlappingIovecsAreFilledInOrder) {
  uint32_t fd = open_rw("file");
  ASSERT_EQ(write(fd, "abcdef"), Errno::success);
  ASSERT_EQ(seek(fd, 0, Whence::set), Errno::success);
  uint32_t buffer = alloc(8), result = alloc(4);
  ASSERT_EQ(call(&WasiContext::fd_read, fd, put_iovecs({{buffer, 4}, {buffer + 2, 2}}), 2, result), Errno::success);
  EXPECT_EQ(text_at(buffer, 4), "abef");
}

TEST_F(IoTest, BadPointersAreFaultsWithoutEffect) {
  uint32_t fd = open_rw("file");
  uint32_t text = put("x"), result = alloc(4);
  uint32_t good = put_iovecs({{text, 1}});
  uint32_t size = static_cast<uint32_t>(bytes.size());
  for (auto method : {&WasiContext::fd_write, &WasiContext::fd_read}) {
    EXPECT_EQ(call(method, fd, good, 1, kOutOfBounds), Errno::fault);
    EXPECT_EQ(call(method, fd, kOutOfBounds, 1, result), Errno::fault);
    EXPECT_EQ(call(method, fd, good, 0xFFFFFFFF, result), Errno::fault);
    EXPECT_EQ(call(method, fd, size - 7, 1, result), Errno::fault);
    EXPECT_EQ(call(method, fd, put_iovecs({{text, 1}, {size - 1, 2}}), 2, result), Errno::fault);
    EXPECT_EQ(call(method, fd, put_iovecs({{0, 0xFFFFFFFF}}), 1, result), Errno::fault);
  }
  EXPECT_EQ(read_host_file(temp / "box/file"), "");
}

TEST_F(IoTest, MoreIovecsThanTheHostTakesAreAShortWrite) {
  uint32_t fd = open_rw("file");
  uint32_t text = put("x");
  uint32_t iovecs = put_iovecs(std::vector<GuestIovec>(5000, {text, 1})), result = alloc(4);
  ASSERT_EQ(call(&WasiContext::fd_write, fd, iovecs, 5000, result), Errno::success);
  EXPECT_EQ(get<uint32_t>(result), kMaxIovecs);
  EXPECT_EQ(read_host_file(temp / "box/file"), std::string(kMaxIovecs, 'x'));
  ASSERT_EQ(call(&WasiContext::fd_write, fd, 0, 0, result), Errno::success);
  EXPECT_EQ(get<uint32_t>(result), 0u);
}

TEST_F(IoTest, ReadAndWriteErrors) {
  EXPECT_EQ(read(kMissingFd, 1), Errno::badf);
  EXPECT_EQ(write(kMissingFd, "x"), Errno::badf);
  EXPECT_EQ(read(kBox, 1), Errno::isdir);
  EXPECT_EQ(write(kBox, "x"), Errno::isdir);
  EXPECT_EQ(read(1, 1), Errno::notcapable);
  EXPECT_EQ(write(0, "x"), Errno::notcapable);
  write_host_file(temp / "box/file", "x");
  ASSERT_EQ(open("file"), Errno::success);
  EXPECT_EQ(write(opened, "x"), Errno::notcapable);
  ASSERT_EQ(open("file", {.base = kRightFdWrite}), Errno::success);
  EXPECT_EQ(read(opened, 1), Errno::notcapable);
}

TEST_F(IoTest, FileTooLargeIsReported) {
  rlimit old;
  ::getrlimit(RLIMIT_FSIZE, &old);
  auto* handler = ::signal(SIGXFSZ, SIG_IGN);
  rlimit small = {4, old.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &small);
  uint32_t fd = open_rw("file");
  EXPECT_EQ(write(fd, "123456"), Errno::success);
  EXPECT_EQ(moved, 4u);
  EXPECT_EQ(write(fd, "56"), Errno::fbig);
  EXPECT_EQ(call(&WasiContext::fd_filestat_set_size, fd, 100), Errno::fbig);
  ::setrlimit(RLIMIT_FSIZE, &old);
  ::signal(SIGXFSZ, handler);
}

TEST_F(IoTest, PreadAndPwriteLeaveThePosition) {
  uint32_t fd = open_rw("file");
  ASSERT_EQ(write(fd, "0123456789"), Errno::success);
  ASSERT_EQ(seek(fd, 3, Whence::set), Errno::success);
  uint32_t result = alloc(4), text = put("XY"), buffer = alloc(8);
  ASSERT_EQ(call(&WasiContext::fd_pwrite, fd, put_iovecs({{text, 2}}), 1, 5, result), Errno::success);
  EXPECT_EQ(get<uint32_t>(result), 2u);
  ASSERT_EQ(call(&WasiContext::fd_pread, fd, put_iovecs({{buffer, 4}}), 1, 4, result), Errno::success);
  EXPECT_EQ(text_at(buffer, 4), "4XY7");
  ASSERT_EQ(seek(fd, 0, Whence::cur), Errno::success);
  EXPECT_EQ(position, 3u);
}

TEST_F(IoTest, PreadAndPwriteErrors) {
  uint32_t fd = open_rw("file");
  uint32_t result = alloc(4), iovecs = put_iovecs({{alloc(8), 8}});
  for (auto method : {&WasiContext::fd_pread, &WasiContext::fd_pwrite}) {
    EXPECT_EQ(call(method, fd, iovecs, 1, ~uint64_t{0}, result), Errno::inval);
    EXPECT_EQ(call(method, fd, iovecs, 1, 0, kOutOfBounds), Errno::fault);
    EXPECT_EQ(call(method, fd, kOutOfBounds, 1, 0, result), Errno::fault);
    EXPECT_EQ(call(method, kBox, iovecs, 1, 0, result), Errno::isdir);
    EXPECT_EQ(call(method, kMissingFd, iovecs, 1, 0, result), Errno::badf);
  }
  EXPECT_EQ(call(&WasiContext::fd_pread, 0, iovecs, 1, 0, result), Errno::spipe);
  EXPECT_EQ(call(&WasiContext::fd_pwrite, 1, iovecs, 1, 0, result), Errno::spipe);
  ASSERT_EQ(drop_rights(fd, kRightFdSeek), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_pread, fd, iovecs, 1, 0, result), Errno::notcapable);
  EXPECT_EQ(call(&WasiContext::fd_pwrite, fd, iovecs, 1, 0, result), Errno::notcapable);
}

TEST_F(IoTest, SeekAndTell) {
  uint32_t fd = open_rw("file");
  ASSERT_EQ(write(fd, "0123456789"), Errno::success);
  EXPECT_EQ(seek(fd, -3, Whence::end), Errno::success);
  EXPECT_EQ(position, 7u);
  EXPECT_EQ(seek(fd, 1, Whence::cur), Errno::success);
  EXPECT_EQ(position, 8u);
  EXPECT_EQ(seek(fd, 100, Whence::set), Errno::success);
  EXPECT_EQ(position, 100u);
  uint32_t result = alloc(8);
  EXPECT_EQ(call(&WasiContext::fd_tell, fd, result), Errno::success);
  EXPECT_EQ(get<uint64_t>(result), 100u);
  EXPECT_EQ(seek(fd, -1, Whence::set), Errno::inval);
  EXPECT_EQ(call(&WasiContext::fd_seek, fd, 0, 3, result), Errno::inval);
  EXPECT_EQ(call(&WasiContext::fd_seek, fd, 5, 0, kOutOfBounds), Errno::fault);
  EXPECT_EQ(call(&WasiContext::fd_tell, fd, kOutOfBounds), Errno::fault);
  EXPECT_EQ(call(&WasiContext::fd_tell, fd, result), Errno::success);
  EXPECT_EQ(get<uint64_t>(result), 100u);  // the failed seek did not move
}

TEST_F(IoTest, SeekErrors) {
  EXPECT_EQ(seek(kBox, 0, Whence::set), Errno::isdir);
  EXPECT_EQ(seek(kMissingFd, 0, Whence::set), Errno::badf);
  EXPECT_EQ(seek(0, 0, Whence::set), Errno::spipe);
  use_pipes();
  EXPECT_EQ(seek(0, 0, Whence::cur), Errno::spipe);
  uint32_t fd = open_rw("file");
  ASSERT_EQ(drop_rights(fd, kRightFdSeek), Errno::success);
  EXPECT_EQ(seek(fd, 1, Whence::cur), Errno::notcapable);
  EXPECT_EQ(seek(fd, 0, Whence::cur), Errno::success);  // telling is a right of its own
  ASSERT_EQ(drop_rights(fd, kRightFdTell), Errno::success);
  EXPECT_EQ(seek(fd, 0, Whence::cur), Errno::notcapable);
  EXPECT_EQ(call(&WasiContext::fd_tell, fd, alloc(8)), Errno::notcapable);
}

TEST_F(IoTest, SeekOfSnapshot0CountsDifferently) {
  uint32_t fd = open_rw("file");
  ASSERT_EQ(write(fd, "0123456789"), Errno::success);
  uint32_t result = alloc(8);
  ASSERT_EQ(call(&WasiContext::fd_seek_snapshot0, fd, 2, 2, result), Errno::success);  // set
  EXPECT_EQ(get<uint64_t>(result), 2u);
  ASSERT_EQ(call(&WasiContext::fd_seek_snapshot0, fd, 2, 0, result), Errno::success);  // cur
  EXPECT_EQ(get<uint64_t>(result), 4u);
  ASSERT_EQ(call(&WasiContext::fd_seek_snapshot0, fd, -1, 1, result), Errno::success);  // end
  EXPECT_EQ(get<uint64_t>(result), 9u);
  EXPECT_EQ(call(&WasiContext::fd_seek_snapshot0, fd, 0, 3, result), Errno::inval);
}

TEST_F(IoTest, AppendedWritesGoToTheEnd) {
  write_host_file(temp / "box/file", "start");
  uint32_t fd = open_rw("file", 0, kFdflagAppend);
  ASSERT_EQ(write(fd, "-end"), Errno::success);
  EXPECT_EQ(read_host_file(temp / "box/file"), "start-end");
}

TEST_F(IoTest, StreamsInMemory) {
  std::string text;
  ASSERT_EQ(read(0, 3, &text), Errno::success);
  EXPECT_EQ(text, "typ");
  ASSERT_EQ(read(0, 10, &text), Errno::success);
  EXPECT_EQ(text, "ed\n");
  ASSERT_EQ(read(0, 10, &text), Errno::success);
  EXPECT_EQ(text, "");
  ASSERT_EQ(write(1, "out"), Errno::success);
  ASSERT_EQ(write(1, "put"), Errno::success);
  EXPECT_EQ(out->text(), "output");
  ASSERT_EQ(write(2, "lost"), Errno::success);
  EXPECT_EQ(moved, 4u);
}

TEST_F(IoTest, ALimitedBufferIsFull) {
  WasiConfig limited = config();
  auto buffer = std::make_shared<OutputBuffer>(4);
  limited.stdout_stream = Stdio::from_stream(buffer);
  make(std::move(limited));
  ASSERT_EQ(write(1, "123456"), Errno::success);
  EXPECT_EQ(moved, 4u);
  EXPECT_EQ(write(1, "x"), Errno::nospc);
  EXPECT_EQ(buffer->text(), "1234");
}

TEST_F(IoTest, ClosedStandardStreamsAreBadDescriptors) {
  WasiConfig none = config();
  none.stdin_stream = Stdio::closed();
  make(std::move(none));
  EXPECT_EQ(read(0, 1), Errno::badf);
}

// --- pipes ---

TEST_F(IoTest, PipesReadWhatIsThereAndThenEnd) {
  use_pipes();
  ASSERT_EQ(::write(pipe_in.get(), "abc", 3), 3);
  std::string text;
  ASSERT_EQ(read(0, 10, &text), Errno::success);
  EXPECT_EQ(text, "abc");
  pipe_in.reset();
  ASSERT_EQ(read(0, 10, &text), Errno::success);
  EXPECT_EQ(text, "");
}

TEST_F(IoTest, ABlockingReadWaitsForData) {
  use_pipes();
  std::thread writer([&] {
    ::usleep(20'000);
    ASSERT_EQ(::write(pipe_in.get(), "late", 4), 4);
  });
  std::string text;
  EXPECT_EQ(read(0, 10, &text), Errno::success);
  writer.join();
  EXPECT_EQ(text, "late");
}

TEST_F(IoTest, ABlockingWriteWritesEverything) {
  use_pipes();
  std::string received;
  std::thread reader([&] {
    char buffer[3000];
    ssize_t count;
    while ((count = ::read(pipe_out.get(), buffer, sizeof buffer)) > 0)
      received.append(buffer, static_cast<size_t>(count));
  });
  std::string big(300'000, 'x');
  EXPECT_EQ(write(1, big), Errno::success);
  EXPECT_EQ(moved, big.size());
  wasi.reset();  // closes the pipe
  reader.join();
  EXPECT_EQ(received.size(), big.size());
}

TEST_F(IoTest, NonblockingPipesSayAgain) {
  use_pipes();
  ASSERT_EQ(call(&WasiContext::fd_fdstat_set_flags, 0, kFdflagNonblock), Errno::success);
  ASSERT_EQ(call(&WasiContext::fd_fdstat_set_flags, 1, kFdflagNonblock), Errno::success);
  EXPECT_EQ(read(0, 1), Errno::again);
  uint64_t total = 0;
  Errno error;
  std::string chunk(10'000, 'x');
  while ((error = write(1, chunk)) == Errno::success) {
    total += moved;
    top = 1024;
  }
  EXPECT_EQ(error, Errno::again);
  EXPECT_GE(total, 4096u);
}

TEST_F(IoTest, AClosedPipeIsEpipe) {
  auto* handler = ::signal(SIGPIPE, SIG_IGN);
  use_pipes();
  pipe_out.reset();
  EXPECT_EQ(write(1, "x"), Errno::pipe);
  ::signal(SIGPIPE, handler);
}

TEST_F(IoTest, SharedDescriptionsKeepTheirFlags) {
  use_pipes();
  int flags = ::fcntl(pipe_in.get(), F_GETFL);
  read(1, 1);
  call(&WasiContext::fd_fdstat_set_flags, 0, kFdflagNonblock);
  EXPECT_EQ(read(0, 1), Errno::again);
  EXPECT_EQ(::fcntl(pipe_in.get(), F_GETFL), flags);
}

TEST_F(IoTest, ABlockedReadIsInterrupted) {
  use_pipes();
  std::thread waker_thread([&] {
    ::usleep(20'000);
    waker.wake();
  });
  uint64_t before = monotonic_now_ns();
  read(0, 1);
  EXPECT_EQ(end, Guest::End::interrupted);
  EXPECT_LT(monotonic_now_ns() - before, 1'000'000'000u);
  waker_thread.join();
  read(0, 1);  // asked before it waits
  EXPECT_EQ(end, Guest::End::interrupted);
}

TEST_F(IoTest, ABlockedWriteIsInterrupted) {
  use_pipes();
  std::thread waker_thread([&] {
    ::usleep(20'000);
    waker.wake();
  });
  write(1, std::string(300'000, 'x'));
  EXPECT_EQ(end, Guest::End::interrupted);
  waker_thread.join();
}

TEST_F(IoTest, FifosOpenedByNameWaitForTheOtherSideAndCanBeInterrupted) {
  ASSERT_EQ(::mkfifo((temp / "box/fifo").c_str(), 0666), 0);
  ASSERT_EQ(open("fifo"), Errno::success);
  uint32_t reader = opened;
  EXPECT_EQ(fdstat(reader).filetype, FileType::unknown);
  std::thread writer([&] {
    ::usleep(10'000);
    OwnedFd fd(::open((temp / "box/fifo").c_str(), O_WRONLY));
    ASSERT_EQ(::write(fd.get(), "hi", 2), 2);
  });
  std::string text;
  EXPECT_EQ(read(reader, 10, &text), Errno::success);
  EXPECT_EQ(text, "hi");
  writer.join();
  ASSERT_EQ(call(&WasiContext::fd_close, reader), Errno::success);
  EXPECT_EQ(open("fifo", {.base = kRightFdWrite, .fdflags = kFdflagNonblock}), Errno::nxio);
  std::thread waker_thread([&] {
    ::usleep(20'000);
    waker.wake();
  });
  open("fifo", {.base = kRightFdWrite});
  EXPECT_EQ(end, Guest::End::interrupted);
  waker_thread.join();
  waker.clear();
  ASSERT_EQ(open("fifo", {.base = kRightFdRead, .fdflags = kFdflagNonblock}), Errno::success);
  reader = opened;
  ASSERT_EQ(open("fifo", {.base = kRightFdWrite}), Errno::success);
  EXPECT_EQ(read(reader, 1), Errno::again);
  ASSERT_EQ(write(opened, "x"), Errno::success);
  ASSERT_EQ(read(reader, 1, &text), Errno::success);
  EXPECT_EQ(text, "x");
}

// --- directories ---

class ReaddirTest : public WasiTest {
 protected:
  struct Entry {
    std::string name;
    GuestDirent dirent;
  };
  // The whole entries of one call.
  std::vector<Entry> list(uint32_t fd, uint64_t cookie, uint32_t length, uint32_t* used_out = nullptr) {
    uint32_t buffer = alloc(length), result = alloc(4);
    EXPECT_EQ(call(&WasiContext::fd_readdir, fd, buffer, length, cookie, result), Errno::success);
    uint32_t used = get<uint32_t>(result);
    if (used_out) *used_out = used;
    std::vector<Entry> entries;
    uint32_t at = 0;
    while (used - at >= sizeof(GuestDirent)) {
      auto dirent = get<GuestDirent>(buffer + at);
      if (used - at < sizeof dirent + dirent.namlen) break;
      entries.push_back({text_at(buffer + at + sizeof dirent, dirent.namlen), dirent});
      at += static_cast<uint32_t>(sizeof dirent) + dirent.namlen;
    }
    return entries;
  }
  // By the calls a C library makes.
  std::vector<std::string> names(uint32_t fd, uint32_t length) {
    std::vector<std::string> all;
    uint64_t cookie = 0;
    while (true) {
      uint32_t used;
      auto entries = list(fd, cookie, length, &used);
      for (auto& entry : entries) all.push_back(entry.name);
      if (used < length || entries.empty()) break;
      cookie = entries.back().dirent.next;
      top = 1024;
    }
    std::sort(all.begin(), all.end());
    return all;
  }
};

TEST_F(ReaddirTest, AnEmptyDirectoryHasItselfAndItsParent) {
  auto entries = list(kBox, 0, 1024);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].name, ".");
  EXPECT_EQ(entries[1].name, "..");
  struct stat box, above;
  ::stat((temp / "box").c_str(), &box);
  ::stat(temp.path().c_str(), &above);
  EXPECT_EQ(entries[0].dirent.ino, box.st_ino);
  EXPECT_NE(entries[1].dirent.ino, above.st_ino);  // lies outside
}

TEST_F(ReaddirTest, TypesAndNumbersAreTold) {
  open_rw("file");
  ASSERT_EQ(mkdir("dir"), Errno::success);
  ASSERT_EQ(symlink("file", "link"), Errno::success);
  ASSERT_EQ(::mkfifo((temp / "box/fifo").c_str(), 0666), 0);
  std::map<std::string, GuestDirent> found;
  for (auto& entry : list(kBox, 0, 4096)) found[entry.name] = entry.dirent;
  ASSERT_EQ(found.size(), 6u);
  EXPECT_EQ(found["file"].type, FileType::regular_file);
  EXPECT_EQ(found["dir"].type, FileType::directory);
  EXPECT_EQ(found["link"].type, FileType::symbolic_link);
  EXPECT_EQ(found["fifo"].type, FileType::unknown);
  ASSERT_EQ(stat("file"), Errno::success);
  EXPECT_EQ(found["file"].ino, filestat.ino);
}

TEST_F(ReaddirTest, EveryBufferSizeFindsEverything) {
  std::vector<std::string> expected = {".", ".."};
  for (int i = 0; i < 200; ++i) {
    expected.push_back("file." + std::to_string(i));
    write_host_file(temp / ("box/" + expected.back()), "");
  }
  std::sort(expected.begin(), expected.end());
  for (uint32_t length : {33u, 64u, 100u, 4096u, 100'000u}) EXPECT_EQ(names(kBox, length), expected) << length;
}

TEST_F(ReaddirTest, CookiesStayValidWhileTheDirectoryChanges) {
  for (int i = 0; i < 50; ++i) write_host_file(temp / ("box/old" + std::to_string(i)), "");
  std::map<std::string, int> seen;
  uint64_t cookie = 0;
  for (int round = 0;; ++round) {
    uint32_t used;
    auto entries = list(kBox, cookie, 100, &used);
    for (auto& entry : entries) {
      ++seen[entry.name];
      if (entry.name.starts_with("old")) { EXPECT_EQ(unlink(entry.name), Errno::success); }
    }
    write_host_file(temp / ("box/new" + std::to_string(round)), "");
    if (used < 100 || entries.empty()) break;
    cookie = entries.back().dirent.next;
  }
  for (int i = 0; i < 50; ++i) EXPECT_EQ(seen["old" + std::to_string(i)], 1) << i;
  for (auto& entry : list(kBox, 0, 8192)) EXPECT_FALSE(entry.name.starts_with("old")) << entry.name;
}

TEST_F(ReaddirTest, ACookieBeyondTheEndIsTheEnd) {
  EXPECT_TRUE(list(kBox, 2, 100).empty());
  EXPECT_TRUE(list(kBox, ~uint64_t{0}, 100).empty());
}

TEST_F(ReaddirTest, Errors) {
  uint32_t result = alloc(4), buffer = alloc(64);
  EXPECT_EQ(call(&WasiContext::fd_readdir, kMissingFd, buffer, 64, 0, result), Errno::badf);
  EXPECT_EQ(call(&WasiContext::fd_readdir, 0, buffer, 64, 0, result), Errno::notdir);
  EXPECT_EQ(call(&WasiContext::fd_readdir, kBox, kOutOfBounds, 64, 0, result), Errno::fault);
  EXPECT_EQ(call(&WasiContext::fd_readdir, kBox, buffer, ~0u, 0, result), Errno::fault);
  EXPECT_EQ(call(&WasiContext::fd_readdir, kBox, buffer, 64, 0, kOutOfBounds), Errno::fault);
  uint32_t dir = open_dir(".");
  ASSERT_EQ(drop_rights(dir, kRightFdReaddir), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_readdir, dir, buffer, 64, 0, result), Errno::notcapable);
}

}  // namespace
}  // namespace arris::wasi
