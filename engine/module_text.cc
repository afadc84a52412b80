// Module::compile_text and to_text, apart from the rest so that programs without it do not link the text parser.
#include "arris/module.h"
#include "engine/access.h"
#include "interp/prepare.h"
#include "interp/quick_names.h"
#include "text/listing.h"
#include "text/printer.h"
#include "text/source_place.h"
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
  auto module = compile(engine, *std::move(bytes));
  if (!module) {
    if (const auto at = arris::text::find_source(text, module.error().offset)) {
      const arris::text::Position place = arris::text::position_at(text, *at);
      std::string& detail = module.error().detail;
      detail = std::to_string(place.line) + ":" + std::to_string(place.column) + (detail.empty() ? "" : ": " + detail);
    }
  }
  return module;
}

struct InstructionLister::State {
  explicit State(const Module& m) : module(m), lister(detail::Access::module(m)) {}
  Module module;
  arris::text::InstructionLister lister;
};

InstructionLister::InstructionLister(const Module& module) : state_(std::make_unique<const State>(module)) {}
InstructionLister::~InstructionLister() = default;

std::vector<ListedInstruction> InstructionLister::list(uint32_t func) const {
  const arris::Module& module = detail::Access::module(state_->module);
  std::vector<ListedInstruction> out;
  if (func < module.imported_funcs || func >= module.funcs.size()) return out;
  arris::interp::prepare(module, module.func_codes[func - module.imported_funcs]);
  for (arris::text::ListedInstruction& one : state_->lister.list(func - module.imported_funcs)) {
    // Rewritten bytes are those of the interpreter's copy.
    const std::string_view quickened = arris::interp::quick_name(module.code[one.offset - module.code_begin]);
    out.push_back({one.offset, std::move(one.text), quickened});
  }
  return out;
}

std::string Module::to_text() const { return arris::text::print_wat(detail::Access::module(*this)); }

}  // namespace arris::api
