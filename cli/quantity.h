// Numbers on the command line: counts, sizes and durations. The errors are half sentences: "expected ...".
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace arris::cli {

// A whole number, decimal or 0x-hexadecimal, at most `most`.
std::expected<uint64_t, std::string> parse_count(std::string_view text, uint64_t most = ~uint64_t{0});
// 4096, 64K, 64KB, 64KiB, 1.5MB, 2G, 1T: powers of 1024.
std::expected<uint64_t, std::string> parse_size(std::string_view text);
// 500ms, 5s, 1.5m, 2h, 10us. A number without unit is in milliseconds. At most a hundred years.
std::expected<std::chrono::nanoseconds, std::string> parse_duration(std::string_view text);

// "1.250", to the microsecond.
std::string print_milliseconds(std::chrono::nanoseconds time);

}  // namespace arris::cli
