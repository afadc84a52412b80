// Declarations first, then all bodies, by several threads if the module is large: the functions are split into ranges of about
// equal bytes; every range has its own FunctionValidator and tables and stops at its first error. The error that counts is
// the one of the lowest range, so the answer is the same however the work was divided.
#include "decoder/validator/validator.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <optional>
#include <thread>

#include "decoder/instruction_skipper.h"
#include "decoder/validator/function_validator.h"
#include "decoder/validator/module_validator.h"

namespace arris::validator {
namespace {

constexpr uint32_t kBytesPerThread = 1u << 20;  // below this a thread costs more than it saves

struct Range {
  uint32_t begin = 0;  // of bodies
  uint32_t end = 0;
  SideTableArena arena;
  std::optional<Error> error;
};

// Space for the code copy. Nothing is copied now, and memory that is not touched costs nothing (wasm/module.h, FuncCode).
void reserve_code(Module& module) {
  const uint32_t size = module.code_end - module.code_begin;
  module.code = std::make_unique_for_overwrite<uint8_t[]>(size + Module::kCodePadding);
  std::memset(module.code.get() + size, info(Opcode::unreachable).code, Module::kCodePadding);
}

std::vector<Range> split(const Module& module, unsigned threads) {
  uint32_t count = static_cast<uint32_t>(module.bodies.size());
  uint32_t bytes = module.code_end - module.code_begin;
  unsigned parts = std::clamp<unsigned>(bytes / kBytesPerThread, 1, std::max(threads, 1u));
  std::vector<Range> ranges(parts);
  uint32_t body = 0;
  for (unsigned i = 0; i < parts; ++i) {
    ranges[i].begin = body;
    uint64_t stop = module.code_begin + uint64_t{bytes} * (i + 1) / parts;
    while (body < count && (i == parts - 1 || module.bodies[body].body.end() <= stop)) ++body;
    ranges[i].end = body;
  }
  return ranges;
}

void validate_range(ModuleContext& context, Range& range, unsigned number, const ValidateOptions& options,
                    std::atomic<unsigned>& lowest_failed) {
  FunctionValidator validator(context, options.fast);
  for (uint32_t i = range.begin; i < range.end; ++i) {
    if (lowest_failed.load(std::memory_order_relaxed) < number) return;  // this range's answer no longer matters
    if (validator.validate_body(context.module.imported_funcs + i, range.arena)) continue;
    range.error = validator.take_error();
    unsigned seen = lowest_failed.load();
    while (number < seen && !lowest_failed.compare_exchange_weak(seen, number)) {}
    return;
  }
}

std::expected<void, Error> validate_bodies(ModuleContext& context, const ValidateOptions& options) {
  Module& module = context.module;
  reserve_code(module);
  module.func_codes.assign(module.bodies.size(), {});
  std::vector<Range> ranges = split(module, options.threads);
  std::atomic<unsigned> lowest_failed = static_cast<unsigned>(ranges.size());
  std::vector<std::thread> workers;
  for (unsigned i = 1; i < ranges.size(); ++i) {
    workers.emplace_back([&, i] { validate_range(context, ranges[i], i, options, lowest_failed); });
  }
  validate_range(context, ranges[0], 0, options, lowest_failed);
  for (std::thread& worker : workers) worker.join();
  for (Range& range : ranges) {
    if (range.error) return std::unexpected(std::move(*range.error));
    range.arena.move_to(module);
  }
  return {};
}

}  // namespace

std::expected<void, Error> validate_module(Module& module, const ValidateOptions& options) {
  ModuleContext context(module);
  std::expected<void, Error> result = ModuleValidator(context).validate();
  if (result) result = validate_bodies(context, options);
  if (!result && phase_of(result.error().code) == ErrorPhase::invalid) {
    // Only a well-formed module can be called invalid; what comes after the error has not been looked at yet.
    if (std::optional<Error> malformed = decoder::find_malformed_body(module))
      return std::unexpected(std::move(*malformed));
  }
  return result;
}

}  // namespace arris::validator
