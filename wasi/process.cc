// Arguments, environment, clocks, randomness, the process.
#include <sched.h>
#include <sys/random.h>
#include <time.h>

#include <algorithm>
#include <cerrno>

#include "wasi/context.h"

namespace arris::wasi {
namespace {

// An array of pointers and the strings they point to, one after the other with their NULs.
Errno write_strings(const GuestMemory& memory, const std::vector<std::string>& strings, uint32_t array,
                    uint32_t buffer) {
  uint64_t bytes = 0;
  for (const std::string& text : strings) bytes += text.size() + 1;
  if (!memory.contains(array, strings.size() * uint64_t{4}) || !memory.contains(buffer, bytes)) return Errno::fault;
  for (const std::string& text : strings) {
    if (!memory.write(array, buffer) || !memory.write_bytes(buffer, {text.c_str(), text.size() + 1}))
      return Errno::fault;
    array += 4;
    buffer += static_cast<uint32_t>(text.size() + 1);
  }
  return Errno::success;
}

Errno write_sizes(const GuestMemory& memory, const std::vector<std::string>& strings, uint32_t count, uint32_t size) {
  uint64_t bytes = 0;
  for (const std::string& text : strings) bytes += text.size() + 1;
  if (bytes > UINT32_MAX) return Errno::overflow;
  if (!memory.contains(count, 4) || !memory.contains(size, 4)) return Errno::fault;
  bool ok =
      memory.write(count, static_cast<uint32_t>(strings.size())) && memory.write(size, static_cast<uint32_t>(bytes));
  return ok ? Errno::success : Errno::fault;
}

uint64_t to_ns(const timespec& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

Errno WasiContext::args_get(Guest& guest, u32 argv, u32 argv_buf) {
  return write_strings(guest.memory, args_, argv, argv_buf);
}
Errno WasiContext::args_sizes_get(Guest& guest, u32 argc, u32 argv_buf_size) {
  return write_sizes(guest.memory, args_, argc, argv_buf_size);
}
Errno WasiContext::environ_get(Guest& guest, u32 environ, u32 environ_buf) {
  return write_strings(guest.memory, env_, environ, environ_buf);
}
Errno WasiContext::environ_sizes_get(Guest& guest, u32 count, u32 buf_size) {
  return write_sizes(guest.memory, env_, count, buf_size);
}

std::optional<clockid_t> host_clock(uint32_t id) {
  switch (id) {
    case kClockRealtime: return CLOCK_REALTIME;
    case kClockMonotonic: return CLOCK_MONOTONIC;
    case kClockProcessCputime: return CLOCK_PROCESS_CPUTIME_ID;
    case kClockThreadCputime: return CLOCK_THREAD_CPUTIME_ID;
  }
  return std::nullopt;
}

Errno WasiContext::clock_res_get(Guest& guest, u32 id, u32 resolution) {
  auto clock = host_clock(id);
  if (!clock) return Errno::inval;
  timespec value;
  if (::clock_getres(*clock, &value) != 0) return errno_from_host(errno);
  return guest.memory.write(resolution, to_ns(value)) ? Errno::success : Errno::fault;
}

Errno WasiContext::clock_time_get(Guest& guest, u32 id, u64, u32 time) {
  auto clock = host_clock(id);
  if (!clock) return Errno::inval;
  timespec value;
  if (::clock_gettime(*clock, &value) != 0) return errno_from_host(errno);
  return guest.memory.write(time, to_ns(value)) ? Errno::success : Errno::fault;
}

Errno WasiContext::proc_exit(Guest& guest, u32 code) {
  guest.end = Guest::End::exited;
  guest.exit_code = code;
  return Errno::success;
}

// Guests have no signals: there is nobody to handle one, and ending the guest is proc_exit's business.
Errno WasiContext::proc_raise(Guest&, u32 signal) { return signal >= kSignalCount ? Errno::inval : Errno::nosys; }

Errno WasiContext::sched_yield(Guest&) {
  ::sched_yield();
  return Errno::success;
}

Errno WasiContext::random_get(Guest& guest, u32 buf, u32 buf_len) {
  if (!guest.memory.contains(buf, buf_len)) return Errno::fault;
  uint8_t* next = guest.memory.at(buf);
  uint64_t left = buf_len;
  while (left > 0) {  // in pieces: gigabytes take seconds, and the guest may be stopped meanwhile
    ssize_t count = ::getrandom(next, std::min<uint64_t>(left, 1 << 20), 0);
    if (count < 0 && errno != EINTR) return errno_from_host(errno);
    if (count > 0) {
      next += count;
      left -= static_cast<uint64_t>(count);
    }
    if (left > 0 && guest.waker.stop_requested()) return guest.interrupted();
  }
  return Errno::success;
}

}  // namespace arris::wasi
