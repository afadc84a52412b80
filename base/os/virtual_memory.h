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
// Gives writable pages their storage now, all at once, instead of at the first write to each. Nothing depends on it. Any range: pages
// that lie wholly in it.
void prefault(void* address, size_t bytes);
// Gives the pages back to the system; they stay mapped and read as zero again.
bool discard(void* address, size_t bytes);
// Takes access away again and gives the pages back: the range is as freshly reserved.
bool decommit(void* address, size_t bytes);
// As discard or by writing zeros, whichever suits: all of it reads as zero afterwards, and pages that were never touched take no
// storage. For ranges small enough to be looked through.
void clear(void* address, size_t bytes);
// Unmaps a whole reservation.
void release(void* address, size_t bytes);

// Bytes that nobody can change any more, to be mapped privately at many places: who writes there has a copy of that page. Where
// the system has no such thing, `create` yields an empty one.
class Image {
 public:
  struct Part {
    size_t offset;
    const uint8_t* bytes;
    size_t size;
  };
  // `size` bytes, zero where no part says otherwise; later parts overwrite earlier ones.
  static Image create(size_t size, const Part* parts, size_t count);
  Image() = default;
  Image(Image&& other) noexcept : fd_(other.fd_), size_(other.size_) { other.fd_ = -1; }
  Image& operator=(Image&& other) noexcept {
    Image moved(static_cast<Image&&>(other));
    int fd = fd_;
    fd_ = moved.fd_;
    moved.fd_ = fd;
    size_ = moved.size_;
    return *this;
  }
  ~Image();

  explicit operator bool() const { return fd_ >= 0; }
  size_t size() const { return size_; }
  // Over committed pages of a reservation. False if the system refuses: the pages are then as before.
  bool map(void* address) const;

 private:
  int fd_ = -1;
  size_t size_ = 0;
};

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
