#include "cli/wasi_options.h"

#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "cli/print.h"

namespace arris::cli {

wasi::Preopen parse_dir(std::string_view text) {
  wasi::Preopen preopen;
  constexpr std::string_view kReadOnly = ":readonly";
  if (text.size() > kReadOnly.size() && text.ends_with(kReadOnly)) {
    preopen.read_only = true;
    text.remove_suffix(kReadOnly.size());
  }
  size_t colon = text.find(':');
  preopen.guest_path = text.substr(0, colon);
  preopen.host_path = colon == text.npos ? text : text.substr(colon + 1);
  return preopen;
}

std::expected<wasi::WasiConfig, std::string> make_wasi_config(const Options& o, std::vector<std::string> arguments) {
  wasi::WasiConfig config;
  config.args = std::move(arguments);
  if (o.env_inherit) config.inherit_env();
  config.env.insert(config.env.end(), o.env.begin(), o.env.end());
  for (const std::string& dir : o.dirs) config.preopens.push_back(parse_dir(dir));
  if (!o.stdin_file.empty()) {
    int fd = open(o.stdin_file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return std::unexpected("--stdin " + o.stdin_file + ": " + std::strerror(errno));
    config.stdin_stream = wasi::Stdio::from_fd(fd);
  }
  // One write per line, because threads of the guest trace at the same time.
  if (o.strace || o.log_level == LogLevel::trace)
    config.trace = [](std::string_view line) { print_error("{}\n", line); };
  config.max_threads = o.threads();
  if (o.fuel) config.fuel_per_thread = *o.fuel;
  return config;
}

std::string guest_name(const Options& o) {
  const std::string& file = o.words.front();
  if (o.form == Form::own) return file;
  std::string name = file.substr(file.rfind('/') + 1);
  size_t dot = name.rfind('.');
  return name.substr(0, dot == 0 ? name.npos : dot) + ".wasm";
}

}  // namespace arris::cli
