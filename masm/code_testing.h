// For masm's tests: numeric references by opcode, edge values by type, and assembled functions that can be called and that
// report every register an operation touched without being allowed to.
#pragma once

#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/os/executable_memory.h"
#include "base/os/virtual_memory.h"
#include "gtest/gtest.h"
#include "masm/x64.h"
#include "wasm/numeric.h"
#include "wasm/simd.h"

namespace arris::masm::testing {

// A value of any type by its bits; what the type does not use is garbage in operands and ignored in results.
struct Value {
  uint64_t low = 0;
  uint64_t high = 0;
  friend bool operator==(const Value&, const Value&) = default;
};

// --- References ------------------------------------------------------------------------------------------------------

template <class T>
T from_value(const Value& v) {
  if constexpr (std::is_same_v<T, V128>) return std::bit_cast<V128>(v);
  if constexpr (std::is_same_v<T, float>) return std::bit_cast<float>(static_cast<uint32_t>(v.low));
  if constexpr (std::is_same_v<T, double>) return std::bit_cast<double>(v.low);
  if constexpr (std::is_integral_v<T>) return static_cast<T>(v.low);
}
template <class T>
Value to_value(T x) {
  if constexpr (std::is_same_v<T, V128>) return std::bit_cast<Value>(x);
  if constexpr (std::is_same_v<T, float>) return {std::bit_cast<uint32_t>(x), 0};
  if constexpr (std::is_same_v<T, double>) return {std::bit_cast<uint64_t>(x), 0};
  if constexpr (std::is_same_v<T, num::Wide128>) return {x.low, x.high};
  if constexpr (std::is_integral_v<T>) return {uint64_t{x}, 0};
}

// Computes the opcode's function on operands (immediates last). The lane immediates of a shuffle are a vector operand.
using Reference = std::function<num::NumTrap(const Value* operands, Value* result)>;

template <class R, class... A, size_t... I>
Reference make_reference(R (*f)(A...), std::index_sequence<I...>) {
  if constexpr (std::is_same_v<R, num::NumTrap>) {
    return [f](const Value* v, Value* result) {
      using Out = std::remove_pointer_t<std::tuple_element_t<sizeof...(A) - 1, std::tuple<A...>>>;
      Out out{};
      const auto call = [&]<size_t... J>(std::index_sequence<J...>) {
        return f(from_value<std::tuple_element_t<J, std::tuple<A...>>>(v[J])..., &out);
      };
      const num::NumTrap trap = call(std::make_index_sequence<sizeof...(A) - 1>{});
      *result = to_value(out);
      return trap;
    };
  } else {
    return [f](const Value* v, Value* result) {
      *result = to_value(f(from_value<A>(v[I])...));
      return num::NumTrap::none;
    };
  }
}
template <class R, class... A>
Reference make_reference(R (*f)(A...)) {
  return make_reference(f, std::make_index_sequence<sizeof...(A)>{});
}

// By opcode; empty where arris::num has no function of that name.
const std::vector<Reference>& references();

// --- Values ----------------------------------------------------------------------------------------------------------

// Edge values of a signature's type letter, then random ones; i32 and f32 with garbage above.
std::vector<Value> values_of(char type, std::mt19937_64& random);

// Equal as results of `op`: bits, but NaNs of arithmetic may differ as the specification lets them.
bool same_result(Opcode op, char type, const Value* operands, size_t operand_count, const Value& expected,
                 const Value& actual);

std::string describe(char type, const Value& v);

// --- Running code ----------------------------------------------------------------------------------------------------

// What a test function gets and leaves: in r14 while it runs.
struct Frame {
  Value operands[4];
  Value results[2];
  uint64_t trap;  // TrapCode
  uint64_t unused;
  uint64_t gp_before[16];
  uint64_t gp_after[16];
  Value fp_before[16];
  Value fp_after[16];
};

// Collects functions, then makes them executable together (never writable at once with that).
class CodeArena {
 public:
  static constexpr size_t kBytes = size_t{4} << 20;
  CodeArena();
  using Function = void (*)(Frame*);
  Function add(std::span<const uint8_t> code) { return reinterpret_cast<Function>(place(code)); }
  void* place(std::span<const uint8_t> code);  // null when full
  void make_executable();
  void clear();  // writable again, empty

 private:
  os::Reservation memory_;
  size_t used_ = 0;
};

class Traps final : public TrapSink {
 public:
  explicit Traps(X64Masm& masm) : masm_(masm) {}
  Label trap_label(TrapCode code) override;
  void emit(Label epilogue);  // each label's path: note the code in the frame, jump

 private:
  X64Masm& masm_;
  std::vector<std::pair<TrapCode, Label>> labels_;
};

// Assembles: save what C++ wants back, load every allocatable register with its canary, the operands into theirs; `body`; store
// all registers; return. Results the body must store itself if they are wanted (at result_address).
constexpr Address operand_address(unsigned i) {
  return at(X64Masm::kMemoryBase, static_cast<int32_t>(offsetof(Frame, operands) + i * sizeof(Value)));
}
constexpr Address result_address(unsigned i) {
  return at(X64Masm::kMemoryBase, static_cast<int32_t>(offsetof(Frame, results) + i * sizeof(Value)));
}
void assemble(X64Masm& masm, std::span<const Reg> operand_registers, const std::function<void(TrapSink&)>& body);

// Runs with fresh canaries in the frame and checks that only registers in `may_change` changed: others hold their canary, or the
// operand that was loaded into them. Returns a complaint, empty if there is none.
struct RegisterSets {
  GpSet gp;
  FpSet fp;
  void add(Reg r) { r.is_fp() ? fp.add(r.fp()) : gp.add(r.gp()); }
};
std::string run(CodeArena::Function function, Frame& frame, std::span<const Reg> operand_registers,
                const RegisterSets& may_change);

// All features of this processor; each switched off; all switched off.
std::vector<CpuFeatures> feature_sets();
std::string name_of(CpuFeatures features);

}  // namespace arris::masm::testing
