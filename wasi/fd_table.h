// FdTable: the guest's file descriptors: numbers, and the rights that go with each. Shared by the threads of a guest.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "wasi/descriptor.h"
#include "wasi/types.h"

namespace arris::wasi {

class FdTable {
 public:
  // A descriptor in use by a call, with the rights it had when the call began.
  struct Handle {
    std::shared_ptr<Descriptor> descriptor;
    Rights base = 0;
    Rights inheriting = 0;

    Descriptor* operator->() const { return descriptor.get(); }
    bool has(Rights rights) const { return (base & rights) == rights; }
  };

  explicit FdTable(uint32_t limit) : limit_(limit) {}

  Result<Handle> find(uint32_t fd) const;
  // The lowest free number, or Errno::mfile.
  Result<uint32_t> insert(Handle handle);
  // A given number, free or not (to set up the first descriptors).
  void set(uint32_t fd, Handle handle);
  // Errno::badf if it is not open.
  Errno close(uint32_t fd);
  // Moves `from` to `to`, which has to be open and is closed.
  Errno renumber(uint32_t from, uint32_t to);
  // Only takes rights away: Errno::notcapable otherwise.
  Errno set_rights(uint32_t fd, Rights base, Rights inheriting);

 private:
  bool is_open(uint32_t fd) const { return fd < entries_.size() && entries_[fd].descriptor; }

  mutable std::mutex mutex_;
  std::vector<Handle> entries_;
  uint32_t first_free_ = 0;  // no free number is below it
  uint32_t limit_;
};

}  // namespace arris::wasi
