// PlainStack: a stack of plain data that can be pushed to without any call, for the validator's fast steps, where the mere
// possibility of a call costs registers. Private to the validator.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>

namespace arris::validator {

template <class T>
class PlainStack {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  void clear() { size_ = 0; }

  T& operator[](size_t i) { return items_[i]; }
  const T& operator[](size_t i) const { return items_[i]; }
  T& back() { return items_[size_ - 1]; }
  const T& back() const { return items_[size_ - 1]; }
  T* begin() { return items_.get(); }
  T* end() { return items_.get() + size_; }

  // Is there room for another one? Then it may be pushed without a check.
  bool has_room() const { return size_ < capacity_; }
  T& push_unchecked(const T& item) { return items_[size_++] = item; }
  T& push(const T& item) {
    if (!has_room()) [[unlikely]]
      reserve_more();
    return push_unchecked(item);
  }
  [[gnu::noinline, gnu::cold]] void reserve_more() {
    capacity_ = capacity_ * 2 + kFirstCapacity;
    auto larger = std::make_unique_for_overwrite<T[]>(capacity_);
    for (size_t i = 0; i < size_; ++i) larger[i] = items_[i];
    items_ = std::move(larger);
  }
  void pop() { --size_; }

 private:
  static constexpr size_t kFirstCapacity = 64;
  std::unique_ptr<T[]> items_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace arris::validator
