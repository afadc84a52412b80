// The fast way through a body: one step per opcode, each of which tail-calls the next through a table, as the interpreter's
// handlers do. What a loop would keep in members lives in the steps' parameters, which stay in registers, and every step has an
// indirect jump of its own for the processor to predict.
//
// A step does the plain case only: short immediates, operands that are exactly what is wanted, no special locals. Everything
// else, errors included, is left to the member functions, which start over at the opcode (`careful`). So there is one place where
// things are judged, and the fast steps need only be sure when they go ahead.
//
// Registers
//   p      the opcode of the current instruction
//   sp     operand stack, as sp_; floor and slots likewise
//   stop   no step begins here or beyond. From any byte before it kReadAhead bytes may be read.
//   v      the validator, whose members sp_, slots_ and in_ are stale meanwhile
#include <bit>

#include "base/tail_call.h"
#include "decoder/validator/by_hand.h"
#include "decoder/validator/function_validator.h"
#include "wasm/limits.h"

namespace arris::validator {
namespace {

constexpr unsigned kReadAhead = 16;
constexpr uint8_t kEmptyBlockType = 0x40;

template <class T>
inline __attribute__((always_inline)) T load(const uint8_t* p) {
  static_assert(std::endian::native == std::endian::little);
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

// How many bytes the LEB128 at `p` has, if at most eight; otherwise 0.
inline __attribute__((always_inline)) unsigned leb_length(const uint8_t* p) {
  const uint64_t last = ~load<uint64_t>(p) & 0x8080808080808080;
  return last == 0 ? 0 : static_cast<unsigned>(std::countr_zero(last)) / 8 + 1;
}

// Linkers write 32-bit numbers that they fill in themselves in five bytes, whose last must not say more than fits.
inline __attribute__((always_inline)) unsigned u32_length(const uint8_t* p) {
  const unsigned length = leb_length(p);
  return length < 5 || (length == 5 && p[4] <= 0x0F) ? length : 0;
}
inline __attribute__((always_inline)) unsigned s32_length(const uint8_t* p) {
  const unsigned length = leb_length(p);
  return length < 5 || (length == 5 && (p[4] <= 0x07 || p[4] >= 0x78)) ? length : 0;
}

// The value of the LEB128 of `length` bytes, which are at most eight, at `p`.
inline __attribute__((always_inline)) uint64_t leb_value(const uint8_t* p, unsigned length) {
  uint64_t value = 0;
  for (unsigned i = 0; i < length; ++i) value |= uint64_t{p[i] & 0x7Fu} << 7 * i;
  return value;
}

}  // namespace

#define STEP_STATE                                                                                  \
  [[maybe_unused]] const uint8_t *p, [[maybe_unused]] ValType *sp, [[maybe_unused]] ValType *floor, \
      [[maybe_unused]] uint32_t slots, [[maybe_unused]] const uint8_t *stop, FunctionValidator *v
#define STEP_PASS p, sp, floor, slots, stop, v
#define STEP(name) static TAIL_CALLING_CONVENTION Outcome name(STEP_STATE)
#define STEP_GOTO(step) [[clang::musttail]] return step(STEP_PASS)
// The instruction has been checked and has `length` bytes.
#define STEP_NEXT(length)       \
  do {                          \
    p += (length);              \
    if (p >= stop) [[unlikely]] \
      STEP_GOTO(leave);         \
    STEP_GOTO(kSteps[*p]);      \
  } while (0)

struct FunctionValidator::FastSteps {
  enum class Outcome : uint8_t { failed, stopped };
  using Step = Outcome TAIL_CALLING_CONVENTION (*)(STEP_STATE);
  static const std::array<Step, 256> kSteps;

  STEP(leave) {
    v->sp_ = sp;
    v->slots_ = slots;
    v->in_.seek(p);
    return Outcome::stopped;
  }

  // Gives the instruction to a member function, from its opcode on.
  template <class Check>
  static bool check_carefully(const uint8_t* p, ValType* sp, uint32_t slots, FunctionValidator* v, Check check) {
    v->op_ = p;
    v->in_.seek(p + 1);
    v->sp_ = sp;
    v->slots_ = slots;
    return check();
  }
#define AFTER_CAREFUL(checked)                         \
  do {                                                 \
    if (!(checked)) [[unlikely]]                       \
      return Outcome::failed;                          \
    p = v->in_.position();                             \
    sp = v->sp_;                                       \
    floor = v->floor_;                                 \
    slots = v->slots_;                                 \
    if (p >= stop || v->control_.empty()) [[unlikely]] \
      STEP_GOTO(leave);                                \
    STEP_GOTO(kSteps[*p]);                             \
  } while (0)

  STEP(careful) {
    AFTER_CAREFUL(check_carefully(p, sp, slots, v, [&] { return v->step_row(kPlainRows[*p]); }));
  }

  template <Opcode op>
  STEP(by_hand) {
    constexpr Handler handler = Handlers::make()[static_cast<unsigned>(op)];
    AFTER_CAREFUL(check_carefully(p, sp, slots, v, [&] { return (v->*handler)(op); }));
  }

  // ---- Operands only -----------------------------------------------------------------------------------------------------

  static bool has(const FunctionValidator* v, Feature feature) {
    return (v->features_ >> static_cast<unsigned>(feature)) & 1;
  }

  STEP(unary) {
    const OperatorRow& row = kPlainRows[*p];
    if (sp == floor || sp[-1].bits() != row.pop[0] || !has(v, row.feature)) [[unlikely]]
      STEP_GOTO(careful);
    sp[-1] = static_cast<TypeCode>(row.push[0]);
    STEP_NEXT(1);
  }

  STEP(binary) {
    const OperatorRow& row = kPlainRows[*p];
    if (sp - floor < 2 || sp[-2].bits() != row.pop[0] || sp[-1].bits() != row.pop[1]) [[unlikely]]
      STEP_GOTO(careful);
    sp[-2] = static_cast<TypeCode>(row.push[0]);
    --sp;
    --slots;
    STEP_NEXT(1);
  }

  STEP(drop) {
    if (sp == floor || sp[-1].is_vec()) [[unlikely]]
      STEP_GOTO(careful);
    --sp;
    --slots;
    STEP_NEXT(1);
  }

  STEP(select) {
    if (sp - floor < 3 || sp[-1] != kI32 || sp[-2] != sp[-3] || !sp[-2].is_num()) [[unlikely]]
      STEP_GOTO(careful);
    sp -= 2;
    slots -= 2;
    STEP_NEXT(1);
  }

  // ---- Constants ---------------------------------------------------------------------------------------------------------

  // A new height goes the careful way once, which notes it.
#define STEP_PUSH(type, length)              \
  do {                                       \
    if (slots >= v->max_slots_) [[unlikely]] \
      STEP_GOTO(careful);                    \
    ++slots;                                 \
    *sp++ = (type);                          \
    STEP_NEXT(length);                       \
  } while (0)

  // An i32.const or i64.const of several bytes.
  STEP(long_constant) {
    const bool is_i32 = *p == info(Opcode::i32_const).code;
    const unsigned length = leb_length(p + 1);
    if (length == 0 || (is_i32 && length >= 5 && s32_length(p + 1) == 0)) [[unlikely]]
      STEP_GOTO(careful);
    STEP_PUSH(is_i32 ? kI32 : kI64, 1 + length);
  }
  template <uint8_t type, unsigned size>
  STEP(float_constant) {
    STEP_PUSH(static_cast<TypeCode>(type), 1 + size);
  }

  // ---- Locals ------------------------------------------------------------------------------------------------------------

  // A local.get, or a constant of one byte.
  STEP(push) {
    // Without branches, as which of them comes is hard to predict: the types of constants stand behind those of the locals.
    constexpr unsigned kGet = info(Opcode::local_get).code, kI32Const = info(Opcode::i32_const).code;
    static_assert(kGet >> 6 == 0 && kI32Const >> 6 == 1 && info(Opcode::i64_const).code == kI32Const + 1);
    const unsigned immediate = p[1];
    const unsigned is_const = *p >> 6;
    if (immediate >= v->push_limits_[is_const]) [[unlikely]]
      STEP_GOTO(push_other);
    const unsigned index = (immediate & (is_const - 1)) + is_const * (*p - kI32Const + kFastLocals);
    STEP_PUSH(v->fast_locals_[index], 2);
  }
  STEP(push_other) {
    if (*p == info(Opcode::local_get).code) STEP_GOTO(careful);
    STEP_GOTO(long_constant);
  }
  // local.set and local.tee
  STEP(assign) {
    const uint8_t index = p[1];
    if (index >= v->push_limits_[0] || sp == floor || sp[-1] != v->fast_locals_[index]) [[unlikely]]
      STEP_GOTO(careful);
    const bool is_set = *p == info(Opcode::local_set).code;
    sp -= is_set;
    slots -= is_set;
    STEP_NEXT(2);
  }

  // ---- Memory 0, if its addresses are i32 --------------------------------------------------------------------------------

  // The length of the instruction with an ordinary mem_arg, otherwise 0.
  static inline __attribute__((always_inline)) unsigned access_length(const uint8_t* p, const OperatorRow& row,
                                                                      const FunctionValidator* v) {
    if (p[1] > row.align_log2 || !v->plain_memory_) return 0;
    const unsigned length = p[2] < 0x80 ? 1 : u32_length(p + 2);
    return length == 0 ? 0 : 2 + length;
  }

  STEP(load_step) {
    const OperatorRow& row = kPlainRows[*p];
    const unsigned length = access_length(p, row, v);
    if (length == 0 || sp == floor || sp[-1] != kI32) [[unlikely]]
      STEP_GOTO(careful);
    sp[-1] = static_cast<TypeCode>(row.push[0]);
    STEP_NEXT(length);
  }
  STEP(store_step) {
    const OperatorRow& row = kPlainRows[*p];
    const unsigned length = access_length(p, row, v);
    if (length == 0 || sp - floor < 2 || sp[-1].bits() != row.pop[1] || sp[-2] != kI32) [[unlikely]]
      STEP_GOTO(careful);
    sp -= 2;
    slots -= 2;
    STEP_NEXT(length);
  }

  // ---- Blocks and branches -----------------------------------------------------------------------------------------------

  // A block without parameters and results.
  STEP(block) {
    PlainStack<ControlFrame>& control = v->control_;
    if (p[1] != kEmptyBlockType || !control.has_room() || control.size() > limits::kMaxControlDepth) [[unlikely]]
      STEP_GOTO(careful);
    ControlFrame& frame = control.push_unchecked({});
    frame.kind = *p == info(Opcode::loop).code ? FrameKind::loop : FrameKind::block;
    frame.opcode_offset = v->offset_of(p);
    frame.arm_offset = frame.opcode_offset + 2;
    frame.floor = static_cast<uint32_t>(sp - v->operands_.get());
    frame.slot_floor = slots;
    frame.init_floor = static_cast<uint32_t>(v->init_log_.size());
    frame.entry = v->table_.next_entry();
    floor = v->floor_ = sp;
    STEP_NEXT(2);
  }

  // Of a block or loop with at most one result.
  STEP(end) {
    ControlFrame& frame = v->control_.back();
    const bool has_result = !frame.result.is_bottom();
    if ((frame.kind != FrameKind::block && frame.kind != FrameKind::loop) || frame.uses.clauses != kNoIndex ||
        frame.type != nullptr || sp - floor != has_result || (has_result && sp[-1] != frame.result) ||
        frame.init_floor != v->init_log_.size()) [[unlikely]]
      STEP_GOTO(careful);
    v->table_.resolve(frame.uses, v->offset_of(p) + 1, v->table_.next_entry());
    v->control_.pop();
    floor = v->floor_ = v->operands_.get() + v->control_.back().floor;
    STEP_NEXT(1);
  }

  // To a label without operands.
  STEP(br_if) {
    PlainStack<ControlFrame>& control = v->control_;
    if (p[1] >= 0x80 || p[1] >= control.size() || sp == floor || sp[-1] != kI32 || !v->table_.has_room()) [[unlikely]]
      STEP_GOTO(careful);
    ControlFrame& target = control[control.size() - 1 - p[1]];
    if (!label_types(target).empty()) [[unlikely]]
      STEP_GOTO(careful);
    --sp;
    --slots;
    const uint32_t owner = v->offset_of(p);
    const uint32_t drop = slots - target.slot_floor;
    if (target.kind == FrameKind::loop) {
      v->table_.add_unchecked(owner, target.opcode_offset, target.entry, 0, drop);
    } else {
      target.uses.branches = v->table_.add_unchecked(owner, 0, target.uses.branches, 0, drop);
    }
    STEP_NEXT(2);
  }

  // ---- Calls -------------------------------------------------------------------------------------------------------------

  // Of a function with exactly the operands it wants, none of them a v128, and at most one result.
  STEP(call) {
    const unsigned length = p[1] < 0x80 ? 1 : u32_length(p + 1);
    if (length == 0) [[unlikely]]
      STEP_GOTO(careful);
    const uint32_t index = static_cast<uint32_t>(leb_value(p + 1, length));
    if (index >= v->module_.funcs.size()) [[unlikely]]
      STEP_GOTO(careful);
    const CanonicalType& type = v->context_.func_type(index);
    const ptrdiff_t params = static_cast<ptrdiff_t>(type.func.params.size());
    const size_t results = type.func.results.size();
    if (sp - floor < params || type.param_slots != params || results > 1 || type.result_slots != results ||
        slots >= v->max_slots_) [[unlikely]]
      STEP_GOTO(careful);
    const ValType* const wanted = type.func.params.data();
    uint32_t different = 0;
    for (ptrdiff_t i = 0; i < params; ++i) different |= sp[i - params].bits() ^ wanted[i].bits();
    if (different != 0) [[unlikely]]
      STEP_GOTO(careful);
    sp -= params;
    slots -= static_cast<uint32_t>(params);
    if (results != 0) {
      *sp++ = type.func.results[0];
      ++slots;
    }
    STEP_NEXT(1 + length);
  }

  // ---- The table ---------------------------------------------------------------------------------------------------------

  template <unsigned byte>
  static consteval Step step_for() {
    constexpr Opcode op = find_opcode(0, byte);
    constexpr OperatorRow row = kPlainRows[byte];
    if constexpr (row.path == Path::unary) {
      return &unary;
    } else if constexpr (row.path == Path::illegal || row.path == Path::prefixed || row.feature != Feature::mvp) {
      return &careful;
    } else if constexpr (row.path == Path::binary) {
      return &binary;
    } else if constexpr (op == Opcode::i32_const || op == Opcode::i64_const || row.path == Path::local_get) {
      return &push;
    } else if constexpr (op == Opcode::f32_const) {
      return &float_constant<static_cast<uint8_t>(TypeCode::f32), 4>;
    } else if constexpr (op == Opcode::f64_const) {
      return &float_constant<static_cast<uint8_t>(TypeCode::f64), 8>;
    } else if constexpr (row.path == Path::local_set || row.path == Path::local_tee) {
      return &assign;
    } else if constexpr (row.path == Path::mem_arg && row.push_count == 1) {
      return &load_step;
    } else if constexpr (row.path == Path::mem_arg) {
      return &store_step;
    } else if constexpr (op == Opcode::drop) {
      return &drop;
    } else if constexpr (op == Opcode::select) {
      return &select;
    } else if constexpr (op == Opcode::block || op == Opcode::loop) {
      return &block;
    } else if constexpr (op == Opcode::end) {
      return &end;
    } else if constexpr (op == Opcode::br_if) {
      return &br_if;
    } else if constexpr (op == Opcode::call) {
      return &call;
    } else if constexpr (row.path == Path::by_hand) {
      return &by_hand<op>;
    } else {
      return &careful;
    }
  }
  template <size_t... bytes>
  static consteval std::array<Step, 256> make(std::index_sequence<bytes...>) {
    return {step_for<bytes>()...};
  }
};

constinit const std::array<FunctionValidator::FastSteps::Step, 256> FunctionValidator::FastSteps::kSteps =
    make(std::make_index_sequence<256>());

bool FunctionValidator::run_fast() {
  const uint8_t* const begin = in_.position();
  const uint8_t* const end = in_.end();
  const uint8_t* const last_byte = module_.bytes.data() + module_.bytes.size();
  const uint8_t* const stop = last_byte - end >= kReadAhead ? end : end - std::min<ptrdiff_t>(end - begin, kReadAhead);
  if (begin >= stop) return true;
  return FastSteps::kSteps[*begin](begin, sp_, floor_, slots_, stop, this) == FastSteps::Outcome::stopped;
}

}  // namespace arris::validator
