#include "jit/module_code.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <iterator>
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

constexpr uint32_t kStubAlignment = 16;
constexpr uint32_t kFuncsAtOnce = 16;
constexpr uint32_t kBytesPerThread = 64 << 10;  // of wasm code; below this a thread costs more than it saves
// How much machine code to expect, which is asked for in advance; what is not needed goes back.
constexpr uint64_t kBytesPerWasmByte = 3;
constexpr uint64_t kBytesPerFunction = 128;

uint32_t count_of(const Module& module) { return static_cast<uint32_t>(module.func_codes.size()); }

}  // namespace

ModuleCode::ModuleCode(const Module& module, std::shared_ptr<Machine> machine, bool checks_bounds)
    : module_(module), machine_(std::move(machine)), checks_bounds_(checks_bounds) {
  makes_objects_ = std::any_of(module.types.begin(), module.types.end(),
                               [](const auto& type) { return type.kind != CompositeKind::func; });
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
  if (!make_stubs({})) return false;
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
  options.clear_frames = makes_objects_;
  return options;
}

void ModuleCode::give_up(std::span<const CodePacker::Block> blocks) {
  for (const CodePacker::Block& block : blocks) machine_->space().give_up(block.pages);
}

void ModuleCode::give_up(uint32_t index) {
  if (heat_) heat_[index].store(kNever, std::memory_order_relaxed);
}

// For every function that has no code in `compiled`: find its FuncInstance in the running instance, and go to slow_entry.
bool ModuleCode::make_stubs(std::span<const CodePacker::Block> compiled) {
  const uint32_t count = count_of(module_);
  constexpr uint32_t kNoStub = 0;
  constexpr uint32_t kWanted = 1;
  std::vector<uint32_t> offsets(count, kWanted);
  for (const CodePacker::Block& block : compiled) {
    for (size_t i = 0; i < block.entry_offsets.size(); ++i) offsets[block.code->functions[i].index] = kNoStub;
  }
  if (std::ranges::find(offsets, kWanted) == offsets.end()) return true;
  Masm masm((masm::CpuFeatures()));
  const masm::Label common = masm.new_label();
  masm.bind(common);
  masm.load_gp(Width::w64, Masm::kScratch, at(Masm::kInstance, static_cast<int32_t>(offsetof(InstanceData, funcs))));
  masm.load_gp(Width::w64, Masm::kCallee, masm::at(Masm::kScratch, Masm::kCallee, 0));
  masm.move_imm(Width::w64, Masm::kScratch, reinterpret_cast<uintptr_t>(machine_->stubs().slow_entry));
  masm.jump_reg(Masm::kScratch);
  for (uint32_t i = 0; i < count; ++i) {
    if (offsets[i] == kNoStub) continue;
    masm.align(kStubAlignment);
    offsets[i] = masm.offset();
    masm.move_imm(Width::w64, Masm::kCallee, (module_.imported_funcs + i) * sizeof(void*));
    masm.jump(common);
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
  for (uint32_t i = 0; i < count; ++i) {
    if (offsets[i] != kNoStub) entries_[i].store(block->begin + offsets[i], std::memory_order_relaxed);
  }
  return true;
}

ModuleCompileError ModuleCode::error_in(FuncIndex func, CompileError&& error) const {
  const uint32_t index = func.value - module_.imported_funcs;
  return {func, module_.bodies[index].code_offset + error.wasm_offset, std::move(error.message)};
}

std::expected<void, ModuleCompileError> ModuleCode::compile(uint32_t index) {
  std::lock_guard lock(mutex_);
  if (!activate()) return std::unexpected(ModuleCompileError{{}, 0, "no executable memory"});
  if (code(index) != nullptr || !machine_->compiles(index)) return {};
  const FuncIndex func(index + module_.imported_funcs);
  if (!compiler_) compiler_ = std::make_unique<Compiler>();
  CompiledFunction function;
  if (auto made = compiler_->compile(module_, func, compile_options(), function); !made) {
    give_up(index);
    return std::unexpected(error_in(func, std::move(made).error()));
  }
  auto installed = install(index, function);
  if (!installed) give_up(index);
  return installed;
}

std::expected<void, ModuleCompileError> ModuleCode::install(uint32_t index, const CompiledFunction& function) {
  CodePacker packer(machine_->space(), module_, 0);
  if (!packer.add_alone(index, function)) return std::unexpected(ModuleCompileError{{}, 0, "no room for machine code"});
  return publish(packer.finish());
}

// What a compiler knew at the loop it finds out again by compiling the function once more, which always goes the same way. So code that is
// never left costs nothing for it.
void ModuleCode::complete_frame(uint32_t index, uint32_t loop_offset, uint64_t* locals) {
  std::lock_guard lock(mutex_);
  if (!compiler_) compiler_ = std::make_unique<Compiler>();
  CompileOptions options = compile_options();
  options.described_loop = loop_offset;
  CompiledFunction function;
  const auto made = compiler_->compile(module_, FuncIndex(index + module_.imported_funcs), options, function);
  CHECK(made.has_value());
  for (const OperandFixup& fixup : function.fixups) {
    uint64_t* const slot = locals + fixup.slot;
    *slot = fixup.is_const ? fixup.bits : static_cast<uint32_t>(*slot);
    if (fixup.is_v128) slot[1] = 0;
  }
}

// What the compiling threads share.
struct ModuleCode::Work {
  std::atomic<uint32_t> next = 0;
  uint32_t count = 0;
  uint64_t expected_bytes = 0;  // of each thread
  std::mutex mutex;             // of what follows
  std::optional<ModuleCompileError> error;
  std::vector<CodePacker::Block> blocks;

  void fail(ModuleCompileError&& other) {
    std::lock_guard lock(mutex);
    if (!error || error->func.value > other.func.value) error = std::move(other);
    next.store(count);  // no need to go on
  }
};

void ModuleCode::compile_some(Work& work) {
  Compiler compiler;
  CompiledFunction function;  // its memory is used again and again
  CodePacker packer(machine_->space(), module_, work.expected_bytes);
  for (uint32_t begin; (begin = work.next.fetch_add(kFuncsAtOnce)) < work.count;) {
    for (uint32_t i = begin; i < std::min(begin + kFuncsAtOnce, work.count); ++i) {
      if (!machine_->compiles(i) || code(i) != nullptr) continue;
      const FuncIndex func(i + module_.imported_funcs);
      if (auto made = compiler.compile(module_, func, compile_options(), function); !made) {
        work.fail(error_in(func, std::move(made).error()));
      } else if (!packer.add(i, function)) {
        return work.fail({{}, 0, "no room for machine code"});
      }
    }
  }
  std::vector<CodePacker::Block> blocks = packer.finish();
  std::lock_guard lock(work.mutex);
  std::ranges::move(blocks, std::back_inserter(work.blocks));
}

std::expected<void, ModuleCompileError> ModuleCode::compile_all(unsigned threads) {
  std::lock_guard lock(mutex_);
  if (is_complete_) return {};
  const ModuleCompileError no_memory{{}, 0, "no executable memory"};
  if (!machine_->prepare()) return std::unexpected(no_memory);
  const uint64_t wasm_bytes = module_.code_end - module_.code_begin;
  const uint32_t parts = std::clamp<uint32_t>(static_cast<uint32_t>(wasm_bytes / kBytesPerThread), 1, threads);
  Work work;
  work.count = count_of(module_);
  work.expected_bytes = (kBytesPerWasmByte * wasm_bytes + kBytesPerFunction * work.count) / parts;
  std::vector<std::thread> workers;
  for (uint32_t i = 1; i < parts; ++i) workers.emplace_back([&] { compile_some(work); });
  compile_some(work);
  for (std::thread& worker : workers) worker.join();
  if (work.error) {
    give_up(work.blocks);
    return std::unexpected(*std::move(work.error));
  }
  const bool was_active = is_active_.load(std::memory_order_relaxed);
  if (!was_active) {
    entries_.reset(new runtime::MachineEntry[count_of(module_)]);
    if (!make_stubs(work.blocks)) {
      give_up(work.blocks);
      return std::unexpected(no_memory);
    }
  }
  TRY_VOID(publish(std::move(work.blocks)));
  is_active_.store(true, std::memory_order_release);
  is_complete_ = true;
  return {};
}

std::expected<void, ModuleCompileError> ModuleCode::publish(std::vector<CodePacker::Block> blocks) {
  const size_t before = blocks_.size();
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (const CodeBlock* published = machine_->space().publish(blocks[i].pages, std::move(blocks[i].code))) {
      blocks_.push_back(published);
      continue;
    }
    give_up(std::span(blocks).subspan(i + 1));
    for (; blocks_.size() > before; blocks_.pop_back()) machine_->space().release(blocks_.back());
    return std::unexpected(ModuleCompileError{{}, 0, "no executable memory"});
  }
  // All of it is executable: from now on calls find it.
  for (size_t i = 0; i < blocks.size(); ++i) {
    const CodeBlock& code = *blocks_[before + i];
    for (size_t j = 0; j < blocks[i].entry_offsets.size(); ++j)
      entries_[code.functions[j].index].store(code.begin + blocks[i].entry_offsets[j], std::memory_order_release);
  }
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
