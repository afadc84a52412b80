// Stream: standard input or output that is not a host descriptor: memory, a callback, nothing.
// Thread-safe: threads of a guest share them. Never blocks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>

namespace arris::wasi {

class Stream {
 public:
  virtual ~Stream() = default;
  // Bytes moved, or a negative errno. 0 from read is the end.
  virtual int64_t read(std::span<uint8_t> bytes);
  virtual int64_t write(std::span<const uint8_t> bytes);
  virtual uint64_t available() { return 0; }
};

// Reads as ended, swallows what is written.
class NullStream : public Stream {
 public:
  int64_t read(std::span<uint8_t>) override { return 0; }
  int64_t write(std::span<const uint8_t> bytes) override { return static_cast<int64_t>(bytes.size()); }
};

class InputBuffer : public Stream {
 public:
  explicit InputBuffer(std::string text) : text_(std::move(text)) {}
  int64_t read(std::span<uint8_t> bytes) override;
  uint64_t available() override;

 private:
  std::mutex mutex_;
  std::string text_;
  size_t position_ = 0;
};

// Keeps at most `limit` bytes; writing more is ENOSPC.
class OutputBuffer : public Stream {
 public:
  explicit OutputBuffer(size_t limit = SIZE_MAX) : limit_(limit) {}
  int64_t write(std::span<const uint8_t> bytes) override;
  std::string text() const;

 private:
  mutable std::mutex mutex_;
  std::string text_;
  size_t limit_;
};

// Hands what is written to a callable, one call at a time.
class OutputCallback : public Stream {
 public:
  explicit OutputCallback(std::function<void(std::span<const uint8_t>)> sink) : sink_(std::move(sink)) {}
  int64_t write(std::span<const uint8_t> bytes) override;

 private:
  std::mutex mutex_;
  std::function<void(std::span<const uint8_t>)> sink_;
};

}  // namespace arris::wasi
