#include "cli/module_file.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/file.h"
#include "text/source_place.h"
#include "text/text_error.h"
#include "text/wat.h"

namespace arris::cli {
namespace {

constexpr uint64_t kMaxFileBytes = uint64_t{1} << 30;

std::string explain_read_error(const std::string& path, int error) {
  if (error == ENOENT) return fmt::format("{}: no such file", path);
  if (error == EISDIR) return fmt::format("{}: is a folder; name a .wasm or .wat file in it", path);
  if (error == EFBIG) return fmt::format("{}: larger than {} bytes, the limit for a module", path, kMaxFileBytes);
  return fmt::format("{}: cannot be read: {}", path, std::strerror(error));
}

}  // namespace

bool looks_like_text(std::span<const uint8_t> bytes) {
  for (uint8_t c : bytes) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
    return c == '(' || c == ';';
  }
  return false;
}

LoadError refused(const std::string& path, const api::Error& error, std::string_view text) {
  if (const auto at = text.empty() ? std::nullopt : text::find_source(text, error.offset)) {
    const std::string what = fmt::format("{}: {}", api::to_string(api::phase_of(error.code)), error.to_string());
    return {LoadError::Kind::refused, text::make_text_error(text, *at, what).format(path), error.code};
  }
  return {LoadError::Kind::refused,
          fmt::format("{}: {}: {}", path, api::to_string(api::phase_of(error.code)), error.to_string()), error.code};
}

std::expected<std::vector<uint8_t>, LoadError> load_binary(const std::string& path, api::Features features,
                                                           const Log& log, std::string* text) {
  Stopwatch watch;
  auto bytes = read_file(path, kMaxFileBytes);
  if (!bytes) return std::unexpected(LoadError{LoadError::Kind::unreadable, explain_read_error(path, bytes.error())});
  log.debug("read {}: {} bytes in {} ms", path, bytes->size(), watch.milliseconds());
  if (!looks_like_text(*bytes)) return *std::move(bytes);
  Stopwatch convert_watch;
  auto wasm = text::wat_to_wasm({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, {.features = features});
  if (!wasm) return std::unexpected(LoadError{LoadError::Kind::text, wasm.error().format(path)});
  log.debug("converted {} from text: {} bytes in {} ms", path, wasm->size(), convert_watch.milliseconds());
  if (text != nullptr) text->assign(bytes->begin(), bytes->end());
  return *std::move(wasm);
}

std::expected<api::Module, LoadError> load_module(const api::Engine& engine, const std::string& path, const Log& log) {
  std::string text;
  auto bytes = load_binary(path, engine.config().features, log, &text);
  if (!bytes) return std::unexpected(std::move(bytes).error());
  Stopwatch watch;
  auto module = api::Module::compile(engine, *std::move(bytes));
  if (!module) return std::unexpected(refused(path, module.error(), text));
  if (log.has(LogLevel::info)) {
    log.info("loaded {}: {} bytes, {} functions, {} imports, {} exports; decoded and validated in {} ms", path,
             module->bytes().size(), module->func_count(), module->imports().size(), module->exports().size(),
             watch.milliseconds());
  }
  return *std::move(module);
}

}  // namespace arris::cli
