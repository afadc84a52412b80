#include "jit/host_bridges.h"

#include <algorithm>
#include <cstring>

#include "masm/x64.h"
#include "runtime/store.h"

namespace arris::jit {
namespace {

using masm::at;
using masm::Cond;
using masm::Fp;
using masm::FpKind;
using masm::Gp;
using masm::Label;
using masm::Width;
using Masm = masm::X64Masm;
using runtime::FuncInstance;
using runtime::Outcome;

char letter_of(ValType type) {
  switch (type.code()) {
    case TypeCode::i32: return 'i';
    case TypeCode::f32: return 'f';
    case TypeCode::f64: return 'd';
    case TypeCode::v128: return 'v';
    default: return 'g';
  }
}
bool is_fp(char letter) { return letter == 'f' || letter == 'd' || letter == 'v'; }
int32_t bytes_of(char letter) { return letter == 'v' ? 16 : 8; }

// Types apart that travel apart, parameters and results.
std::string signature_of(const FuncType& type) {
  std::string signature;
  for (ValType param : type.params) signature += letter_of(param);
  signature += ' ';
  for (ValType result : type.results) signature += letter_of(result);
  return signature;
}

class BridgeWriter {
 public:
  BridgeWriter(Masm& masm, const Stubs& stubs) : masm_(masm), stubs_(stubs) {}

  // Where the frame of two words is complete.
  uint32_t write(std::string_view signature) {
    const size_t space = signature.find(' ');
    store_arguments(signature.substr(0, space));
    masm_.push(Masm::kArgumentBase);
    const uint32_t frame_at = masm_.offset();
    masm_.move(Width::w64, Masm::kRdi, Masm::kCallee);
    masm_.move(Width::w64, Masm::kRsi, Masm::kInstance);
    masm_.move(Width::w64, Masm::kRdx, Masm::kArgumentBase);
    masm_.lea(Width::w64, Masm::kRcx, at(Masm::kStack, 2 * sizeof(uint64_t)));
    masm_.move_imm(Width::w64, Masm::kScratch, reinterpret_cast<uintptr_t>(&runtime::Store::call_host_from_machine));
    masm_.call_reg(Masm::kScratch);
    const Label failed = masm_.new_label();
    masm_.branch_zero(Width::w32, Masm::kRax, failed, true);
    masm_.pop(Masm::kLocals);  // the base, as every callee leaves it
    load_results(signature.substr(space + 1));
    masm_.ret();
    masm_.bind(failed);
    masm_.pop(Masm::kScratch);
    const Label exception = masm_.new_label();
    masm_.branch_imm(Width::w32, Cond::eq, Masm::kRax, static_cast<uint64_t>(Outcome::exception), exception);
    jump(stubs_.leave);
    masm_.bind(exception);
    masm_.move_imm(Width::w32, Masm::kRdi, 0);  // the one pending
    jump(stubs_.throw_exception);
    return frame_at;
  }

 private:
  void jump(const void* target) {
    masm_.move_imm(Width::w64, Masm::kScratch, reinterpret_cast<uintptr_t>(target));
    masm_.jump_reg(Masm::kScratch);
  }

  void store_arguments(std::string_view params) {
    size_t gp = 0, fp = 0;
    masm::Address slot = at(Masm::kArgumentBase);
    for (char letter : params) {
      if (!is_fp(letter)) {
        if (gp < std::size(Masm::kGpArguments)) masm_.store_gp(Width::w64, slot, Masm::kGpArguments[gp]);
        ++gp;
      } else {
        if (fp < std::size(Masm::kFpArguments)) store_fp(letter, slot, Masm::kFpArguments[fp]);
        ++fp;
      }
      slot.displacement += bytes_of(letter);
    }
  }
  void store_fp(char letter, const masm::Address& slot, Fp s) {
    if (letter != 'f') return (void)masm_.store_fp(letter == 'v' ? FpKind::v128 : FpKind::f64, slot, s);
    masm_.move_fp_to_gp(Width::w32, Masm::kScratch, s);  // with zeros above
    masm_.store_gp(Width::w64, slot, Masm::kScratch);
  }

  void load_results(std::string_view results) {
    bool has_gp = false, has_fp = false;
    masm::Address slot = at(Masm::kLocals);
    for (char letter : results) {
      if (!is_fp(letter) && !has_gp) {
        masm_.load_gp(letter == 'i' ? Width::w32 : Width::w64, Masm::kGpResult, slot);
        has_gp = true;
      } else if (is_fp(letter) && !has_fp) {
        masm_.load_fp(letter == 'v' ? FpKind::v128 : letter == 'd' ? FpKind::f64 : FpKind::f32, Masm::kFpResult, slot);
        has_fp = true;
      }
      slot.displacement += bytes_of(letter);
    }
  }

  Masm& masm_;
  const Stubs& stubs_;
};

}  // namespace

HostBridges::~HostBridges() {
  for (const runtime::CodeBlock* block : blocks_) space_.release(block);
}

bool HostBridges::make(std::span<const std::string> signatures) {
  Masm masm((masm::CpuFeatures()));
  auto block = std::make_unique<runtime::CodeBlock>();
  for (const std::string& signature : signatures) {
    masm.align(16);
    const uint32_t begin = masm.offset();
    const uint32_t frame_at = BridgeWriter(masm, stubs_).write(signature);
    block->stubs.push_back({"host_bridge", begin, masm.offset(), frame_at, 2 * sizeof(uint64_t), false});
  }
  if (!masm.finish()) return false;
  const std::span<uint8_t> pages = space_.allocate(masm.code().size());
  if (pages.empty()) return false;
  std::memcpy(pages.data(), masm.code().data(), masm.code().size());
  const runtime::CodeBlock* published = space_.publish(pages, std::move(block));
  if (published == nullptr) return false;
  blocks_.push_back(published);
  for (size_t i = 0; i < signatures.size(); ++i)
    entries_[signatures[i]].store(published->begin + published->stubs[i].begin, std::memory_order_release);
  return true;
}

const void* HostBridges::connect(const FuncInstance& func, std::span<FuncInstance* const> neighbours) {
  const std::string signature = signature_of(func.type->func);
  std::lock_guard lock(mutex_);
  auto entry = entries_.find(signature);
  if (entry == entries_.end()) {
    if (refused_) return nullptr;
    std::vector<std::string> missing = {signature};
    for (const FuncInstance* neighbour : neighbours) {
      if (neighbour->host == nullptr) continue;
      std::string other = signature_of(neighbour->type->func);
      if (!entries_.contains(other)) missing.push_back(std::move(other));
    }
    std::sort(missing.begin(), missing.end());
    missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
    refused_ = !make(missing);
    if (refused_) return nullptr;
    entry = entries_.find(signature);
  }
  func.entry_slot = &entry->second;
  return entry->second.load(std::memory_order_relaxed);
}

}  // namespace arris::jit
