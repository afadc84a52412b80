// Module files: text or binary, told apart by their content, not by their name.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <vector>

#include "arris/arris.h"

namespace arris::cli {

// Is it the text format? A binary module starts with "\0asm"; text starts, after white space, with '(' or a comment.
bool looks_like_text(std::span<const uint8_t> bytes);

// The file's bytes in the binary format; text is converted. "-" is standard input. The error is one or more printable lines
// that name the file and the place in it.
std::expected<std::vector<uint8_t>, std::string> load_binary(const std::string& path, api::Features features);

// load_binary, then Module::compile.
std::expected<api::Module, std::string> load_module(const api::Engine& engine, const std::string& path);

}  // namespace arris::cli
