#include "wasi/path_resolver.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/check.h"
#include "base/utf8.h"

#ifdef SYS_openat2
#include <linux/openat2.h>
#endif

namespace arris::wasi {
namespace {

std::unexpected<Errno> host_error() { return std::unexpected(errno_from_host(errno)); }

int open_parent_flags() { return O_PATH | O_DIRECTORY | O_CLOEXEC; }

// Returns -1 with errno. ENOSYS where the system has no such call.
int call_openat2(int root, const char* path, int flags, mode_t mode) {
#ifdef SYS_openat2
  open_how how = {};
  how.flags = static_cast<uint64_t>(static_cast<unsigned>(flags));
  how.mode = flags & O_CREAT ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, root, path, &how, sizeof how));
#else
  errno = ENOSYS;
  return -1;
#endif
}

// Splits a checked path into the part before the last component and that component; notes trailing slashes.
struct Split {
  std::string parent;  // may be empty: the root itself
  std::string name;
  bool trailing_slash = false;
};

Split split_last(std::string_view path) {
  Split split;
  while (path.size() > 1 && path.back() == '/') {
    path.remove_suffix(1);
    split.trailing_slash = true;
  }
  size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) {
    split.name = path;
  } else {
    split.parent = path.substr(0, slash);
    split.name = path.substr(slash + 1);
  }
  return split;
}

void push_components(std::vector<std::string>& reversed, std::string_view path) {
  std::vector<std::string> forward;
  while (!path.empty()) {
    size_t slash = path.find('/');
    std::string_view component = path.substr(0, slash);
    if (!component.empty()) forward.emplace_back(component);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  reversed.insert(reversed.end(), forward.rbegin(), forward.rend());
}

}  // namespace

Result<std::string> read_link(int dir, const char* name) {
  char text[kMaxPathBytes];
  ssize_t length = ::readlinkat(dir, name, text, sizeof text);
  if (length < 0) return host_error();
  if (static_cast<size_t>(length) == sizeof text) return std::unexpected(Errno::nametoolong);
  return std::string(text, static_cast<size_t>(length));
}

Errno PathResolver::check(std::string_view path) {
  if (path.empty()) return Errno::noent;
  if (path.size() >= kMaxPathBytes) return Errno::nametoolong;
  if (path.find('\0') != std::string_view::npos) return Errno::inval;
  if (!is_valid_utf8(path)) return Errno::ilseq;
  if (path.front() == '/') return Errno::perm;
  return Errno::success;
}

bool PathResolver::use_openat2() {
  ResolverKind kind = kind_.load(std::memory_order_relaxed);
  if (kind == ResolverKind::automatic) [[unlikely]] {
    // Containers may forbid the call with EPERM instead of ENOSYS.
    OwnedFd probe(call_openat2(AT_FDCWD, ".", O_PATH | O_CLOEXEC, 0));
    bool absent = !probe && (errno == ENOSYS || errno == EPERM || errno == EINVAL);
    kind = absent ? ResolverKind::walk : ResolverKind::openat2;
    kind_.store(kind, std::memory_order_relaxed);
  }
  return kind == ResolverKind::openat2;
}

// EAGAIN: something on the system was renamed or mounted while ".." was resolved; the kernel cannot tell whether we left.
Result<OwnedFd> PathResolver::open_by_kernel(int root, const std::string& path, int flags, mode_t mode) {
  for (int attempt = 0; attempt < 64; ++attempt) {
    OwnedFd fd(call_openat2(root, path.c_str(), flags, mode));
    if (fd) return std::move(fd);
    if (errno == EINTR || errno == EAGAIN) continue;
    if (errno == EXDEV) return std::unexpected(Errno::perm);
    return host_error();
  }
  return open_by_walk(root, path, !(flags & O_NOFOLLOW), flags & ~O_NOFOLLOW, mode);
}

Result<Resolved> PathResolver::resolve_by_kernel(int root, std::string path, bool follow) {
  bool directory_wanted = false;
  for (int links = 0; links <= kMaxLinkExpansions; ++links) {
    Split split = split_last(path);
    directory_wanted |= split.trailing_slash;
    Resolved resolved;
    resolved.dir = root;
    resolved.directory_wanted = directory_wanted;
    bool whole = split.name == "." || split.name == "..";
    const std::string& parent = whole ? path : split.parent;
    resolved.name = whole ? "." : split.name;
    if (!parent.empty() && parent != ".") {
      resolved.owned = TRY(open_by_kernel(root, parent, open_parent_flags(), 0));
      resolved.dir = resolved.owned.get();
    }
    if (!follow || whole) return resolved;
    auto target = read_link(resolved.dir, resolved.name.c_str());
    if (!target) return resolved;  // no link, or nothing there: the caller will see
    if (target->empty()) return std::unexpected(Errno::noent);
    if (target->front() == '/') return std::unexpected(Errno::perm);
    path = split.parent.empty() ? *target : split.parent + "/" + *target;
    if (path.size() >= kMaxPathBytes) return std::unexpected(Errno::nametoolong);
  }
  return std::unexpected(Errno::loop);
}

Result<Resolved> PathResolver::resolve_by_walk(int root, const std::string& path, bool follow) {
  std::vector<std::string> todo;  // reversed
  push_components(todo, path);
  bool directory_wanted = path.back() == '/';
  std::vector<OwnedFd> dirs;
  int links = 0;
  auto here = [&] { return dirs.empty() ? root : dirs.back().get(); };
  auto finish = [&](std::string name) {
    Resolved resolved;
    resolved.dir = here();
    if (!dirs.empty()) resolved.owned = std::move(dirs.back());
    resolved.name = std::move(name);
    resolved.directory_wanted = directory_wanted;
    return resolved;
  };
  while (!todo.empty()) {
    std::string name = std::move(todo.back());
    todo.pop_back();
    if (name == "..") {
      if (dirs.empty()) return std::unexpected(Errno::perm);
      dirs.pop_back();
    }
    if (name == "." || name == "..") {
      if (todo.empty()) return finish(".");
      continue;
    }
    bool last = todo.empty();
    if (last && !follow) return finish(std::move(name));
    if (!last) {
      OwnedFd next(::openat(here(), name.c_str(), open_parent_flags() | O_NOFOLLOW));
      if (next) {
        if (dirs.size() >= kMaxWalkDepth) return std::unexpected(Errno::nametoolong);
        dirs.push_back(std::move(next));
        continue;
      }
      if (errno != ENOTDIR && errno != ELOOP) return host_error();
    }
    auto target = read_link(here(), name.c_str());
    if (!target) {
      if (last) return finish(std::move(name));
      return std::unexpected(target.error() == Errno::inval ? Errno::notdir : target.error());
    }
    if (++links > kMaxLinkExpansions) return std::unexpected(Errno::loop);
    if (target->empty()) return std::unexpected(Errno::noent);
    if (target->front() == '/') return std::unexpected(Errno::perm);
    if (last && target->back() == '/') directory_wanted = true;
    push_components(todo, *target);
  }
  return finish(".");  // only slashes and dots were left
}

// The link that stood at the end was expanded; if another one has come meanwhile, O_NOFOLLOW catches it and we look again.
Result<OwnedFd> PathResolver::open_by_walk(int root, const std::string& path, bool follow, int flags, mode_t mode) {
  bool follow_last = (follow || path.back() == '/') && !((flags & O_CREAT) && (flags & O_EXCL));
  for (int attempt = 0; attempt < 64; ++attempt) {
    Resolved resolved = TRY(resolve_by_walk(root, path, follow_last));
    if (resolved.directory_wanted && (flags & O_CREAT)) return std::unexpected(Errno::isdir);
    int all = flags | O_NOFOLLOW | (resolved.directory_wanted ? O_DIRECTORY : 0);
    OwnedFd fd(::openat(resolved.dir, resolved.name.c_str(), all, mode));
    if (fd) return std::move(fd);
    if (errno == EINTR) continue;
    int error = errno;
    if (follow_last && (error == ELOOP || error == ENOTDIR) && read_link(resolved.dir, resolved.name.c_str())) continue;
    return std::unexpected(errno_from_host(error));
  }
  return std::unexpected(Errno::loop);
}

Result<OwnedFd> PathResolver::open(int root, const std::string& path, bool follow, int flags, mode_t mode) {
  flags |= O_CLOEXEC | O_NOCTTY;
  if (use_openat2()) return open_by_kernel(root, path, flags | (follow ? 0 : O_NOFOLLOW), mode);
  return open_by_walk(root, path, follow, flags, mode);
}

Result<Resolved> PathResolver::resolve(int root, const std::string& path, bool follow) {
  return use_openat2() ? resolve_by_kernel(root, path, follow) : resolve_by_walk(root, path, follow);
}

}  // namespace arris::wasi
