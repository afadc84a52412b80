#include "jit/machine.h"

#include <vector>

#include "base/os/fault_signals.h"
#include "jit/code_observers.h"
#include "jit/module_code.h"
#include "masm/cpu_features.h"

namespace arris::jit {

#if __has_feature(address_sanitizer) || defined(__SANITIZE_ADDRESS__)
constexpr bool kFaultsArePossible = false;  // the sanitizer takes the signals
#else
constexpr bool kFaultsArePossible = true;
#endif

namespace {

class Observers final : public runtime::CodeObserver {
 public:
  explicit Observers(std::vector<ObserverPtr> all) : all_(std::move(all)) {}
  void published(const runtime::CodeBlock& block) override {
    for (const ObserverPtr& one : all_) one->published(block);
  }
  void released(const runtime::CodeBlock& block) override {
    for (const ObserverPtr& one : all_) one->released(block);
  }

 private:
  const std::vector<ObserverPtr> all_;
};

}  // namespace

Machine::Machine(const MachineOptions& options) : options_(options) {
  compile_options_.baseline_cpu = options.baseline_cpu;
  compile_options_.count_fuel = options.count_fuel;
  support_.find_code = &find_code;
  compile_options_.osr_entries = options.adaptive;
  support_.find_loop = &find_loop;
  support_.run = &run;
  support_.run_loop = &run_loop;
  make_observers();
}

void Machine::make_observers() {
  std::vector<ObserverPtr> observers;
  if (options_.perf_map) observers.push_back(make_perf_map(&observer_error_));
  if (options_.jitdump) observers.push_back(make_jitdump(&observer_error_));
  if (options_.gdb) observers.push_back(make_gdb_registrar());
  std::erase(observers, nullptr);
  if (!observers.empty()) observer_ = std::make_unique<Observers>(std::move(observers));
  compile_options_.positions = options_.jitdump;
}

Machine::~Machine() {
  bridges_.reset();
  if (stubs_.block != nullptr) space_->release(stubs_.block);
}

uint32_t Machine::threshold_of(uint32_t index, uint32_t code_size) const {
  constexpr uint32_t kMaxRandom = 64;
  if (options_.threshold_seed != 0) return 1 + ((index ^ options_.threshold_seed) * 0x9E37'79B1u >> 16) % kMaxRandom;
  return options_.threshold < kDefaultThreshold ? options_.threshold : options_.threshold + code_size;
}

bool Machine::compiles(uint32_t index) const {
  if (options_.mixed_tiers_seed == 0) return true;
  return (index + options_.mixed_tiers_seed) * 0x9E37'79B1u >> 31 != 0;
}

bool Machine::prepare() {
  std::call_once(prepared_, [this] {
    auto space = runtime::CodeSpace::create();
    if (!space) return;
    space->set_observer(observer_.get());
    stubs_ = make_stubs(*space, options_.baseline_cpu ? masm::CpuFeatures() : masm::CpuFeatures::detect());
    if (stubs_.block == nullptr) return;
    const bool faults_trap = kFaultsArePossible && space->redirect_faults(stubs_.trap);
    compile_options_.explicit_bounds_checks = options_.explicit_bounds_checks || !faults_trap;
    const auto set = [this](MachineIndex index, const void* address) { table_[static_cast<size_t>(index)] = address; };
    set(MachineIndex::trap, stubs_.trap);
    set(MachineIndex::throw_exception, stubs_.throw_exception);
    set(MachineIndex::call_other, stubs_.call_other);
    set(MachineIndex::tail_call_other, stubs_.tail_call_other);
    set(MachineIndex::beyond_stack, stubs_.beyond_stack);
    set(MachineIndex::interrupt, stubs_.interrupt);
    set(MachineIndex::interrupt_entry, stubs_.interrupt_entry);
    for (size_t i = 0; i < kMachineTableSize; ++i) {
      if (kBuiltins[i] != nullptr) table_[i] = reinterpret_cast<const void*>(kBuiltins[i]);
    }
    space_ = std::move(space);
    bridges_ = std::make_unique<HostBridges>(*space_, stubs_);
    support_.space = space_.get();
    support_.instance_return = stubs_.instance_return;
    support_.slow_entry.store(stubs_.slow_entry, std::memory_order_release);
  });
  return space_ != nullptr;
}

}  // namespace arris::jit
