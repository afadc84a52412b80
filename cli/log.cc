#include "cli/log.h"

#include <chrono>
#include <cstdlib>
#include <ctime>

#include <fmt/format.h>

#include "cli/print.h"

namespace arris::cli {
namespace {

struct LevelName {
  std::string_view name;
  LogLevel level;
};
// The first of a level is the one that is printed.
constexpr LevelName kLevels[] = {
    {"off", LogLevel::off},     {"error", LogLevel::error},     {"critical", LogLevel::error},
    {"fatal", LogLevel::error}, {"warning", LogLevel::warning}, {"warn", LogLevel::warning},
    {"info", LogLevel::info},   {"debug", LogLevel::debug},     {"trace", LogLevel::trace},
};

}  // namespace

std::optional<LogLevel> parse_log_level(std::string_view name) {
  for (const LevelName& row : kLevels) {
    if (row.name == name) return row.level;
  }
  return std::nullopt;
}

LogLevel log_level_of_environment() {
  const char* variable = std::getenv("RUST_LOG");
  std::string_view rest = variable != nullptr ? variable : "error";
  LogLevel most = LogLevel::error;
  while (!rest.empty()) {
    std::string_view part = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(part.size() + 1, rest.size()));
    size_t equals = part.find('=');
    auto level = parse_log_level(equals == part.npos ? part : part.substr(equals + 1));
    if (level && *level > most) most = *level;
  }
  return most;
}

std::string log_prefix(std::string_view level_name) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  // Not in local time: time zones (and strftime) are 30 KB of a static program.
  std::chrono::sys_seconds time{std::chrono::seconds(now.tv_sec)};
  auto day = std::chrono::floor<std::chrono::days>(time);
  std::chrono::year_month_day date(day);
  std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("[{}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}] [{}] ", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), now.tv_nsec / 1'000'000, level_name);
}

void Log::write(LogLevel level, fmt::string_view format, fmt::format_args arguments) {
  std::string_view name;
  for (const LevelName& row : kLevels) {
    if (row.level == level && name.empty()) name = row.name;
  }
  print_error("{}{}\n", log_prefix(name), fmt::vformat(format, arguments));
}

}  // namespace arris::cli
