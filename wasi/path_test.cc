// path_*: every function with both ways to resolve paths.
#include <sys/stat.h>

#include <atomic>
#include <thread>

#include "wasi/context_testing.h"

namespace arris::wasi {
namespace {

class PathTest : public WasiTest, public ::testing::WithParamInterface<ResolverKind> {
 protected:
  ResolverKind resolver() const override { return GetParam(); }

  void SetUp() override {
    WasiTest::SetUp();
    ASSERT_EQ(::mkdir((temp / "box/dir").c_str(), 0777), 0);
    ASSERT_EQ(::mkdir((temp / "box/dir/nested").c_str(), 0777), 0);
    write_host_file(temp / "box/file", "contents");
    write_host_file(temp / "box/dir/nested/deep", "deep");
    write_host_file(temp / "readonly/file", "read only");
    host_symlink("file", "link");
    host_symlink("dir/nested", "dirlink");
    host_symlink("missing", "dangling");
    host_symlink("loop2", "loop1");
    host_symlink("loop1", "loop2");
    host_symlink("../outside/secret", "escape");
    host_symlink("../outside", "escapedir");
    host_symlink(temp / "outside/secret", "absolute");
    host_symlink("/", "root");
    host_symlink("/proc/self/root", "proc");
  }
  void host_symlink(const std::string& target, const std::string& name) {
    ASSERT_EQ(::symlink(target.c_str(), (temp / ("box/" + name)).c_str()), 0);
  }
  std::string contents_of(uint32_t fd) {
    std::string text;
    EXPECT_EQ(read(fd, 100, &text), Errno::success);
    return text;
  }
  static constexpr uint32_t kFollow = kLookupSymlinkFollow;
};

std::string resolver_name(const ::testing::TestParamInfo<ResolverKind>& info) {
  return info.param == ResolverKind::openat2 ? "openat2" : "walk";
}
INSTANTIATE_TEST_SUITE_P(Resolvers, PathTest, ::testing::Values(ResolverKind::openat2, ResolverKind::walk),
                         resolver_name);

// --- path_open ---

TEST_P(PathTest, OpenReads) {
  for (const char* path : {"dir/nested/deep", "dir/.//nested/../../dir/nested/../nested///./deep", "./dir/nested/deep",
                           "dirlink/deep", "dirlink/../nested/deep"}) {
    ASSERT_EQ(open(path), Errno::success) << path;
    EXPECT_EQ(contents_of(opened), "deep") << path;
  }
}

TEST_P(PathTest, OpenCreatesAndTruncates) {
  ASSERT_EQ(open("new", {.oflags = kOflagCreat | kOflagExcl, .base = kReadWrite}), Errno::success);
  ASSERT_EQ(write(opened, "x"), Errno::success);
  EXPECT_EQ(read_host_file(temp / "box/new"), "x");
  EXPECT_EQ(open("new", {.oflags = kOflagCreat | kOflagExcl, .base = kReadWrite}), Errno::exist);
  EXPECT_EQ(open("link", {.oflags = kOflagCreat | kOflagExcl}), Errno::exist);
  EXPECT_EQ(open("dangling", {.lookup = kFollow, .oflags = kOflagCreat | kOflagExcl}), Errno::exist);
  ASSERT_EQ(open("file", {.oflags = kOflagTrunc, .base = 0}), Errno::success);
  EXPECT_EQ(read_host_file(temp / "box/file"), "");
  ASSERT_EQ(open("dangling", {.lookup = kFollow, .oflags = kOflagCreat, .base = kReadWrite}), Errno::success);
  EXPECT_TRUE(exists_on_host(temp / "box/missing"));
}

TEST_P(PathTest, OpenFollowsLinksOnlyWhenAsked) {
  ASSERT_EQ(open("link", {.lookup = kFollow}), Errno::success);
  EXPECT_EQ(contents_of(opened), "contents");
  EXPECT_EQ(open("link"), Errno::loop);
  EXPECT_EQ(open("dangling", {.lookup = kFollow}), Errno::noent);
  EXPECT_EQ(open("loop1", {.lookup = kFollow}), Errno::loop);
  EXPECT_EQ(open("loop1/x"), Errno::loop);
  ASSERT_EQ(open("dirlink", {.lookup = kFollow, .oflags = kOflagDirectory}), Errno::success);
  EXPECT_EQ(fdstat(opened).filetype, FileType::directory);
  ASSERT_EQ(open("dirlink/"), Errno::success);
  EXPECT_EQ(fdstat(opened).filetype, FileType::directory);
}

TEST_P(PathTest, OpenDirectories) {
  EXPECT_EQ(open("dir", {.oflags = kOflagDirectory}), Errno::success);
  EXPECT_EQ(open("dir/"), Errno::success);
  EXPECT_EQ(open("dir/nested///"), Errno::success);
  EXPECT_EQ(open("."), Errno::success);
  EXPECT_EQ(open("dir/.."), Errno::success);
  EXPECT_EQ(open("dir", {.base = kReadWrite}), Errno::isdir);
  EXPECT_EQ(open(".", {.oflags = kOflagDirectory, .base = kRightFdRead | kRightFdWrite}), Errno::isdir);
  EXPECT_EQ(open("file", {.oflags = kOflagDirectory}), Errno::notdir);
  EXPECT_EQ(open("file/"), Errno::notdir);
  EXPECT_EQ(open("file/x"), Errno::notdir);
  EXPECT_EQ(open("new", {.oflags = kOflagCreat | kOflagDirectory}), Errno::inval);
  EXPECT_EQ(open("new/", {.oflags = kOflagCreat}), Errno::isdir);
  // Opening with the rights a directory has gives the same rights.
  GuestFdstat box = fdstat(kBox);
  ASSERT_EQ(open(".", {.base = box.base, .inheriting = box.inheriting}), Errno::success);
  EXPECT_EQ(fdstat(opened).base, box.base);
  EXPECT_EQ(fdstat(opened).inheriting, box.inheriting);
  EXPECT_EQ(open(".", {.base = 0, .fdflags = kFdflagNonblock}), Errno::success);
}

TEST_P(PathTest, OpenErrors) {
  EXPECT_EQ(open("missing"), Errno::noent);
  EXPECT_EQ(open("missing/x"), Errno::noent);
  EXPECT_EQ(open("", {}), Errno::noent);
  EXPECT_EQ(open(std::string_view("file\0", 5)), Errno::inval);
  EXPECT_EQ(open("\xFF\xFE"), Errno::ilseq);
  EXPECT_EQ(open("a\xC0\xAF"), Errno::ilseq);
  EXPECT_EQ(open(std::string(300, 'x')), Errno::nametoolong);
  EXPECT_EQ(open(std::string(5000, 'x')), Errno::nametoolong);
  EXPECT_EQ(open("file", {.dir = kMissingFd}), Errno::badf);
  EXPECT_EQ(open("file", {.dir = 1}), Errno::notdir);
  EXPECT_EQ(open("file", {.lookup = 2}), Errno::inval);
  EXPECT_EQ(open("file", {.oflags = 0x10}), Errno::inval);
  EXPECT_EQ(open("file", {.fdflags = 0x20}), Errno::inval);
  uint32_t path = put("file");
  auto raw = [&](uint32_t ptr, uint32_t len, uint32_t result) {
    return call(&WasiContext::path_open, kBox, 0, ptr, len, 0, 0, 0, 0, result);
  };
  EXPECT_EQ(raw(kOutOfBounds, 64, 1024), Errno::fault);
  EXPECT_EQ(raw(path, ~0u, 1024), Errno::fault);
  EXPECT_EQ(raw(path, 4, kOutOfBounds), Errno::fault);
  if (::geteuid() != 0) {  // root may do everything
    ::chmod((temp / "box/file").c_str(), 0);
    EXPECT_EQ(open("file"), Errno::acces);
  }
}

TEST_P(PathTest, UnknownAndInapplicableRightsAreDropped) {
  ASSERT_EQ(open("file", {.base = ~uint64_t{0} & ~kRightFdWrite, .inheriting = ~uint64_t{0}}), Errno::success);
  EXPECT_EQ(fdstat(opened).base, kRightsOfRegularFile & ~kRightFdWrite);
}

// --- the sandbox ---

TEST_P(PathTest, NothingLeadsOut) {
  const std::string outside = temp / "outside/secret";
  for (const std::string& path :
       {std::string("../outside/secret"), std::string(".."), std::string("dir/../../outside/secret"), outside,
        std::string("/"), std::string("dir/nested/../../../outside/secret"), std::string("escapedir/secret"),
        std::string("dirlink/../../../outside/secret"), std::string("./.././box/file"), std::string("root/etc/passwd"),
        std::string("root/")}) {
    for (uint32_t lookup : {0u, kFollow}) {
      EXPECT_EQ(open(path, {.lookup = lookup}), Errno::perm) << path;
      EXPECT_EQ(stat(path, lookup), Errno::perm) << path;
    }
    EXPECT_EQ(mkdir(path + "/new"), Errno::perm) << path;
    EXPECT_EQ(link(path, "stolen", kFollow), Errno::perm) << path;
    EXPECT_EQ(readlink(path + "/x", 10, nullptr), Errno::perm) << path;
    EXPECT_EQ(call(&WasiContext::path_filestat_set_times, kBox, kFollow, put(path), path.size(), 0, 0, kFstflagMtim),
              Errno::perm)
        << path;
  }
  for (const char* path : {"escape", "absolute"}) {
    EXPECT_EQ(open(path, {.lookup = kFollow}), Errno::perm) << path;
    EXPECT_EQ(open(path, {.lookup = kFollow, .oflags = kOflagCreat | kOflagTrunc, .base = kReadWrite}), Errno::perm)
        << path;
    EXPECT_EQ(stat(path, kFollow), Errno::perm) << path;
    EXPECT_EQ(link(path, "stolen", kFollow), Errno::perm) << path;
    EXPECT_EQ(
        call(&WasiContext::path_filestat_set_times, kBox, kFollow, put(path), std::strlen(path), 0, 0, kFstflagMtim),
        Errno::perm);
    // The link itself lies inside.
    EXPECT_EQ(stat(path), Errno::success) << path;
    EXPECT_EQ(unlink(path), Errno::success) << path;
  }
  for (const char* path : {"escapedir/secret", "../outside/secret", "root/tmp/x"}) {
    EXPECT_EQ(unlink(path), Errno::perm) << path;
    EXPECT_EQ(rmdir(path), Errno::perm) << path;
    EXPECT_EQ(rename(path, "stolen"), Errno::perm) << path;
    EXPECT_EQ(rename("file", path), Errno::perm) << path;
    EXPECT_EQ(link("file", path), Errno::perm) << path;
    EXPECT_EQ(symlink("file", path), Errno::perm) << path;
    EXPECT_EQ(open(path, {.oflags = kOflagCreat, .base = kReadWrite}), Errno::perm) << path;
  }
  EXPECT_EQ(read_host_file(outside), "secret");
  EXPECT_FALSE(exists_on_host(temp / "box/stolen"));
}

TEST_P(PathTest, TrailingSlashesDoNotFollowLinksOut) {
  host_symlink("../outside/", "slashed");
  for (const char* path : {"escapedir/", "slashed", "slashed/"}) {
    EXPECT_EQ(open(path, {.lookup = kFollow, .oflags = kOflagDirectory}), Errno::perm) << path;
    EXPECT_EQ(stat(path, kFollow), Errno::perm) << path;
  }
  EXPECT_EQ(mkdir("escapedir/"), Errno::exist);
  EXPECT_EQ(unlink("escapedir/"), Errno::notdir);
  EXPECT_EQ(rmdir("escapedir/"), Errno::notdir);
  EXPECT_EQ(rename("escapedir/", "x"), Errno::notdir);
  EXPECT_EQ(symlink("file", "escapedir/"), Errno::exist);
  EXPECT_TRUE(exists_on_host(temp / "outside/secret"));
}

TEST_P(PathTest, ProcessFilesAreNoWayOut) {
  auto stopped = [](Errno error) { return error == Errno::perm || error == Errno::loop || error == Errno::noent; };
  EXPECT_TRUE(stopped(open("proc/etc/passwd")));
  EXPECT_TRUE(stopped(open("proc", {.lookup = kFollow, .oflags = kOflagDirectory})));
  // Whoever preopens /proc itself: its magic links are still closed.
  WasiConfig with_proc = config();
  with_proc.preopens.push_back({"/proc", "/proc/self", false});
  make(std::move(with_proc));
  int host_dir = ::open(temp.path().c_str(), O_RDONLY | O_DIRECTORY);
  for (const std::string& path :
       {std::string("root/etc/passwd"), std::string("cwd/x"), "fd/" + std::to_string(host_dir) + "/outside/secret",
        "fd/" + std::to_string(host_dir)})
    EXPECT_TRUE(stopped(open(path, {.dir = 5, .lookup = kFollow}))) << path;
  ::close(host_dir);
}

TEST_P(PathTest, ADirectoryMovedOutMeanwhileDoesNotOpenTheWayUp) {
  uint32_t nested = open_dir("dir/nested");
  ASSERT_EQ(::rename((temp / "box/dir/nested").c_str(), (temp / "outside/nested").c_str()), 0);
  EXPECT_EQ(open("../secret", {.dir = nested}), Errno::perm);
  EXPECT_EQ(open("deep", {.dir = nested}), Errno::success);
}

TEST_P(PathTest, LongChainsEnd) {
  std::string chain;
  for (int i = 0; i < 1000; ++i) chain += "./";
  EXPECT_EQ(open(chain + "file"), Errno::success);
  std::string up;
  for (int i = 0; i < 500; ++i) up += "dir/../";
  EXPECT_EQ(open(up + "file"), Errno::success);
  EXPECT_EQ(open(up + "../file"), Errno::perm);
  for (int i = 0; i < 45; ++i)
    host_symlink(i == 0 ? "file" : "chain" + std::to_string(i - 1), "chain" + std::to_string(i));
  EXPECT_EQ(open("chain30", {.lookup = kFollow}), Errno::success);
  EXPECT_EQ(open("chain44", {.lookup = kFollow}), Errno::loop);
  EXPECT_EQ(stat("chain44", kFollow), Errno::loop);
}

// A host thread swaps a directory and a link to the outside, and a file and such a link; the guest opens, lists and changes
// through the names meanwhile.
TEST_P(PathTest, RacingLinksNeverLeadOut) {
  constexpr int kSwaps = 100'000;
  ASSERT_EQ(::mkdir((temp / "box/swap").c_str(), 0777), 0);
  write_host_file(temp / "box/swap/secret", "inside");
  write_host_file(temp / "box/swapfile", "inside");
  host_symlink("../outside", "evil");
  host_symlink("../outside/secret", "evilfile");
  std::atomic<bool> done = false;
  int failed_swaps = 0;
  std::thread swapper([&] {
    int box = ::open((temp / "box").c_str(), O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < kSwaps; ++i) {  // exchanging is atomic: both names always exist
      failed_swaps += ::renameat2(box, "swap", box, "evil", RENAME_EXCHANGE) != 0;
      failed_swaps += ::renameat2(box, "swapfile", box, "evilfile", RENAME_EXCHANGE) != 0;
    }
    ::close(box);
    done = true;
  });
  int inside = 0, outside = 0, denied = 0;
  auto try_open = [&](const char* path) {
    Errno error = open(path, {.lookup = kFollow});
    denied += error == Errno::perm;
    if (error != Errno::success) return;
    ++(contents_of(opened) == "inside" ? inside : outside);
    call(&WasiContext::fd_close, opened);
  };
  while (!done) {
    top = 1024;
    try_open("swap/secret");
    try_open("swapfile");
    if (open("swap/new", {.oflags = kOflagCreat, .base = kReadWrite}) == Errno::success)
      call(&WasiContext::fd_close, opened);
    if (open("swapfile", {.lookup = kFollow, .oflags = kOflagCreat, .base = kRightFdWrite}) == Errno::success) {
      write(opened, "inside");
      call(&WasiContext::fd_close, opened);
    }
    mkdir("swap/made");
    rmdir("swap/made");
    unlink("swap/new");
  }
  swapper.join();
  EXPECT_EQ(failed_swaps, 0);
  EXPECT_EQ(outside, 0);
  EXPECT_GT(inside, 0);
  EXPECT_GT(denied, 0);
  EXPECT_EQ(read_host_file(temp / "outside/secret"), "secret");
  EXPECT_FALSE(exists_on_host(temp / "outside/new"));
  EXPECT_FALSE(exists_on_host(temp / "outside/made"));
}

// --- read-only preopens ---

TEST_P(PathTest, ReadOnlyPreopensCanBeReadOnly) {
  ASSERT_EQ(open("file", {.dir = kReadOnly}), Errno::success);
  EXPECT_EQ(contents_of(opened), "read only");
  EXPECT_EQ(open("file", {.dir = kReadOnly, .oflags = kOflagCreat}), Errno::success);
  EXPECT_EQ(open("file", {.dir = kReadOnly, .oflags = kOflagCreat | kOflagExcl}), Errno::exist);
  EXPECT_EQ(stat("file", 0, kReadOnly), Errno::success);
  EXPECT_EQ(open("new", {.dir = kReadOnly, .oflags = kOflagCreat}), Errno::rofs);
  EXPECT_EQ(open("file", {.dir = kReadOnly, .oflags = kOflagTrunc}), Errno::rofs);
  EXPECT_EQ(open("file", {.dir = kReadOnly, .base = kRightFdWrite}), Errno::rofs);
  EXPECT_EQ(mkdir("x", kReadOnly), Errno::rofs);
  EXPECT_EQ(rmdir("x", kReadOnly), Errno::rofs);
  EXPECT_EQ(unlink("file", kReadOnly), Errno::rofs);
  EXPECT_EQ(symlink("file", "x", kReadOnly), Errno::rofs);
  EXPECT_EQ(rename("file", "x", kReadOnly, kReadOnly), Errno::rofs);
  EXPECT_EQ(rename("file", "x", kReadOnly, kBox), Errno::rofs);
  EXPECT_EQ(rename("file", "x", kBox, kReadOnly), Errno::rofs);
  EXPECT_EQ(link("file", "x", 0, kReadOnly, kBox), Errno::rofs);  // a way to write to it
  EXPECT_EQ(link("file", "x", 0, kBox, kReadOnly), Errno::rofs);
  EXPECT_EQ(call(&WasiContext::path_filestat_set_times, kReadOnly, 0, put("file"), 4, 0, 0, kFstflagMtim), Errno::rofs);
  // And what is opened beneath it.
  ASSERT_EQ(::mkdir((temp / "readonly/sub").c_str(), 0777), 0);
  ASSERT_EQ(open("sub", {.dir = kReadOnly, .base = kRightsOfDirectory, .inheriting = kAllRights}), Errno::success);
  uint32_t sub = opened;
  EXPECT_EQ(mkdir("x", sub), Errno::rofs);
  ASSERT_EQ(open("../file", {.dir = sub}), Errno::perm);
  ASSERT_EQ(open("file", {.dir = kReadOnly, .base = kReadWrite & ~kRightFdWrite}), Errno::success);
  EXPECT_EQ(call(&WasiContext::fd_filestat_set_size, opened, 0), Errno::rofs);
  EXPECT_EQ(call(&WasiContext::fd_allocate, opened, 0, 100), Errno::rofs);
  EXPECT_EQ(call(&WasiContext::fd_filestat_set_times, opened, 0, 0, kFstflagMtim), Errno::rofs);
  EXPECT_EQ(read_host_file(temp / "readonly/file"), "read only");
}

// --- the other functions ---

TEST_P(PathTest, CreateDirectory) {
  EXPECT_EQ(mkdir("new"), Errno::success);
  EXPECT_EQ(mkdir("new/sub/"), Errno::success);
  EXPECT_TRUE(exists_on_host(temp / "box/new/sub"));
  EXPECT_EQ(mkdir("new"), Errno::exist);
  EXPECT_EQ(mkdir("."), Errno::exist);
  EXPECT_EQ(mkdir("dangling"), Errno::exist);
  EXPECT_EQ(mkdir("missing/x"), Errno::noent);
  EXPECT_EQ(mkdir("file/x"), Errno::notdir);
  EXPECT_EQ(mkdir(""), Errno::noent);
  EXPECT_EQ(mkdir("x", kMissingFd), Errno::badf);
  EXPECT_EQ(mkdir("x", 1), Errno::notdir);
  EXPECT_EQ(mkdir(std::string(300, 'x')), Errno::nametoolong);
  EXPECT_EQ(call(&WasiContext::path_create_directory, kBox, kOutOfBounds, 64), Errno::fault);
  EXPECT_EQ(mkdir("x", open_dir(".", kRightPathOpen)), Errno::notcapable);
}

TEST_P(PathTest, FilestatGet) {
  ASSERT_EQ(stat("file"), Errno::success);
  EXPECT_EQ(filestat.filetype, FileType::regular_file);
  EXPECT_EQ(filestat.size, 8u);
  ASSERT_EQ(stat("link"), Errno::success);
  EXPECT_EQ(filestat.filetype, FileType::symbolic_link);
  EXPECT_EQ(filestat.size, 4u);
  ASSERT_EQ(stat("link", kFollow), Errno::success);
  EXPECT_EQ(filestat.filetype, FileType::regular_file);
  ASSERT_EQ(stat("dirlink/"), Errno::success);
  EXPECT_EQ(filestat.filetype, FileType::directory);
  ASSERT_EQ(stat("dir/.."), Errno::success);
  EXPECT_EQ(filestat.filetype, FileType::directory);
  ASSERT_EQ(stat("dirlink/deep"), Errno::success);
  EXPECT_EQ(filestat.size, 4u);
  EXPECT_EQ(stat("missing"), Errno::noent);
  EXPECT_EQ(stat("dangling", kFollow), Errno::noent);
  EXPECT_EQ(stat("file/"), Errno::notdir);
  EXPECT_EQ(stat("link/"), Errno::notdir);
  EXPECT_EQ(stat("file/."), Errno::notdir);
  EXPECT_EQ(stat("loop1", kFollow), Errno::loop);
  EXPECT_EQ(stat("file", 2), Errno::inval);
  EXPECT_EQ(stat("file", 0, kMissingFd), Errno::badf);
  EXPECT_EQ(stat("file", 0, 1), Errno::notdir);
  EXPECT_EQ(stat("\xFF"), Errno::ilseq);
  EXPECT_EQ(call(&WasiContext::path_filestat_get, kBox, 0, put("file"), 4, kOutOfBounds), Errno::fault);
  EXPECT_EQ(call(&WasiContext::path_filestat_get, kBox, 0, kOutOfBounds, 40, 1024), Errno::fault);
  EXPECT_EQ(stat("file", 0, open_dir(".", kRightPathOpen)), Errno::notcapable);
}

TEST_P(PathTest, FilestatSetTimes) {
  auto set = [&](std::string_view path, uint32_t lookup, uint64_t mtim, uint32_t flags, uint32_t dir = kBox) {
    return call(&WasiContext::path_filestat_set_times, dir, lookup, put(path), path.size(), 7, mtim, flags);
  };
  ASSERT_EQ(set("file", 0, 1'000'000'123, kFstflagMtim), Errno::success);
  ASSERT_EQ(stat("file"), Errno::success);
  EXPECT_EQ(filestat.mtim, 1'000'000'123u);
  ASSERT_EQ(set("link", kFollow, 2'000'000'000, kFstflagMtim), Errno::success);
  ASSERT_EQ(stat("file"), Errno::success);
  EXPECT_EQ(filestat.mtim, 2'000'000'000u);
  ASSERT_EQ(set("link", 0, 3'000'000'000, kFstflagMtim), Errno::success);
  ASSERT_EQ(stat("link"), Errno::success);
  EXPECT_EQ(filestat.mtim, 3'000'000'000u);
  ASSERT_EQ(stat("file"), Errno::success);
  EXPECT_EQ(filestat.mtim, 2'000'000'000u);
  EXPECT_EQ(set("dir/", 0, 0, kFstflagMtim), Errno::success);
  EXPECT_EQ(set("file/", 0, 0, kFstflagMtim), Errno::notdir);
  EXPECT_EQ(set("missing", 0, 0, kFstflagMtim), Errno::noent);
  EXPECT_EQ(set("file", 0, 0, kFstflagMtim | kFstflagMtimNow), Errno::inval);
  EXPECT_EQ(set("file", 0, 0, kFstflagAtim | kFstflagAtimNow), Errno::inval);
  EXPECT_EQ(set("file", 2, 0, kFstflagMtim), Errno::inval);
  EXPECT_EQ(set("file", 0, 0, 0x20), Errno::inval);
  EXPECT_EQ(set("file", 0, 0, 0, kMissingFd), Errno::badf);
  EXPECT_EQ(set("file", 0, 0, 0, 1), Errno::notdir);
  EXPECT_EQ(set("file", 0, 0, 0, open_dir(".", kRightPathOpen)), Errno::notcapable);
  EXPECT_EQ(call(&WasiContext::path_filestat_set_times, kBox, 0, kOutOfBounds, 64, 0, 0, 0), Errno::fault);
}

TEST_P(PathTest, Link) {
  ASSERT_EQ(link("file", "hard"), Errno::success);
  ASSERT_EQ(stat("hard"), Errno::success);
  EXPECT_EQ(filestat.nlink, 2u);
  ASSERT_EQ(link("link", "hardlink"), Errno::success);  // the link itself
  ASSERT_EQ(stat("hardlink"), Errno::success);
  EXPECT_EQ(filestat.filetype, FileType::symbolic_link);
  ASSERT_EQ(link("link", "hardfile", kFollow), Errno::success);
  ASSERT_EQ(stat("hardfile"), Errno::success);
  EXPECT_EQ(filestat.filetype, FileType::regular_file);
  uint32_t dir = open_dir("dir");
  ASSERT_EQ(link("file", "hard", 0, kBox, dir), Errno::success);
  EXPECT_TRUE(exists_on_host(temp / "box/dir/hard"));
  EXPECT_EQ(link("file", "hard"), Errno::exist);
  EXPECT_EQ(link("file", "file"), Errno::exist);
  EXPECT_EQ(link("file", "dir"), Errno::exist);
  EXPECT_EQ(link("file", "."), Errno::exist);
  EXPECT_EQ(link("file", "dangling"), Errno::exist);
  EXPECT_EQ(link("file", "new/"), Errno::noent);
  EXPECT_EQ(link("file/", "new"), Errno::notdir);
  EXPECT_EQ(link("dir", "new"), Errno::perm);
  EXPECT_EQ(link("missing", "new"), Errno::noent);
  EXPECT_EQ(link("dangling", "new", kFollow), Errno::noent);
  EXPECT_EQ(link("file", "missing/new"), Errno::noent);
  EXPECT_EQ(link("file", "new", 2), Errno::inval);
  EXPECT_EQ(link("file", "new", 0, kMissingFd), Errno::badf);
  EXPECT_EQ(link("file", "new", 0, kBox, kMissingFd), Errno::badf);
  EXPECT_EQ(link("file", "new", 0, 1), Errno::notdir);
  uint32_t no_rights = open_dir(".", kRightPathOpen);
  EXPECT_EQ(link("file", "new", 0, no_rights, kBox), Errno::notcapable);
  EXPECT_EQ(link("file", "new", 0, kBox, no_rights), Errno::notcapable);
  EXPECT_EQ(call(&WasiContext::path_link, kBox, 0, kOutOfBounds, 64, kBox, 0, 1), Errno::fault);
  EXPECT_EQ(call(&WasiContext::path_link, kBox, 0, put("file"), 4, kBox, kOutOfBounds, 64), Errno::fault);
}

TEST_P(PathTest, Readlink) {
  std::string target;
  ASSERT_EQ(readlink("dirlink", 100, &target), Errno::success);
  EXPECT_EQ(target, "dir/nested");
  ASSERT_EQ(readlink("dirlink", 4, &target), Errno::success);
  EXPECT_EQ(target, "dir/");
  ASSERT_EQ(readlink("dirlink", 0, &target), Errno::success);
  EXPECT_EQ(target, "");
  EXPECT_EQ(readlink("file", 10, nullptr), Errno::inval);
  EXPECT_EQ(readlink("dir", 10, nullptr), Errno::inval);
  EXPECT_EQ(readlink(".", 10, nullptr), Errno::inval);
  EXPECT_EQ(readlink("dirlink/", 10, nullptr), Errno::inval);
  EXPECT_EQ(readlink("link/", 10, nullptr), Errno::notdir);
  EXPECT_EQ(readlink("missing", 10, nullptr), Errno::noent);
  EXPECT_EQ(readlink("link", 10, nullptr, kMissingFd), Errno::badf);
  EXPECT_EQ(readlink("link", 10, nullptr, 1), Errno::notdir);
  EXPECT_EQ(readlink("link", 10, nullptr, open_dir(".", kRightPathOpen)), Errno::notcapable);
  uint32_t path = put("link");
  EXPECT_EQ(call(&WasiContext::path_readlink, kBox, path, 4, kOutOfBounds, 64, 1024), Errno::fault);
  EXPECT_EQ(call(&WasiContext::path_readlink, kBox, path, 4, 0, ~0u, 1024), Errno::fault);
  EXPECT_EQ(call(&WasiContext::path_readlink, kBox, path, 4, 0, 4, kOutOfBounds), Errno::fault);
}

TEST_P(PathTest, RemoveDirectory) {
  ASSERT_EQ(mkdir("empty"), Errno::success);
  ASSERT_EQ(mkdir("empty2"), Errno::success);
  EXPECT_EQ(rmdir("empty"), Errno::success);
  EXPECT_EQ(rmdir("empty2/"), Errno::success);
  EXPECT_FALSE(exists_on_host(temp / "box/empty"));
  EXPECT_EQ(rmdir("dir"), Errno::notempty);
  EXPECT_EQ(rmdir("file"), Errno::notdir);
  EXPECT_EQ(rmdir("file/"), Errno::notdir);
  EXPECT_EQ(rmdir("dirlink"), Errno::notdir);
  EXPECT_EQ(rmdir("missing"), Errno::noent);
  EXPECT_EQ(rmdir("."), Errno::inval);
  EXPECT_EQ(rmdir("dir/.."), Errno::inval);
  EXPECT_EQ(rmdir("dir", kMissingFd), Errno::badf);
  EXPECT_EQ(rmdir("dir", 1), Errno::notdir);
  EXPECT_EQ(rmdir("dir", open_dir(".", kRightPathOpen)), Errno::notcapable);
  EXPECT_EQ(call(&WasiContext::path_remove_directory, kBox, kOutOfBounds, 64), Errno::fault);
}

TEST_P(PathTest, Rename) {
  ASSERT_EQ(rename("file", "moved"), Errno::success);
  EXPECT_EQ(read_host_file(temp / "box/moved"), "contents");
  EXPECT_FALSE(exists_on_host(temp / "box/file"));
  ASSERT_EQ(rename("dir", "moved-dir"), Errno::success);
  ASSERT_EQ(rename("moved-dir/", "dir/"), Errno::success);
  uint32_t dir = open_dir("dir");
  ASSERT_EQ(rename("moved", "file", kBox, dir), Errno::success);
  EXPECT_EQ(read_host_file(temp / "box/dir/file"), "contents");
  ASSERT_EQ(rename("file", "../file", dir, dir), Errno::perm);
  ASSERT_EQ(rename("link", "renamed-link"), Errno::success);  // the link itself
  write_host_file(temp / "box/file", "other");
  ASSERT_EQ(mkdir("empty"), Errno::success);
  EXPECT_EQ(rename("file", "empty"), Errno::isdir);
  EXPECT_EQ(rename("empty", "file"), Errno::notdir);
  EXPECT_EQ(rename("empty", "dir"), Errno::notempty);
  EXPECT_EQ(rename("dir", "empty"), Errno::success);
  EXPECT_EQ(rename("empty", "empty/sub"), Errno::inval);
  EXPECT_EQ(rename("file/", "x"), Errno::notdir);
  EXPECT_EQ(rename("file", "x/"), Errno::notdir);
  EXPECT_EQ(rename("missing", "x"), Errno::noent);
  EXPECT_EQ(rename("file", "missing/x"), Errno::noent);
  EXPECT_EQ(rename(".", "x"), Errno::busy);
  EXPECT_EQ(rename("file", "empty/.."), Errno::busy);
  EXPECT_EQ(rename("file", "x", kMissingFd), Errno::badf);
  EXPECT_EQ(rename("file", "x", kBox, kMissingFd), Errno::badf);
  EXPECT_EQ(rename("file", "x", 1), Errno::notdir);
  uint32_t no_rights = open_dir(".", kRightPathOpen);
  EXPECT_EQ(rename("file", "x", no_rights, kBox), Errno::notcapable);
  EXPECT_EQ(rename("file", "x", kBox, no_rights), Errno::notcapable);
  EXPECT_EQ(call(&WasiContext::path_rename, kBox, kOutOfBounds, 64, kBox, 0, 1), Errno::fault);
  EXPECT_EQ(call(&WasiContext::path_rename, kBox, put("file"), 4, kBox, kOutOfBounds, 64), Errno::fault);
}

TEST_P(PathTest, Symlink) {
  ASSERT_EQ(symlink("dir/nested/deep", "to-deep"), Errno::success);
  ASSERT_EQ(open("to-deep", {.lookup = kFollow}), Errno::success);
  EXPECT_EQ(contents_of(opened), "deep");
  EXPECT_EQ(symlink("anything", "dir/dangling"), Errno::success);
  EXPECT_EQ(symlink("../../outside", "dir/up"), Errno::success);  // may be made, not followed
  EXPECT_EQ(open("dir/up/secret"), Errno::perm);
  EXPECT_EQ(symlink("/etc", "abs"), Errno::perm);
  EXPECT_EQ(symlink("x", "file"), Errno::exist);
  EXPECT_EQ(symlink("x", "dir"), Errno::exist);
  EXPECT_EQ(symlink("x", "dir/"), Errno::exist);
  EXPECT_EQ(symlink("x", "file/"), Errno::exist);
  EXPECT_EQ(symlink("x", "new/"), Errno::noent);
  EXPECT_EQ(symlink("x", "."), Errno::exist);
  EXPECT_EQ(symlink("", "new"), Errno::noent);
  EXPECT_EQ(symlink("x", "missing/new"), Errno::noent);
  EXPECT_EQ(symlink(std::string_view("a\0b", 3), "new"), Errno::inval);
  EXPECT_EQ(symlink("\xFF", "new"), Errno::ilseq);
  EXPECT_EQ(symlink("x", "new", kMissingFd), Errno::badf);
  EXPECT_EQ(symlink("x", "new", 1), Errno::notdir);
  EXPECT_EQ(symlink("x", "new", open_dir(".", kRightPathOpen)), Errno::notcapable);
  EXPECT_EQ(call(&WasiContext::path_symlink, kOutOfBounds, 64, kBox, put("new"), 3), Errno::fault);
  EXPECT_EQ(call(&WasiContext::path_symlink, put("x"), 1, kBox, kOutOfBounds, 64), Errno::fault);
}

TEST_P(PathTest, UnlinkFile) {
  EXPECT_EQ(unlink("file/"), Errno::notdir);
  EXPECT_EQ(unlink("file"), Errno::success);
  EXPECT_FALSE(exists_on_host(temp / "box/file"));
  EXPECT_EQ(unlink("dirlink"), Errno::success);  // the link itself
  EXPECT_TRUE(exists_on_host(temp / "box/dir/nested"));
  EXPECT_EQ(unlink("missing"), Errno::noent);
  EXPECT_EQ(unlink("dir"), Errno::isdir);
  EXPECT_EQ(unlink("dir/"), Errno::isdir);
  EXPECT_EQ(unlink("."), Errno::isdir);
  EXPECT_EQ(unlink("dir/nested/.."), Errno::isdir);
  EXPECT_EQ(unlink("dir", kMissingFd), Errno::badf);
  EXPECT_EQ(unlink("dir", 1), Errno::notdir);
  EXPECT_EQ(unlink("x", open_dir(".", kRightPathOpen)), Errno::notcapable);
  EXPECT_EQ(call(&WasiContext::path_unlink_file, kBox, kOutOfBounds, 64), Errno::fault);
}

}  // namespace
}  // namespace arris::wasi
