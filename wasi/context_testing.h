// For tests: a context over a fresh temporary directory, guest memory, and calls that look like a guest's.
#pragma once

#include <gtest/gtest.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "wasi/context.h"

namespace arris::wasi {

inline std::ostream& operator<<(std::ostream& out, Errno error) { return out << errno_text(error); }

class TempDir {
 public:
  TempDir() {
    char name[] = "/tmp/arris-wasi-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    ::nftw(
        path_.c_str(), [](const char* name, const struct stat*, int, FTW*) { return ::remove(name); }, 16,
        FTW_DEPTH | FTW_PHYS);
  }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline void write_host_file(const std::string& path, std::string_view contents) {
  FILE* file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr) << path;
  std::fwrite(contents.data(), 1, contents.size(), file);
  std::fclose(file);
}

inline std::string read_host_file(const std::string& path) {
  std::string contents;
  if (FILE* file = std::fopen(path.c_str(), "r")) {
    char buffer[4096];
    size_t count;
    while ((count = std::fread(buffer, 1, sizeof buffer, file)) > 0) contents.append(buffer, count);
    std::fclose(file);
  }
  return contents;
}

inline bool exists_on_host(const std::string& path) {
  struct stat status;
  return ::lstat(path.c_str(), &status) == 0;
}

// Descriptor 3 is `box`, preopened as "/box"; 4 is `other`, read-only. Beside them lies `outside`, which no call may touch.
class WasiTest : public ::testing::Test {
 protected:
  static constexpr uint32_t kBox = 3;
  static constexpr uint32_t kReadOnly = 4;
  static constexpr uint32_t kMissingFd = 999;
  static constexpr uint32_t kOutOfBounds = 0xFFFFFFF0;

  void SetUp() override {
    for (const char* name : {"box", "readonly", "outside"}) ASSERT_EQ(::mkdir((temp / name).c_str(), 0777), 0);
    write_host_file(temp / "outside/secret", "secret");
    make(config());
  }

  virtual ResolverKind resolver() const { return ResolverKind::automatic; }

  WasiConfig config() const {
    WasiConfig config;
    config.args = {"program", "first", ""};
    config.env = {"A=1", "EMPTY="};
    config.preopens = {{"/box", temp / "box", false}, {"/ro", temp / "readonly", true}};
    config.stdin_stream = Stdio::from_stream(std::make_shared<InputBuffer>("typed\n"));
    config.stdout_stream = Stdio::from_stream(out);
    config.stderr_stream = Stdio::null();
    config.resolver = resolver();
    return config;
  }
  void make(WasiConfig config) {
    auto made = WasiContext::create(std::move(config));
    ASSERT_TRUE(made.has_value()) << made.error();
    wasi = std::move(*made);
  }

  // --- guest memory: a bump allocator from 1024 on ---
  uint32_t alloc(uint32_t size, uint32_t align = 8) {
    top = (top + align - 1) & ~(align - 1);
    uint32_t address = top;
    top += size;
    EXPECT_LE(top, bytes.size());
    return address;
  }
  uint32_t put(std::string_view text) {
    uint32_t address = alloc(static_cast<uint32_t>(text.size()) + 1, 1);
    std::memcpy(&bytes[address], text.data(), text.size());
    return address;
  }
  template <class T>
  uint32_t put_value(const T& value) {
    uint32_t address = alloc(sizeof value);
    std::memcpy(&bytes[address], &value, sizeof value);
    return address;
  }
  template <class T>
  T get(uint32_t address) const {
    T value;
    std::memcpy(&value, &bytes[address], sizeof value);
    return value;
  }
  std::string text_at(uint32_t address, uint32_t length) const {
    return {reinterpret_cast<const char*>(&bytes[address]), length};
  }
  uint32_t put_iovecs(std::vector<GuestIovec> parts) {
    uint32_t address = alloc(static_cast<uint32_t>(parts.size() * sizeof(GuestIovec)));
    if (!parts.empty()) std::memcpy(&bytes[address], parts.data(), parts.size() * sizeof(GuestIovec));
    return address;
  }

  // Calls a method with a fresh Guest. `end` tells afterwards how it ended.
  template <class... Params, class... Args>
  Errno call(Errno (WasiContext::*method)(Guest&, Params...), Args... args) {
    Guest guest{GuestMemory(bytes), waker};
    Errno error = (wasi.get()->*method)(guest, static_cast<Params>(args)...);
    end = guest.end;
    exit_code = guest.exit_code;
    return error;
  }

  // --- shorthand for frequent calls ---
  struct OpenArgs {
    uint32_t dir = kBox;
    uint32_t lookup = 0;
    uint32_t oflags = 0;
    Rights base =
        kRightFdRead | kRightFdSeek | kRightFdTell | kRightFdFilestatGet | kRightPollFdReadwrite | kRightFdReaddir;
    Rights inheriting = 0;
    uint32_t fdflags = 0;
  };
  static constexpr Rights kReadWrite = kRightsOfRegularFile;

  Errno open(std::string_view path, OpenArgs args) {
    uint32_t result = alloc(4);
    Errno error = call(&WasiContext::path_open, args.dir, args.lookup, put(path), path.size(), args.oflags, args.base,
                       args.inheriting, args.fdflags, result);
    opened = error == Errno::success ? get<uint32_t>(result) : ~0u;
    return error;
  }
  Errno open(std::string_view path) { return open(path, OpenArgs()); }
  // A new or existing file to read and write; its descriptor.
  uint32_t open_rw(std::string_view path, uint32_t oflags = kOflagCreat, uint32_t fdflags = 0) {
    EXPECT_EQ(open(path, {.oflags = oflags, .base = kReadWrite, .fdflags = fdflags}), Errno::success);
    return opened;
  }
  uint32_t open_dir(std::string_view path, Rights base = kRightsOfDirectory, Rights inheriting = kAllRights) {
    EXPECT_EQ(open(path, {.oflags = kOflagDirectory, .base = base, .inheriting = inheriting}), Errno::success);
    return opened;
  }
  Errno write(uint32_t fd, std::string_view text) {
    uint32_t result = alloc(4);
    Errno error =
        call(&WasiContext::fd_write, fd, put_iovecs({{put(text), static_cast<uint32_t>(text.size())}}), 1, result);
    moved = error == Errno::success ? get<uint32_t>(result) : 0;
    return error;
  }
  Errno read(uint32_t fd, uint32_t length, std::string* text = nullptr) {
    uint32_t result = alloc(4);
    uint32_t buffer = alloc(length);
    Errno error = call(&WasiContext::fd_read, fd, put_iovecs({{buffer, length}}), 1, result);
    moved = error == Errno::success ? get<uint32_t>(result) : 0;
    if (text) *text = text_at(buffer, moved);
    return error;
  }
  Errno seek(uint32_t fd, int64_t offset, Whence whence) {
    uint32_t result = alloc(8);
    Errno error = call(&WasiContext::fd_seek, fd, offset, static_cast<uint32_t>(whence), result);
    position = error == Errno::success ? get<uint64_t>(result) : ~uint64_t{0};
    return error;
  }
  GuestFdstat fdstat(uint32_t fd) {
    uint32_t result = alloc(sizeof(GuestFdstat));
    EXPECT_EQ(call(&WasiContext::fd_fdstat_get, fd, result), Errno::success);
    return get<GuestFdstat>(result);
  }
  Errno drop_rights(uint32_t fd, Rights rights) {
    GuestFdstat stat = fdstat(fd);
    return call(&WasiContext::fd_fdstat_set_rights, fd, stat.base & ~rights, stat.inheriting);
  }
  Errno stat(std::string_view path, uint32_t lookup = 0, uint32_t dir = kBox) {
    uint32_t result = alloc(sizeof(GuestFilestat));
    Errno error = call(&WasiContext::path_filestat_get, dir, lookup, put(path), path.size(), result);
    if (error == Errno::success) filestat = get<GuestFilestat>(result);
    return error;
  }
  Errno mkdir(std::string_view path, uint32_t dir = kBox) {
    return call(&WasiContext::path_create_directory, dir, put(path), path.size());
  }
  Errno symlink(std::string_view target, std::string_view path, uint32_t dir = kBox) {
    return call(&WasiContext::path_symlink, put(target), target.size(), dir, put(path), path.size());
  }
  Errno unlink(std::string_view path, uint32_t dir = kBox) {
    return call(&WasiContext::path_unlink_file, dir, put(path), path.size());
  }
  Errno rmdir(std::string_view path, uint32_t dir = kBox) {
    return call(&WasiContext::path_remove_directory, dir, put(path), path.size());
  }
  Errno rename(std::string_view from, std::string_view to, uint32_t from_dir = kBox, uint32_t to_dir = kBox) {
    return call(&WasiContext::path_rename, from_dir, put(from), from.size(), to_dir, put(to), to.size());
  }
  Errno link(std::string_view from, std::string_view to, uint32_t lookup = 0, uint32_t from_dir = kBox,
             uint32_t to_dir = kBox) {
    return call(&WasiContext::path_link, from_dir, lookup, put(from), from.size(), to_dir, put(to), to.size());
  }
  Errno readlink(std::string_view path, uint32_t length, std::string* target, uint32_t dir = kBox) {
    uint32_t result = alloc(4);
    uint32_t buffer = alloc(length + 1);
    Errno error = call(&WasiContext::path_readlink, dir, put(path), path.size(), buffer, length, result);
    if (error == Errno::success && target) *target = text_at(buffer, get<uint32_t>(result));
    return error;
  }

  TempDir temp;
  std::shared_ptr<OutputBuffer> out = std::make_shared<OutputBuffer>();
  std::unique_ptr<WasiContext> wasi;
  Waker waker;
  std::vector<uint8_t> bytes = std::vector<uint8_t>(1 << 20);
  uint32_t top = 1024;

  Guest::End end = Guest::End::none;
  uint32_t exit_code = 0;
  uint32_t opened = ~0u;
  uint32_t moved = 0;
  uint64_t position = 0;
  GuestFilestat filestat = {};
};

}  // namespace arris::wasi
