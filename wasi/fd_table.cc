#include "wasi/fd_table.h"

#include <algorithm>

namespace arris::wasi {

Result<FdTable::Handle> FdTable::find(uint32_t fd) const {
  std::lock_guard lock(mutex_);
  if (!is_open(fd)) return std::unexpected(Errno::badf);
  return entries_[fd];
}

Result<uint32_t> FdTable::insert(Handle handle) {
  std::lock_guard lock(mutex_);
  uint32_t fd = first_free_;
  while (is_open(fd)) ++fd;
  if (fd >= limit_) return std::unexpected(Errno::mfile);
  if (fd >= entries_.size()) entries_.resize(fd + 1);
  entries_[fd] = std::move(handle);
  first_free_ = fd + 1;
  return fd;
}

void FdTable::set(uint32_t fd, Handle handle) {
  std::lock_guard lock(mutex_);
  if (fd >= entries_.size()) entries_.resize(fd + 1);
  entries_[fd] = std::move(handle);
}

// The descriptor itself is let go after the lock: closing may take its time.
Errno FdTable::close(uint32_t fd) {
  Handle closed;
  std::lock_guard lock(mutex_);
  if (!is_open(fd)) return Errno::badf;
  std::swap(closed, entries_[fd]);
  first_free_ = std::min(first_free_, fd);
  return Errno::success;
}

Errno FdTable::renumber(uint32_t from, uint32_t to) {
  Handle closed;
  std::lock_guard lock(mutex_);
  if (!is_open(from) || !is_open(to)) return Errno::badf;
  if (from == to) return Errno::success;
  std::swap(closed, entries_[to]);
  std::swap(entries_[to], entries_[from]);
  first_free_ = std::min(first_free_, from);
  return Errno::success;
}

Errno FdTable::set_rights(uint32_t fd, Rights base, Rights inheriting) {
  std::lock_guard lock(mutex_);
  if (!is_open(fd)) return Errno::badf;
  Handle& entry = entries_[fd];
  if ((base & ~entry.base) || (inheriting & ~entry.inheriting)) return Errno::notcapable;
  entry.base = base;
  entry.inheriting = inheriting;
  return Errno::success;
}

}  // namespace arris::wasi
