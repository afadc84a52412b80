#include "cli/module_file.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/file.h"
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

std::expected<std::vector<uint8_t>, std::string> load_binary(const std::string& path, api::Features features) {
  auto bytes = read_file(path, kMaxFileBytes);
  if (!bytes) return std::unexpected(explain_read_error(path, bytes.error()));
  if (!looks_like_text(*bytes)) return *std::move(bytes);
  auto wasm = text::wat_to_wasm({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, {.features = features});
  if (!wasm) return std::unexpected(wasm.error().format(path));
  return *std::move(wasm);
}

std::expected<api::Module, std::string> load_module(const api::Engine& engine, const std::string& path) {
  auto bytes = load_binary(path, engine.config().features);
  if (!bytes) return std::unexpected(std::move(bytes).error());
  auto module = api::Module::compile(engine, *std::move(bytes));
  if (!module) {
    return std::unexpected(fmt::format("{}: {}: {}", path, api::to_string(api::phase_of(module.error().code)),
                                       module.error().to_string()));
  }
  return *std::move(module);
}

}  // namespace arris::cli
