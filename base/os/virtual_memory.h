// Address space: reserve, commit, release. With base/os being the only home of platform #if.
// Sizes and addresses must be multiples of os::page_size(). Thread-safe (the kernel's own locks).
#pragma once

#include <cstddef>
#include <cstdint>

namespace arris::os {

size_t page_size();

// Reserves address space without access and without commitment. Null on failure.
void* reserve(size_t bytes);
// Makes [address, address + bytes) of a reservation readable and writable; fresh pages read as zero. False on failure.
bool commit(void* address, size_t bytes);
// Gives the pages back to the system; they stay mapped and read as zero again.
bool discard(void* address, size_t bytes);
// Takes access away again and gives the pages back: the range is as freshly reserved.
bool decommit(void* address, size_t bytes);
// Unmaps a whole reservation.
void release(void* address, size_t bytes);

// Reserves and releases by scope.
class Reservation {
 public:
  Reservation() = default;
  explicit Reservation(size_t bytes) : data_(bytes ? reserve(bytes) : nullptr), size_(data_ ? bytes : 0) {}
  Reservation(Reservation&& other) noexcept : data_(other.data_), size_(other.size_) {
    other.data_ = nullptr;
    other.size_ = 0;
  }
  Reservation& operator=(Reservation&& other) noexcept {
    if (this != &other) {
      if (data_) release(data_, size_);
      data_ = other.data_;
      size_ = other.size_;
      other.data_ = nullptr;
      other.size_ = 0;
    }
    return *this;
  }
  ~Reservation() {
    if (data_) release(data_, size_);
  }
  explicit operator bool() const { return data_ != nullptr; }
  uint8_t* data() const { return static_cast<uint8_t*>(data_); }
  size_t size() const { return size_; }

 private:
  void* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace arris::os
