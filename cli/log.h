// What the engine did, on standard error: loading, sizes, instantiation, calls, with the time each took. Off unless asked for by
// --log-level or --enable-embed-log; a disabled line costs one comparison.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/core.h>

#include "cli/options.h"
#include "cli/quantity.h"

namespace arris::cli {

// off, error (and WasmEdge's critical and fatal), warning or warn, info, debug, trace.
std::optional<LogLevel> parse_log_level(std::string_view name);
// Of the variable RUST_LOG: a level, or "target=level,..." of which the most talkative counts; at least error.
LogLevel log_level_of_environment();

// "[2026-01-31 12:00:00.000] [info] ", in UTC
std::string log_prefix(std::string_view level_name);

class Log {
 public:
  explicit Log(const Options& options) : level_(options.log_level.value_or(LogLevel::off)) {}

  bool has(LogLevel level) const { return level <= level_; }
  template <class... Args>
  void info(fmt::format_string<Args...> format, Args&&... arguments) const {
    if (has(LogLevel::info)) write(LogLevel::info, format, fmt::make_format_args(arguments...));
  }
  template <class... Args>
  void debug(fmt::format_string<Args...> format, Args&&... arguments) const {
    if (has(LogLevel::debug)) write(LogLevel::debug, format, fmt::make_format_args(arguments...));
  }

 private:
  static void write(LogLevel level, fmt::string_view format, fmt::format_args arguments);
  LogLevel level_;
};

class Stopwatch {
 public:
  std::chrono::nanoseconds elapsed() const { return std::chrono::steady_clock::now() - start_; }
  std::string milliseconds() const { return print_milliseconds(elapsed()); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace arris::cli
