#include "wasi/stream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace arris::wasi {

int64_t Stream::read(std::span<uint8_t>) { return -EBADF; }
int64_t Stream::write(std::span<const uint8_t>) { return -EBADF; }

int64_t InputBuffer::read(std::span<uint8_t> bytes) {
  std::lock_guard lock(mutex_);
  size_t count = std::min(bytes.size(), text_.size() - position_);
  if (count != 0) std::memcpy(bytes.data(), text_.data() + position_, count);
  position_ += count;
  return static_cast<int64_t>(count);
}

uint64_t InputBuffer::available() {
  std::lock_guard lock(mutex_);
  return text_.size() - position_;
}

int64_t OutputBuffer::write(std::span<const uint8_t> bytes) {
  std::lock_guard lock(mutex_);
  size_t count = std::min(bytes.size(), limit_ - text_.size());
  if (count == 0 && !bytes.empty()) return -ENOSPC;
  text_.append(reinterpret_cast<const char*>(bytes.data()), count);
  return static_cast<int64_t>(count);
}

std::string OutputBuffer::text() const {
  std::lock_guard lock(mutex_);
  return text_;
}

int64_t OutputCallback::write(std::span<const uint8_t> bytes) {
  std::lock_guard lock(mutex_);
  sink_(bytes);
  return static_cast<int64_t>(bytes.size());
}

}  // namespace arris::wasi
