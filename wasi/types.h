// The vocabulary of WASI preview1 and snapshot 0: numbers and memory layouts as guests see them.
// For everything in wasi/. Values are the witx definitions' (WebAssembly/WASI, legacy/preview1 and legacy/preview0).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace arris::wasi {

enum class Errno : uint16_t {
#define WASI_ERRNO(name, value, host, text) name = value,
#include "wasi/errnos.def"
};

// From the host's errno; Errno::io for what WASI has no name for.
Errno errno_from_host(int host_errno);
// "EBADF"; "E?" for a number that is none.
std::string_view errno_text(Errno error);

enum class Snapshot : uint8_t { preview1, snapshot0 };

using Rights = uint64_t;
inline constexpr Rights kRightFdDatasync = 1u << 0;
inline constexpr Rights kRightFdRead = 1u << 1;
inline constexpr Rights kRightFdSeek = 1u << 2;
inline constexpr Rights kRightFdFdstatSetFlags = 1u << 3;
inline constexpr Rights kRightFdSync = 1u << 4;
inline constexpr Rights kRightFdTell = 1u << 5;
inline constexpr Rights kRightFdWrite = 1u << 6;
inline constexpr Rights kRightFdAdvise = 1u << 7;
inline constexpr Rights kRightFdAllocate = 1u << 8;
inline constexpr Rights kRightPathCreateDirectory = 1u << 9;
inline constexpr Rights kRightPathCreateFile = 1u << 10;
inline constexpr Rights kRightPathLinkSource = 1u << 11;
inline constexpr Rights kRightPathLinkTarget = 1u << 12;
inline constexpr Rights kRightPathOpen = 1u << 13;
inline constexpr Rights kRightFdReaddir = 1u << 14;
inline constexpr Rights kRightPathReadlink = 1u << 15;
inline constexpr Rights kRightPathRenameSource = 1u << 16;
inline constexpr Rights kRightPathRenameTarget = 1u << 17;
inline constexpr Rights kRightPathFilestatGet = 1u << 18;
inline constexpr Rights kRightPathFilestatSetSize = 1u << 19;
inline constexpr Rights kRightPathFilestatSetTimes = 1u << 20;
inline constexpr Rights kRightFdFilestatGet = 1u << 21;
inline constexpr Rights kRightFdFilestatSetSize = 1u << 22;
inline constexpr Rights kRightFdFilestatSetTimes = 1u << 23;
inline constexpr Rights kRightPathSymlink = 1u << 24;
inline constexpr Rights kRightPathRemoveDirectory = 1u << 25;
inline constexpr Rights kRightPathUnlinkFile = 1u << 26;
inline constexpr Rights kRightPollFdReadwrite = 1u << 27;
inline constexpr Rights kRightSockShutdown = 1u << 28;
inline constexpr Rights kRightSockAccept = 1u << 29;
inline constexpr Rights kAllRights = (1u << 30) - 1;

// What applies to each kind of file. Rights that do not are dropped silently when a descriptor is made.
inline constexpr Rights kRightsOfRegularFile = kRightFdDatasync | kRightFdRead | kRightFdSeek | kRightFdFdstatSetFlags |
                                               kRightFdSync | kRightFdTell | kRightFdWrite | kRightFdAdvise |
                                               kRightFdAllocate | kRightFdFilestatGet | kRightFdFilestatSetSize |
                                               kRightFdFilestatSetTimes | kRightPollFdReadwrite;
inline constexpr Rights kRightsOfDirectory =
    kRightFdDatasync | kRightFdFdstatSetFlags | kRightFdSync | kRightFdAdvise | kRightPathCreateDirectory |
    kRightPathCreateFile | kRightPathLinkSource | kRightPathLinkTarget | kRightPathOpen | kRightFdReaddir |
    kRightPathReadlink | kRightPathRenameSource | kRightPathRenameTarget | kRightPathFilestatGet |
    kRightPathFilestatSetSize | kRightPathFilestatSetTimes | kRightFdFilestatGet | kRightFdFilestatSetTimes |
    kRightPathSymlink | kRightPathRemoveDirectory | kRightPathUnlinkFile | kRightPollFdReadwrite;
inline constexpr Rights kRightsOfCharacterDevice = kRightsOfRegularFile & ~(kRightFdAllocate | kRightFdFilestatSetSize);
inline constexpr Rights kRightsOfTerminal = kRightsOfCharacterDevice & ~(kRightFdSeek | kRightFdTell);
// Seeking a pipe is ESPIPE, not a missing right.
inline constexpr Rights kRightsOfPipe = kRightFdRead | kRightFdWrite | kRightFdSeek | kRightFdTell | kRightFdSync |
                                        kRightFdDatasync | kRightFdFdstatSetFlags | kRightFdFilestatGet |
                                        kRightFdFilestatSetTimes | kRightPollFdReadwrite;
inline constexpr Rights kRightsOfSocket = kRightFdRead | kRightFdWrite | kRightFdFdstatSetFlags | kRightFdFilestatGet |
                                          kRightPollFdReadwrite | kRightSockShutdown | kRightSockAccept;

enum class FileType : uint8_t {
  unknown,
  block_device,
  character_device,
  directory,
  regular_file,
  socket_dgram,
  socket_stream,
  symbolic_link,
};

inline constexpr uint16_t kFdflagAppend = 1u << 0;
inline constexpr uint16_t kFdflagDsync = 1u << 1;
inline constexpr uint16_t kFdflagNonblock = 1u << 2;
inline constexpr uint16_t kFdflagRsync = 1u << 3;
inline constexpr uint16_t kFdflagSync = 1u << 4;
inline constexpr uint16_t kAllFdflags = 0x1F;
inline constexpr uint16_t kSyncFdflags = kFdflagDsync | kFdflagRsync | kFdflagSync;

inline constexpr uint16_t kOflagCreat = 1u << 0;
inline constexpr uint16_t kOflagDirectory = 1u << 1;
inline constexpr uint16_t kOflagExcl = 1u << 2;
inline constexpr uint16_t kOflagTrunc = 1u << 3;
inline constexpr uint16_t kAllOflags = 0xF;

inline constexpr uint32_t kLookupSymlinkFollow = 1u << 0;

inline constexpr uint16_t kFstflagAtim = 1u << 0;
inline constexpr uint16_t kFstflagAtimNow = 1u << 1;
inline constexpr uint16_t kFstflagMtim = 1u << 2;
inline constexpr uint16_t kFstflagMtimNow = 1u << 3;
inline constexpr uint16_t kAllFstflags = 0xF;

enum class Whence : uint8_t { set, cur, end };  // preview1; snapshot 0 counts cur, end, set

inline constexpr uint32_t kClockRealtime = 0;
inline constexpr uint32_t kClockMonotonic = 1;
inline constexpr uint32_t kClockProcessCputime = 2;
inline constexpr uint32_t kClockThreadCputime = 3;

inline constexpr uint16_t kSubclockAbstime = 1u << 0;
inline constexpr uint16_t kEventHangup = 1u << 0;
inline constexpr uint16_t kRiflagPeek = 1u << 0;
inline constexpr uint16_t kRiflagWaitall = 1u << 1;
inline constexpr uint16_t kRoflagDataTruncated = 1u << 0;
inline constexpr uint8_t kSdflagRd = 1u << 0;
inline constexpr uint8_t kSdflagWr = 1u << 1;
inline constexpr uint32_t kSignalCount = 31;  // none, hup ... sys

enum class EventType : uint8_t { clock, fd_read, fd_write };

// Structures in guest memory, little-endian. Padding is written as zeros.
struct GuestIovec {
  uint32_t buf;
  uint32_t len;
};
static_assert(sizeof(GuestIovec) == 8);

struct GuestFdstat {
  FileType filetype;
  uint8_t pad0 = 0;
  uint16_t flags;
  uint32_t pad1 = 0;
  Rights base;
  Rights inheriting;
};
static_assert(sizeof(GuestFdstat) == 24 && offsetof(GuestFdstat, flags) == 2 && offsetof(GuestFdstat, base) == 8);

struct GuestFilestat {
  uint64_t dev;
  uint64_t ino;
  FileType filetype;
  uint8_t pad[7] = {};
  uint64_t nlink;
  uint64_t size;
  uint64_t atim;
  uint64_t mtim;
  uint64_t ctim;
};
static_assert(sizeof(GuestFilestat) == 64 && offsetof(GuestFilestat, nlink) == 24);

struct GuestFilestatSnapshot0 {
  uint64_t dev;
  uint64_t ino;
  FileType filetype;
  uint8_t pad[3] = {};
  uint32_t nlink;
  uint64_t size;
  uint64_t atim;
  uint64_t mtim;
  uint64_t ctim;
};
static_assert(sizeof(GuestFilestatSnapshot0) == 56 && offsetof(GuestFilestatSnapshot0, nlink) == 20);

struct GuestDirent {
  uint64_t next;
  uint64_t ino;
  uint32_t namlen;
  FileType type;
  uint8_t pad[3] = {};
};
static_assert(sizeof(GuestDirent) == 24 && offsetof(GuestDirent, type) == 20);

struct GuestPrestat {
  uint8_t tag = 0;  // a directory: the only kind
  uint8_t pad[3] = {};
  uint32_t name_len;
};
static_assert(sizeof(GuestPrestat) == 8);

struct GuestSubscription {
  uint64_t userdata;
  EventType tag;
  uint8_t pad0[7];
  union {
    struct {
      uint32_t id;
      uint32_t pad1;
      uint64_t timeout;
      uint64_t precision;
      uint16_t flags;
    } clock;
    uint32_t fd;
  };
};
static_assert(sizeof(GuestSubscription) == 48 && offsetof(GuestSubscription, clock) == 16);

struct GuestSubscriptionSnapshot0 {
  uint64_t userdata;
  EventType tag;
  uint8_t pad0[7];
  union {
    struct {
      uint64_t identifier;
      uint32_t id;
      uint32_t pad1;
      uint64_t timeout;
      uint64_t precision;
      uint16_t flags;
    } clock;
    uint32_t fd;
  };
};
static_assert(sizeof(GuestSubscriptionSnapshot0) == 56 && offsetof(GuestSubscriptionSnapshot0, clock) == 16);

struct GuestEvent {
  uint64_t userdata;
  Errno error;
  EventType type;
  uint8_t pad0[5] = {};
  uint64_t nbytes;
  uint16_t flags;
  uint8_t pad1[6] = {};
};
static_assert(sizeof(GuestEvent) == 32 && offsetof(GuestEvent, nbytes) == 16 && offsetof(GuestEvent, flags) == 24);

}  // namespace arris::wasi
