// PathResolver: guest paths beneath a directory of the host. The sandbox.
//
// Nothing outside the root is ever opened or changed, whoever renames, links or swaps what lies beneath it meanwhile: absolute
// paths, ".." above the root, and symbolic links that lead out are Errno::perm. Two ways to get there, chosen at run time:
//   openat2  the kernel resolves: RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS (Linux 5.6)
//   walk     one component at a time from an open directory with O_NOFOLLOW; links are read and expanded here; ".." goes back
//            to the directory we came from, which is still open
// What acts on names (unlink, rename, ...) gets its parent directory resolved and a last component that is never followed.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "wasi/descriptor.h"
#include "wasi/owned_fd.h"
#include "wasi/types.h"

namespace arris::wasi {

enum class ResolverKind : uint8_t { automatic, openat2, walk };

inline constexpr size_t kMaxPathBytes = 4096;
inline constexpr int kMaxLinkExpansions = 40;
inline constexpr size_t kMaxWalkDepth = 512;  // directories held open by the walk

// Where a path leads: an open directory and the name in it.
struct Resolved {
  OwnedFd owned;
  int dir = -1;                   // owned's, or the root
  std::string name;               // one component without slashes, or "." for the directory itself
  bool directory_wanted = false;  // the path ended with a slash
};

class PathResolver {
 public:
  explicit PathResolver(ResolverKind kind) : kind_(kind) {}

  // Checks that hold for every guest path: not empty, no NUL, UTF-8, relative, not too long.
  static Errno check(std::string_view path);

  // Opens. `flags` are openat's; `follow`: also a symbolic link at the end.
  Result<OwnedFd> open(int root, const std::string& path, bool follow, int flags, mode_t mode);
  // With `follow`, a link at the end is expanded until the name is none (at the time of looking).
  Result<Resolved> resolve(int root, const std::string& path, bool follow);

 private:
  bool use_openat2();
  Result<OwnedFd> open_by_kernel(int root, const std::string& path, int flags, mode_t mode);
  Result<OwnedFd> open_by_walk(int root, const std::string& path, bool follow, int flags, mode_t mode);
  Result<Resolved> resolve_by_kernel(int root, std::string path, bool follow);
  static Result<Resolved> resolve_by_walk(int root, const std::string& path, bool follow);

  std::atomic<ResolverKind> kind_;
};

// The target of a link; nullopt-like empty string with Errno::inval if `name` is none.
Result<std::string> read_link(int dir, const char* name);

}  // namespace arris::wasi
