// WasiConfig: what a guest is given. Nothing but the three standard streams unless asked for.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "wasi/path_resolver.h"
#include "wasi/stream.h"

namespace arris::wasi {

// Where a standard stream goes.
struct Stdio {
  enum class Kind : uint8_t { inherit, host_fd, stream, closed };

  static Stdio inherit() { return {}; }                                  // the process's own
  static Stdio from_fd(int fd) { return {Kind::host_fd, fd, nullptr}; }  // takes the descriptor over
  static Stdio from_stream(std::shared_ptr<Stream> stream) { return {Kind::stream, -1, std::move(stream)}; }
  static Stdio null() { return from_stream(std::make_shared<NullStream>()); }
  static Stdio closed() { return {Kind::closed, -1, nullptr}; }

  Kind kind = Kind::inherit;
  int fd = -1;
  std::shared_ptr<Stream> stream;
};

struct Preopen {
  std::string guest_path;  // the name the guest sees
  std::string host_path;   // a directory
  bool read_only = false;
};

// One line per call, without newline. Called on the thread of the guest that made the call.
using TraceSink = std::function<void(std::string_view line)>;

struct WasiConfig {
  std::vector<std::string> args;  // the first is the program's name
  std::vector<std::string> env;   // "KEY=VALUE"
  std::vector<Preopen> preopens;  // descriptors from 3 on, in this order
  std::vector<int> listeners;     // listening sockets, taken over; numbered after the preopened directories
  Stdio stdin_stream;
  Stdio stdout_stream;
  Stdio stderr_stream;

  uint32_t max_fds = 65536;                 // of the guest; more is EMFILE
  uint32_t max_threads = 0;                 // of wasi-threads at one time, besides the first; 0: thread-spawn fails
  uint64_t fuel_per_thread = ~uint64_t{0};  // where the engine counts fuel
  ResolverKind resolver = ResolverKind::automatic;
  TraceSink trace;

  void inherit_env();  // appends the environment of the process
};

}  // namespace arris::wasi
