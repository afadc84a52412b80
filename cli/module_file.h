// Module files: text or binary, told apart by their content, not by their name.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arris/arris.h"
#include "cli/log.h"

namespace arris::cli {

// Is it the text format? A binary module starts with "\0asm"; text starts, after white space, with '(' or a comment.
bool looks_like_text(std::span<const uint8_t> bytes);

// Why a file is no module: `text` is one or more printable lines that name the file and the place in it.
struct LoadError {
  enum class Kind : uint8_t { unreadable, text, refused };
  Kind kind;
  std::string text;
  api::ErrorCode code = api::ErrorCode::module_text;  // of a refused one
};

// Of what Module::compile or validate said about `path`. `text`: what the module was made of, if that was text.
LoadError refused(const std::string& path, const api::Error& error, std::string_view text = {});

// The file's bytes in the binary format; text is converted, and put into `text` (otherwise empty). "-" is standard input.
std::expected<std::vector<uint8_t>, LoadError> load_binary(const std::string& path, api::Features features,
                                                           const Log& log, std::string* text = nullptr);

// load_binary, then Module::compile.
std::expected<api::Module, LoadError> load_module(const api::Engine& engine, const std::string& path, const Log& log);

}  // namespace arris::cli
