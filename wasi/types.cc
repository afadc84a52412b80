#include "wasi/types.h"

#include <cerrno>

namespace arris::wasi {

Errno errno_from_host(int host_errno) {
  switch (host_errno) {
#define WASI_ERRNO(name, value, host, text) \
  case host: return Errno::name;
#include "wasi/errnos.def"
    default: return Errno::io;
  }
}

std::string_view errno_text(Errno error) {
  switch (error) {
#define WASI_ERRNO(name, value, host, text) \
  case Errno::name: return text;
#include "wasi/errnos.def"
  }
  return "E?";
}

}  // namespace arris::wasi
