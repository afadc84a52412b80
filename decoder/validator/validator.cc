// Declarations first, then all bodies, by several threads if the module is large: the functions are split into ranges of about
// equal bytes, which the threads take one after the other, so that a thread that the system holds up holds up no other; a range
// stops at its first error. The error that counts is the one of the lowest range, so the answer is the same however the work was
// divided.
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
constexpr unsigned kRangesPerThread = 16;

struct Range {
  uint32_t begin = 0;  // of bodies
  uint32_t end = 0;
  std::optional<Error> error;
};

// What the threads share.
struct Work {
  Work(ModuleContext& c, const ValidateOptions& o) : context(c), options(o) {}
  ModuleContext& context;
  const ValidateOptions& options;
  std::vector<Range> ranges;
  std::atomic<unsigned> next{0};
  std::atomic<unsigned> lowest_failed{0};
};

// Space for the code copy. Nothing is copied now, and memory that is not touched costs nothing (wasm/module.h, FuncCode).
void reserve_code(Module& module) {
  const uint32_t size = module.code_end - module.code_begin;
  module.code = std::make_unique_for_overwrite<uint8_t[]>(size + Module::kCodePadding);
  std::memset(module.code.get() + size, info(Opcode::unreachable).code, Module::kCodePadding);
}

std::vector<Range> split(const Module& module, unsigned parts) {
  uint32_t count = static_cast<uint32_t>(module.bodies.size());
  uint32_t bytes = module.code_end - module.code_begin;
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

void validate_range(Work& work, FunctionValidator& validator, SideTableArena& arena, unsigned number) {
  Range& range = work.ranges[number];
  for (uint32_t i = range.begin; i < range.end; ++i) {
    if (work.lowest_failed.load(std::memory_order_relaxed) < number) return;  // this range's answer no longer matters
    if (validator.validate_body(work.context.module.imported_funcs + i, arena)) continue;
    range.error = validator.take_error();
    unsigned seen = work.lowest_failed.load();
    while (number < seen && !work.lowest_failed.compare_exchange_weak(seen, number)) {}
    return;
  }
}

// One thread's part.
void validate_some(Work& work, SideTableArena& arena) {
  FunctionValidator validator(work.context, work.options.fast);
  for (unsigned number; (number = work.next.fetch_add(1, std::memory_order_relaxed)) < work.ranges.size();)
    validate_range(work, validator, arena, number);
}

std::expected<void, Error> validate_bodies(ModuleContext& context, const ValidateOptions& options) {
  Module& module = context.module;
  reserve_code(module);
  module.func_codes.assign(module.bodies.size(), {});
  const uint32_t bytes = module.code_end - module.code_begin;
  const unsigned threads = std::clamp<unsigned>(bytes / kBytesPerThread, 1, std::max(options.threads, 1u));
  Work work(context, options);
  work.ranges = split(module, threads == 1 ? 1 : threads * kRangesPerThread);
  work.lowest_failed = static_cast<unsigned>(work.ranges.size());
  std::vector<SideTableArena> arenas(threads);
  std::vector<std::thread> workers;
  for (unsigned i = 1; i < threads; ++i) workers.emplace_back([&, i] { validate_some(work, arenas[i]); });
  validate_some(work, arenas[0]);
  for (std::thread& worker : workers) worker.join();
  for (Range& range : work.ranges) {
    if (range.error) return std::unexpected(std::move(*range.error));
  }
  for (SideTableArena& arena : arenas) arena.move_to(module);
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
