#include "masm/code_testing.h"

#include <cstdio>

#include "wasm/opcodes.h"

namespace arris::masm::testing {

// --- References ------------------------------------------------------------------------------------------------------

namespace semantics {
// The rows without immediates that are typed by hand have no function in arris::num; these names make them well-formed to mention.
using namespace ::arris::num;
struct ByHand {};
inline constexpr ByHand unreachable, nop, else_, throw_ref, end, return_, catch_all, drop, select, ref_is_null, ref_eq,
    ref_as_non_null, array_len, any_convert_extern, extern_convert_any, ref_i31, i31_get_s, i31_get_u;
}  // namespace semantics

namespace {

template <class F>
void set_reference(std::vector<Reference>& all, Opcode op, F* f) {
  if constexpr (std::is_function_v<F>) all[static_cast<unsigned>(op)] = make_reference(f);
}

std::vector<Reference> make_references() {
  std::vector<Reference> all(kOpcodeCount);
#define REFERENCE_none(id) set_reference(all, Opcode::id, &semantics::id);
#define REFERENCE_lane(id) REFERENCE_none(id)
#define REFERENCE_shuffle(id) REFERENCE_none(id)
#define REFERENCE_block_type(id)
#define REFERENCE_label(id)
#define REFERENCE_label_table(id)
#define REFERENCE_func(id)
#define REFERENCE_type_table(id)
#define REFERENCE_type(id)
#define REFERENCE_local(id)
#define REFERENCE_global(id)
#define REFERENCE_table(id)
#define REFERENCE_memory(id)
#define REFERENCE_mem_arg(id)
#define REFERENCE_mem_arg_lane(id)
#define REFERENCE_i32(id)
#define REFERENCE_i64(id)
#define REFERENCE_f32(id)
#define REFERENCE_f64(id)
#define REFERENCE_v128(id)
#define REFERENCE_heap_type(id)
#define REFERENCE_val_types(id)
#define REFERENCE_memory_memory(id)
#define REFERENCE_data_memory(id)
#define REFERENCE_data(id)
#define REFERENCE_elem_table(id)
#define REFERENCE_elem(id)
#define REFERENCE_table_table(id)
#define REFERENCE_type_field(id)
#define REFERENCE_type_count(id)
#define REFERENCE_type_data(id)
#define REFERENCE_type_elem(id)
#define REFERENCE_type_type(id)
#define REFERENCE_cast_label(id)
#define REFERENCE_try_table(id)
#define REFERENCE_tag(id)
#define REFERENCE_zero_byte(id)
#define OP(id, prefix, code, mnemonic, immediates, signature, feature) REFERENCE_##immediates(id)
#include "wasm/opcodes.def"
  return all;
}

}  // namespace

const std::vector<Reference>& references() {
  static const std::vector<Reference> all = make_references();
  return all;
}

// --- Values ----------------------------------------------------------------------------------------------------------

namespace {

constexpr uint64_t kGarbage = 0xDEADBEEF00000000;

template <class U>
std::vector<U> integer_edges() {
  constexpr int kBits = sizeof(U) * 8;
  std::vector<U> edges = {
      0, 1, 2, 3, 7, 31, 32, 33, 63, 64, 100, static_cast<U>(0x5555555555555555), static_cast<U>(0x0123456789ABCDEF)};
  for (int bit : {7, 8, 15, 16, 31, 32, 62, 63}) {
    if (bit >= kBits) continue;
    for (int delta : {-1, 0, 1}) edges.push_back(static_cast<U>((U{1} << bit) + static_cast<U>(delta)));
  }
  for (U small : {1, 2, 3, 8, 100, 128, 129}) edges.push_back(static_cast<U>(U{0} - small));
  return edges;
}

template <class F>
std::vector<F> float_edges() {
  using Limits = std::numeric_limits<F>;
  std::vector<F> edges = {F(0),          F(1),
                          F(0.5),        F(1.5),
                          F(2.5),        F(3.7),
                          F(0.1),        F(1e10),
                          Limits::min(), Limits::denorm_min(),
                          Limits::max(), Limits::infinity()};
  for (F power : {F(0x1p23), F(0x1p31), F(0x1p32), F(0x1p52), F(0x1p53), F(0x1p63), F(0x1p64)}) {
    for (F value :
         {power, std::nextafter(power, F{0}), std::nextafter(power, Limits::infinity()), power - F{1}, power + F{1}}) {
      edges.push_back(value);
    }
  }
  for (size_t i = 0, n = edges.size(); i < n; ++i) edges.push_back(-edges[i]);
  using U = num::detail::BitsOf<F>;
  const U quiet = std::bit_cast<U>(Limits::infinity()) | U{1} << (Limits::digits - 2);
  const U infinity = std::bit_cast<U>(Limits::infinity());
  const U sign = U{1} << (sizeof(U) * 8 - 1);
  for (U bits : {quiet, quiet | sign, static_cast<U>(quiet | 5), static_cast<U>(infinity | 1),
                 static_cast<U>(infinity | sign | 77)}) {
    edges.push_back(std::bit_cast<F>(bits));
  }
  return edges;
}

}  // namespace

std::vector<Value> values_of(char type, std::mt19937_64& random) {
  std::vector<Value> values;
  switch (type) {
    case 'i':
      for (uint32_t x : integer_edges<uint32_t>()) values.push_back({kGarbage | x, 0});
      for (int i = 0; i < 8; ++i) values.push_back({random(), 0});
      break;
    case 'I':
      for (uint64_t x : integer_edges<uint64_t>()) values.push_back({x, 0});
      for (int i = 0; i < 8; ++i) values.push_back({random() >> (random() % 64), 0});
      break;
    case 'f':
      for (float x : float_edges<float>()) values.push_back({kGarbage | std::bit_cast<uint32_t>(x), random()});
      for (int i = 0; i < 8; ++i) values.push_back({random(), random()});
      break;
    case 'F':
      for (double x : float_edges<double>()) values.push_back({std::bit_cast<uint64_t>(x), random()});
      for (int i = 0; i < 8; ++i) values.push_back({random(), random()});
      break;
    default: {
      // Lanes of every width from the scalars' edges, mixed anew for each vector.
      const auto i32s = integer_edges<uint32_t>();
      const auto i64s = integer_edges<uint64_t>();
      const auto f32s = float_edges<float>();
      const auto f64s = float_edges<double>();
      const auto pick = [&random](const auto& from) { return from[random() % from.size()]; };
      values.push_back({0, 0});
      values.push_back({~uint64_t{0}, ~uint64_t{0}});
      for (int i = 0; i < 24; ++i) {
        V128Array<uint8_t> bytes;
        for (uint8_t& b : bytes) b = static_cast<uint8_t>(pick(i32s));
        values.push_back(std::bit_cast<Value>(bytes));
        V128Array<uint16_t> halves;
        for (uint16_t& h : halves) h = static_cast<uint16_t>(pick(i32s));
        values.push_back(std::bit_cast<Value>(halves));
        values.push_back(std::bit_cast<Value>(V128Array<uint32_t>{pick(i32s), pick(i32s), pick(i32s), pick(i32s)}));
        values.push_back({pick(i64s), pick(i64s)});
        values.push_back(std::bit_cast<Value>(V128Array<float>{pick(f32s), pick(f32s), pick(f32s), pick(f32s)}));
        values.push_back(std::bit_cast<Value>(V128Array<double>{pick(f64s), pick(f64s)}));
        values.push_back({random(), random()});
      }
    }
  }
  return values;
}

namespace {

template <class F>
struct NanBits {
  using U = num::detail::BitsOf<F>;
  static constexpr U kInfinity = std::bit_cast<U>(std::numeric_limits<F>::infinity());
  static constexpr U kQuiet = U{1} << (std::numeric_limits<F>::digits - 2);
  static constexpr U kMagnitude = static_cast<U>(~num::detail::kSignBit<F>);
  static bool is_nan(U x) { return (x & kMagnitude) > kInfinity; }
  static bool is_canonical(U x) { return (x & kMagnitude) == (kInfinity | kQuiet); }
};

// Lane by lane: equal bits, or both NaN and the actual one quiet, and canonical if no operand's NaN is anything else.
template <class F>
bool same_floats(const Value* operands, size_t count, const Value& expected, const Value& actual, size_t lanes) {
  using Bits = NanBits<F>;
  using Array = V128Array<typename Bits::U>;
  const auto e = std::bit_cast<Array>(expected), a = std::bit_cast<Array>(actual);
  bool all_canonical = true;
  for (size_t o = 0; o < count; ++o) {
    const auto operand = std::bit_cast<Array>(operands[o]);
    for (size_t i = 0; i < lanes; ++i) {
      if (Bits::is_nan(operand[i]) && !Bits::is_canonical(operand[i])) all_canonical = false;
    }
  }
  for (size_t i = 0; i < lanes; ++i) {
    if (e[i] == a[i]) continue;
    if (!Bits::is_nan(e[i]) || !Bits::is_nan(a[i]) || !(a[i] & Bits::kQuiet)) return false;
    if (all_canonical && !Bits::is_canonical(a[i])) return false;
  }
  return true;
}

// Results of arithmetic, where a NaN's payload is not fixed; moves of bits are exact.
bool is_arithmetic(Opcode op) {
  const std::string_view m = info(op).mnemonic;
  if (!m.starts_with("f")) return false;
  for (std::string_view exact :
       {"abs", "neg", "copysign", "reinterpret", "pmin", "pmax", "lane", "splat", "select", "nmadd."}) {
    if (m.find(exact) != m.npos) return m.find("relaxed_nmadd") != m.npos;
  }
  return true;
}

}  // namespace

bool same_result(Opcode op, char type, const Value* operands, size_t count, const Value& expected,
                 const Value& actual) {
  const std::string_view m = info(op).mnemonic;
  switch (type) {
    case 'i':
    case 'I': return expected.low == actual.low;
    case 'f':
      if (static_cast<uint32_t>(expected.low) == static_cast<uint32_t>(actual.low)) return true;
      return is_arithmetic(op) &&
             same_floats<float>(operands, info(op).signature.find('F') == m.npos ? count : 0, expected, actual, 1);
    case 'F':
      if (expected.low == actual.low) return true;
      return is_arithmetic(op) &&
             same_floats<double>(operands, info(op).signature.find('f') == m.npos ? count : 0, expected, actual, 1);
    default:
      if (expected == actual) return true;
      if (!is_arithmetic(op)) return false;
      return m.starts_with("f32x4") ? same_floats<float>(operands, count, expected, actual, 4)
                                    : same_floats<double>(operands, count, expected, actual, 2);
  }
}

std::string describe(char type, const Value& v) {
  char text[64];
  switch (type) {
    case 'i':
    case 'f': snprintf(text, sizeof(text), "%08x", static_cast<uint32_t>(v.low)); break;
    case 'I':
    case 'F': snprintf(text, sizeof(text), "%016lx", v.low); break;
    default: snprintf(text, sizeof(text), "%016lx:%016lx", v.high, v.low); break;
  }
  return text;
}

// --- Running code ----------------------------------------------------------------------------------------------------

CodeArena::CodeArena() : memory_(kBytes) {
  if (!memory_) abort();
  clear();
}

void* CodeArena::place(std::span<const uint8_t> code) {
  const size_t start = (used_ + 15) & ~size_t{15};
  if (code.size() > kBytes - start) return nullptr;
  std::memcpy(memory_.data() + start, code.data(), code.size());
  used_ = start + code.size();
  return memory_.data() + start;
}
void CodeArena::make_executable() {
  if (!os::seal_executable(memory_.data(), kBytes)) abort();
}
void CodeArena::clear() {
  if (!os::commit(memory_.data(), kBytes)) abort();
  used_ = 0;
}

Label Traps::trap_label(TrapCode code) {
  for (auto& [known, label] : labels_) {
    if (known == code) return label;
  }
  labels_.emplace_back(code, masm_.new_label());
  return labels_.back().second;
}
void Traps::emit(Label epilogue) {
  for (auto& [code, label] : labels_) {
    masm_.bind(label);
    masm_.store_slot_imm(at(X64Masm::kMemoryBase, offsetof(Frame, trap)), static_cast<uint64_t>(code));
    masm_.jump(epilogue);
  }
}

namespace {

constexpr Gp kSaved[] = {X64Masm::kRbx, X64Masm::kRbp, X64Masm::kR12, X64Masm::kR13, X64Masm::kR14, X64Masm::kR15};

Address frame_slot(size_t offset, unsigned index, size_t size) {
  return at(X64Masm::kMemoryBase, static_cast<int32_t>(offset + index * size));
}

template <class Each>
void for_each_register(Each each) {
  for (unsigned i = 0; i < 16; ++i) {
    const Gp gp{static_cast<uint8_t>(i)};
    const Fp fp{static_cast<uint8_t>(i)};
    if (X64Masm::kAllocatableGp.has(gp)) each(Reg(gp), i);
    if (X64Masm::kAllocatableFp.has(fp)) each(Reg(fp), i);
  }
}

}  // namespace

void assemble(X64Masm& masm, std::span<const Reg> operand_registers, const std::function<void(TrapSink&)>& body) {
  for (Gp r : kSaved) masm.push(r);
  masm.move(Width::w64, X64Masm::kMemoryBase, X64Masm::kRdi);
  for_each_register([&](Reg r, unsigned i) {
    if (r.is_fp()) {
      masm.load_fp(FpKind::v128, r.fp(), frame_slot(offsetof(Frame, fp_before), i, 16));
    } else {
      masm.load_gp(Width::w64, r.gp(), frame_slot(offsetof(Frame, gp_before), i, 8));
    }
  });
  for (size_t i = 0; i < operand_registers.size(); ++i) {
    const Reg r = operand_registers[i];
    if (!r.valid()) continue;
    if (r.is_fp()) {
      masm.load_fp(FpKind::v128, r.fp(), operand_address(static_cast<unsigned>(i)));
    } else {
      masm.load_gp(Width::w64, r.gp(), operand_address(static_cast<unsigned>(i)));
    }
  }
  Traps traps(masm);
  const Label epilogue = masm.new_label();
  body(traps);
  masm.bind(epilogue);
  for_each_register([&](Reg r, unsigned i) {
    if (r.is_fp()) {
      masm.store_fp(FpKind::v128, frame_slot(offsetof(Frame, fp_after), i, 16), r.fp());
    } else {
      masm.store_gp(Width::w64, frame_slot(offsetof(Frame, gp_after), i, 8), r.gp());
    }
  });
  for (size_t i = std::size(kSaved); i-- > 0;) masm.pop(kSaved[i]);
  masm.ret();
  traps.emit(epilogue);
}

std::string run(CodeArena::Function function, Frame& frame, std::span<const Reg> operand_registers,
                const RegisterSets& may_change) {
  std::string complaint;
  Value expected_fp[16];
  uint64_t expected_gp[16];
  for (unsigned i = 0; i < 16; ++i) {
    frame.gp_before[i] = expected_gp[i] = 0xC0FFEE00C0FFEE00 + i;
    frame.fp_before[i] = expected_fp[i] = {uint64_t{0xFEDCBA9876543200} + i, uint64_t{0x1122334455667700} + i};
  }
  for (size_t i = 0; i < operand_registers.size(); ++i) {
    const Reg r = operand_registers[i];
    if (r.valid() && r.is_fp()) expected_fp[r.fp().id] = frame.operands[i];
    if (r.valid() && !r.is_fp()) expected_gp[r.gp().id] = frame.operands[i].low;
  }
  frame.trap = 0;
  function(&frame);
  for_each_register([&](Reg r, unsigned i) {
    if (r.is_fp()) {
      if (may_change.fp.has(r.fp()) || expected_fp[i] == frame.fp_after[i]) return;
      complaint += " changed xmm" + std::to_string(i);
    } else {
      if (may_change.gp.has(r.gp()) || expected_gp[i] == frame.gp_after[i]) return;
      complaint += " changed general register " + std::to_string(i);
    }
  });
  return complaint;
}

std::vector<CpuFeatures> feature_sets() {
  const CpuFeatures all = CpuFeatures::detect();
  std::vector<CpuFeatures> sets = {all};
  for (unsigned i = 0; i < kCpuFeatureCount; ++i) {
    const auto feature = static_cast<CpuFeature>(i);
    if (all.has(feature)) sets.push_back(all.without(feature));
  }
  if (all != CpuFeatures{}) sets.push_back(CpuFeatures{});
  return sets;
}

std::string name_of(CpuFeatures features) {
  std::string name = "features:";
  for (unsigned i = 0; i < kCpuFeatureCount; ++i) {
    if (features.has(static_cast<CpuFeature>(i))) name += " " + std::string(kCpuFeatureNames[i]);
  }
  return name;
}

}  // namespace arris::masm::testing
