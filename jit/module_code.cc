#include "jit/module_code.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <thread>

#include "base/check.h"
#include "masm/x64.h"
#include "runtime/memory.h"

namespace arris::jit {

using masm::at;
using masm::Width;
using Masm = masm::X64Masm;
using runtime::CodeBlock;
using runtime::InstanceData;

namespace {

constexpr uint32_t kFunctionAlignment = 32;  // as instructions are fetched: fib runs 1.3 times as fast as at an odd multiple of 16
constexpr uint32_t kStubAlignment = 16;
constexpr uint32_t kPageBytes = 4096;        // at least: the unit of code space
constexpr uint32_t kFuncsAtOnce = 16;
constexpr uint32_t kBytesPerThread = 64 << 10;  // of wasm code; below this a thread costs more than it saves

// Where the next function goes behind one that ends at `end`. Not at `end` itself, where its last call may return to.
uint64_t place_behind(uint64_t end) { return (end + kFunctionAlignment) & ~uint64_t{kFunctionAlignment - 1}; }

// Where a function that has pages of its own begins in them: anywhere that takes no more pages. If all began at the page's begin, hot
// functions would share a few sets of the instruction cache (a tenth of the time of programs with a dozen such functions).
uint64_t place_alone(uint32_t index, uint64_t bytes) {
  const uint64_t unused =
      (kPageBytes - (bytes + 1) % kPageBytes) % kPageBytes;  // a byte behind the end is kept, as above
  return (index * 0x9E37'79B1u >> 8) % (unused / kFunctionAlignment + 1) * kFunctionAlignment;
}

uint32_t count_of(const Module& module) { return static_cast<uint32_t>(module.func_codes.size()); }

}  // namespace

ModuleCode::ModuleCode(const Module& module, std::shared_ptr<Machine> machine, bool checks_bounds)
    : module_(module), machine_(std::move(machine)), checks_bounds_(checks_bounds) {
  if (machine_->options().adaptive) heat_.reset(new std::atomic<uint32_t>[count_of(module)]());
}

ModuleCode::~ModuleCode() {
  for (const CodeBlock* block : blocks_) machine_->space().release(block);
}

ModuleCode* ModuleCode::attach(const Module& module, std::shared_ptr<Machine> machine) {
  if (ModuleCode* code = of(module)) return code;
  std::unique_ptr<ModuleCode> code(new ModuleCode(module, std::move(machine), false));
  ModuleAttachment* other = nullptr;
  if (module.attachment.compare_exchange_strong(other, code.get(), std::memory_order_acq_rel)) return code.release();
  return static_cast<ModuleCode*>(other);  // another thread was faster
}

bool ModuleCode::activate() {
  if (is_active_.load(std::memory_order_acquire)) return true;
  if (!machine_->prepare()) return false;
  entries_.reset(new runtime::MachineEntry[count_of(module_)]);
  if (!make_stubs()) return false;
  is_active_.store(true, std::memory_order_release);
  return true;
}

bool ModuleCode::heat_up(uint32_t index, uint32_t heat) {
  // Other threads may count at the same time; what one of them loses does not matter, and a locked addition takes longer.
  const uint32_t before = heat_[index].load(std::memory_order_relaxed);
  if (before >= kNever) return false;
  const uint32_t now = before + heat;
  heat_[index].store(now, std::memory_order_relaxed);
  return now >= machine_->threshold_of(index, module_.func_codes[index].code_size);
}

CompileOptions ModuleCode::compile_options() const {
  CompileOptions options = machine_->compile_options();
  options.explicit_bounds_checks |= checks_bounds_;
  return options;
}

void ModuleCode::give_up(uint32_t index) {
  if (heat_) heat_[index].store(kNever, std::memory_order_relaxed);
}

// For every function: find its FuncInstance in the running instance, and go to slow_entry.
bool ModuleCode::make_stubs() {
  const uint32_t count = count_of(module_);
  if (count == 0) return true;
  Masm masm((masm::CpuFeatures()));
  std::vector<uint32_t> offsets(count);
  for (uint32_t i = 0; i < count; ++i) {
    masm.align(kStubAlignment);
    offsets[i] = masm.offset();
    const auto slot = static_cast<int32_t>((module_.imported_funcs + i) * sizeof(void*));
    masm.load_gp(Width::w64, Masm::kCallee, at(Masm::kInstance, static_cast<int32_t>(offsetof(InstanceData, funcs))));
    masm.load_gp(Width::w64, Masm::kCallee, at(Masm::kCallee, slot));
    masm.move_imm(Width::w64, Masm::kScratch, reinterpret_cast<uintptr_t>(machine_->stubs().slow_entry));
    masm.jump_reg(Masm::kScratch);
  }
  if (!masm.finish()) return false;
  const std::span<uint8_t> pages = machine_->space().allocate(masm.code().size());
  if (pages.empty()) return false;
  std::memcpy(pages.data(), masm.code().data(), masm.code().size());
  auto stubs = std::make_unique<CodeBlock>();
  stubs->stubs = {{"entry_stubs", 0, static_cast<uint32_t>(masm.code().size()), 0, 0, false}};
  const CodeBlock* block = machine_->space().publish(pages, std::move(stubs));
  if (block == nullptr) return false;
  blocks_.push_back(block);
  for (uint32_t i = 0; i < count; ++i) entries_[i].store(block->begin + offsets[i], std::memory_order_relaxed);
  return true;
}

std::expected<void, ModuleCompileError> ModuleCode::compile(uint32_t index) {
  std::lock_guard lock(mutex_);
  if (!activate()) return std::unexpected(ModuleCompileError{{}, 0, "no executable memory"});
  if (code(index) != nullptr || !machine_->compiles(index)) return {};
  std::vector<CompiledFunction> functions(1);
  const FuncIndex func(index + module_.imported_funcs);
  if (!compiler_) compiler_ = std::make_unique<Compiler>();
  if (auto made = compiler_->compile(module_, func, compile_options(), functions[0]); !made) {
    give_up(index);
    return std::unexpected(ModuleCompileError{func, module_.bodies[index].code_offset + made.error().wasm_offset,
                                              std::move(made.error().message)});
  }
  auto installed = install(index, functions);
  if (!installed) give_up(index);
  return installed;
}

std::expected<void, ModuleCompileError> ModuleCode::compile_all(unsigned threads) {
  std::lock_guard lock(mutex_);
  if (is_complete_) return {};
  if (!activate()) return std::unexpected(ModuleCompileError{{}, 0, "no executable memory"});
  const uint32_t count = count_of(module_);
  std::vector<CompiledFunction> functions(count);
  std::atomic<uint32_t> next = 0;
  std::mutex error_mutex;
  std::optional<ModuleCompileError> error;
  const auto work = [&] {
    Compiler compiler;
    for (uint32_t begin; (begin = next.fetch_add(kFuncsAtOnce)) < count;) {
      for (uint32_t i = begin; i < std::min(begin + kFuncsAtOnce, count); ++i) {
        if (!machine_->compiles(i) || code(i) != nullptr) continue;
        const FuncIndex func(i + module_.imported_funcs);
        auto made = compiler.compile(module_, func, compile_options(), functions[i]);
        if (made) continue;
        std::lock_guard error_lock(error_mutex);
        if (error && error->func.value < func.value) continue;
        error = ModuleCompileError{func, module_.bodies[i].code_offset + made.error().wasm_offset,
                                   std::move(made.error().message)};
        next.store(count);  // no need to go on
      }
    }
  };
  const uint32_t parts = std::clamp<uint32_t>((module_.code_end - module_.code_begin) / kBytesPerThread, 1, threads);
  std::vector<std::thread> workers;
  for (uint32_t i = 1; i < parts; ++i) workers.emplace_back(work);
  work();
  for (std::thread& worker : workers) worker.join();
  if (error) return std::unexpected(*std::move(error));
  TRY_VOID(install(0, functions));
  is_complete_ = true;
  return {};
}

std::expected<void, ModuleCompileError> ModuleCode::install(uint32_t first, std::vector<CompiledFunction>& functions) {
  auto block = std::make_unique<CodeBlock>();
  block->module = &module_;
  uint64_t end = 0;
  size_t pcs = 0, pads = 0, loops = 0;
  block->functions.reserve(functions.size() + 1);
  for (uint32_t i = 0; i < functions.size(); ++i) {
    const CompiledFunction& f = functions[i];
    if (f.bytes.empty()) continue;
    const uint64_t begin = !block->functions.empty() ? place_behind(end)
                           : functions.size() == 1   ? place_alone(first, f.bytes.size())
                                                     : 0;
    end = begin + f.bytes.size();
    if (end > runtime::kMaxCodeBytes) break;
    block->functions.push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(end), first + i,
                                static_cast<uint32_t>(pcs), static_cast<uint32_t>(pads), static_cast<uint32_t>(loops)});
    pcs += f.pc_map.size();
    pads += f.landing_pads.size();
    loops += f.osr_entries.size();
  }
  if (end == 0) return {};
  const std::span<uint8_t> pages =
      end <= runtime::kMaxCodeBytes ? machine_->space().allocate(end) : std::span<uint8_t>();
  if (pages.empty()) return std::unexpected(ModuleCompileError{{}, 0, "no room for machine code"});
  block->functions.push_back({static_cast<uint32_t>(end + 1), static_cast<uint32_t>(end + 1), 0,
                              static_cast<uint32_t>(pcs), static_cast<uint32_t>(pads), static_cast<uint32_t>(loops)});
  block->pc_map.reserve(pcs);
  block->landing_pads.reserve(pads);
  block->osr_entries.reserve(loops);
  std::vector<uint32_t> entry_offsets;
  entry_offsets.reserve(block->functions.size());
  for (const CodeBlock::Function& place : std::span(block->functions).first(block->functions.size() - 1)) {
    CompiledFunction& f = functions[place.index - first];
    entry_offsets.push_back(place.begin + f.entry_offset);
    std::memcpy(pages.data() + place.begin, f.bytes.data(), f.bytes.size());
    for (const PcMapEntry& e : f.pc_map) block->pc_map.push_back({e.native_offset, e.wasm_offset});
    for (const OsrEntry& e : f.osr_entries) block->osr_entries.push_back({e.native_offset, e.loop_offset});
    for (const PcMapEntry& e : f.positions) block->positions.push_back({place.begin + e.native_offset, e.wasm_offset});
    block->landing_pads.insert(block->landing_pads.end(), f.landing_pads.begin(), f.landing_pads.end());
    f = CompiledFunction();  // so that code is not in memory twice
  }
  const CodeBlock* published = machine_->space().publish(pages, std::move(block));
  if (published == nullptr) return std::unexpected(ModuleCompileError{{}, 0, "no executable memory"});
  blocks_.push_back(published);
  for (size_t i = 0; i < entry_offsets.size(); ++i)
    entries_[published->functions[i].index].store(published->begin + entry_offsets[i], std::memory_order_release);
  return {};
}

ModuleCode& ModuleCode::code_for(const InstanceData& instance) {
  if (instance.entries != nullptr) return instance.entries == entries_.get() ? *this : *checked_;
  if (checks_bounds_ || module_.memories.empty()) return *this;
  const runtime::MemoryInstance& memory = *instance.memories[0];
  const bool relies_on_guard = !memory.is_64 && memory.page_size_log2 == 16;
  if (!relies_on_guard || memory.guard_bytes >= runtime::kMemory32GuardBytes) return *this;
  std::call_once(checked_once_, [this] { checked_.reset(new ModuleCode(module_, machine_, true)); });
  return *checked_;
}

bool ModuleCode::prepare(InstanceData& instance) const {
  if (instance.entries != nullptr) return true;
  if (!is_active_.load(std::memory_order_acquire)) return false;
  instance.entries = entries_.get();
  instance.machine = machine_->table();
  for (uint32_t i = 0; i < count_of(module_); ++i)
    instance.funcs[module_.imported_funcs + i]->entry_slot = &entries_[i];
  return true;
}

// ---- Questions of the tiers ------------------------------------------------------------------------------------------------------

namespace {

// The code of function `index`, compiled now if it is time for that; `heat` is what the question counts for.
const void* find_or_compile(ModuleCode& code, InstanceData& instance, uint32_t index, uint32_t heat) {
  if (code.prepare(instance)) {
    if (const void* found = code.code(index)) return found;
  }
  const MachineOptions& options = code.machine().options();
  // Of the code that checks bounds, nothing was compiled ahead.
  const bool now = options.adaptive ? code.heat_up(index, heat) : options.lazy || code.checks_bounds();
  if (!now) return nullptr;
  if (!code.machine().prepare()) {
    instance.context->watch = 0;  // there will be no compiled code: no need to ask again
    return nullptr;
  }
  if (!code.compile(index) || !code.prepare(instance)) return nullptr;
  return code.code(index);
}

}  // namespace

const void* find_or_compile(const runtime::FuncInstance& func) {
  InstanceData& instance = *func.instance;
  ModuleCode* code = ModuleCode::of(*instance.module);
  if (code == nullptr) return nullptr;
  return find_or_compile(code->code_for(instance), instance, func.index.value - instance.imported_funcs, kCallHeat);
}

runtime::LoopEntry find_or_compile_loop(InstanceData& instance, const FuncCode& func_code, const uint8_t* loop) {
  ModuleCode* code = ModuleCode::of(*instance.module);
  if (code == nullptr) return {nullptr, nullptr};
  const uint32_t sample = code->machine().options().loop_sample;
  instance.context->loop_ticks = sample;
  const auto index = static_cast<uint32_t>(&func_code - instance.func_codes);
  const void* entry = find_or_compile(code->code_for(instance), instance, index, sample);
  if (entry == nullptr) return {nullptr, nullptr};
  const CodeBlock& block = *code->machine().space().find(reinterpret_cast<uintptr_t>(entry));
  const CodeBlock::Function& function = *block.find(reinterpret_cast<uintptr_t>(entry));
  return {block.osr_entry(function, static_cast<uint32_t>(loop - func_code.code)),
          instance.funcs[instance.imported_funcs + index]};
}

}  // namespace arris::jit
