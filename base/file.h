// Whole files into memory, for tools. Errors are errno values.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace arris {

// Reads a regular file, pipe or "-" (standard input). EFBIG beyond `max_bytes`, EISDIR for a directory.
std::expected<std::vector<uint8_t>, int> read_file(const std::string& path, uint64_t max_bytes);
// Creates or replaces a file ("-" is standard output). Returns 0 or an errno value.
int write_file(const std::string& path, std::string_view bytes);

}  // namespace arris
