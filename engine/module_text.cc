// Module::compile_text and to_text, apart from the rest so that programs without it do not link the text parser.
#include "arris/module.h"
#include "engine/access.h"
#include "text/printer.h"
#include "text/wat.h"

namespace arris::api {

std::expected<Module, Error> Module::compile_text(const Engine& engine, std::string_view text) {
  auto bytes = arris::text::wat_to_wasm(text, {.features = engine.config().features});
  if (!bytes) {
    const arris::text::TextError& error = bytes.error();
    return std::unexpected(
        Error{ErrorCode::module_text, kNoOffset,
              std::to_string(error.line) + ":" + std::to_string(error.column) + ": " + error.message});
  }
  return compile(engine, *std::move(bytes));
}

std::string Module::to_text() const { return arris::text::print_wat(detail::Access::module(*this)); }

}  // namespace arris::api
