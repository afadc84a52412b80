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
//   starts where the next instruction's offset is noted
//   v      the validator, whose members sp_, slots_ and in_ are stale meanwhile
#include <bit>

#include "base/tail_call.h"
#include "decoder/validator/by_hand.h"
#include "decoder/validator/function_validator.h"

namespace arris::validator {
namespace {

constexpr unsigned kReadAhead = 16;

template <class T>
inline __attribute__((always_inline)) T load(const uint8_t* p) {
  static_assert(std::endian::native == std::endian::little);
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

// The length of the LEB128 at `p` if it has at most four (eight) bytes, so that every value is in range; otherwise 0.
template <class T>
inline __attribute__((always_inline)) unsigned short_leb_length(const uint8_t* p) {
  const T last = ~load<T>(p) & static_cast<T>(0x8080808080808080);
  return last == 0 ? 0 : static_cast<unsigned>(std::countr_zero(last)) / 8 + 1;
}

}  // namespace

#define STEP_STATE                                                                                              \
  [[maybe_unused]] const uint8_t *p, [[maybe_unused]] ValType *sp, [[maybe_unused]] ValType *floor,             \
      [[maybe_unused]] uint32_t slots, [[maybe_unused]] const uint8_t *stop, [[maybe_unused]] uint32_t *starts, \
      FunctionValidator *v
#define STEP_PASS p, sp, floor, slots, stop, starts, v
#define STEP(name) static TAIL_CALLING_CONVENTION Outcome name(STEP_STATE)
#define STEP_GOTO(step) [[clang::musttail]] return step(STEP_PASS)
// The instruction has been checked and has `length` bytes.
#define STEP_NEXT(length)        \
  do {                           \
    *starts++ = v->offset_of(p); \
    p += (length);               \
    if (p >= stop) [[unlikely]]  \
      STEP_GOTO(leave);          \
    STEP_GOTO(kSteps[*p]);       \
  } while (0)

struct FunctionValidator::FastSteps {
  enum class Outcome : uint8_t { failed, stopped };
  using Step = Outcome TAIL_CALLING_CONVENTION (*)(STEP_STATE);
  static const std::array<Step, 256> kSteps;

  STEP(leave) {
    v->sp_ = sp;
    v->slots_ = slots;
    v->starts_ = starts;
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
    *starts++ = v->offset_of(p);                       \
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

  template <uint8_t operand, uint8_t result, Feature feature>
  STEP(unary) {
    if (sp == floor || sp[-1].bits() != operand || !(feature == Feature::mvp || has(v, feature))) [[unlikely]]
      STEP_GOTO(careful);
    sp[-1] = static_cast<TypeCode>(result);
    STEP_NEXT(1);
  }

  template <uint8_t first, uint8_t second, uint8_t result>
  STEP(binary) {
    if (sp - floor < 2 || sp[-2].bits() != first || sp[-1].bits() != second) [[unlikely]]
      STEP_GOTO(careful);
    sp[-2] = static_cast<TypeCode>(result);
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

  template <uint8_t type, class Word>
  STEP(constant) {
    const unsigned length = short_leb_length<Word>(p + 1);
    if (length == 0) [[unlikely]]
      STEP_GOTO(careful);
    STEP_PUSH(static_cast<TypeCode>(type), 1 + length);
  }
  template <uint8_t type, unsigned size>
  STEP(float_constant) {
    STEP_PUSH(static_cast<TypeCode>(type), 1 + size);
  }

  // ---- Locals ------------------------------------------------------------------------------------------------------------

  STEP(local_get) {
    const uint8_t index = p[1];
    if (index >= v->plain_locals_) [[unlikely]]
      STEP_GOTO(careful);
    STEP_PUSH(v->fast_locals_[index], 2);
  }
  STEP(local_set) {
    const uint8_t index = p[1];
    if (index >= v->plain_locals_ || sp == floor || sp[-1] != v->fast_locals_[index]) [[unlikely]]
      STEP_GOTO(careful);
    --sp;
    --slots;
    STEP_NEXT(2);
  }
  STEP(local_tee) {
    const uint8_t index = p[1];
    if (index >= v->plain_locals_ || sp == floor || sp[-1] != v->fast_locals_[index]) [[unlikely]]
      STEP_GOTO(careful);
    STEP_NEXT(2);
  }

  // ---- Memory 0, if its addresses are i32 --------------------------------------------------------------------------------

  // The length of the instruction with an ordinary mem_arg, otherwise 0.
  template <uint8_t align_log2>
  static inline __attribute__((always_inline)) unsigned access_length(const uint8_t* p, const FunctionValidator* v) {
    if (p[1] > align_log2 || !v->plain_memory_) return 0;
    const unsigned length = short_leb_length<uint32_t>(p + 2);
    return length == 0 ? 0 : 2 + length;
  }

  template <uint8_t result, uint8_t align_log2>
  STEP(load_step) {
    const unsigned length = access_length<align_log2>(p, v);
    if (length == 0 || sp == floor || sp[-1] != kI32) [[unlikely]]
      STEP_GOTO(careful);
    sp[-1] = static_cast<TypeCode>(result);
    STEP_NEXT(length);
  }
  template <uint8_t value, uint8_t align_log2>
  STEP(store_step) {
    const unsigned length = access_length<align_log2>(p, v);
    if (length == 0 || sp - floor < 2 || sp[-1].bits() != value || sp[-2] != kI32) [[unlikely]]
      STEP_GOTO(careful);
    sp -= 2;
    slots -= 2;
    STEP_NEXT(length);
  }

  // ---- The table ---------------------------------------------------------------------------------------------------------

  template <unsigned byte>
  static consteval Step step_for() {
    constexpr Opcode op = find_opcode(0, byte);
    constexpr OperatorRow row = kPlainRows[byte];
    if constexpr (row.path == Path::unary) {
      return &unary<row.pop[0], row.push[0], row.feature>;
    } else if constexpr (row.path == Path::illegal || row.path == Path::prefixed || row.feature != Feature::mvp) {
      return &careful;
    } else if constexpr (row.path == Path::binary) {
      return &binary<row.pop[0], row.pop[1], row.push[0]>;
    } else if constexpr (op == Opcode::i32_const) {
      return &constant<static_cast<uint8_t>(TypeCode::i32), uint32_t>;
    } else if constexpr (op == Opcode::i64_const) {
      return &constant<static_cast<uint8_t>(TypeCode::i64), uint64_t>;
    } else if constexpr (op == Opcode::f32_const) {
      return &float_constant<static_cast<uint8_t>(TypeCode::f32), 4>;
    } else if constexpr (op == Opcode::f64_const) {
      return &float_constant<static_cast<uint8_t>(TypeCode::f64), 8>;
    } else if constexpr (row.path == Path::local_get) {
      return &local_get;
    } else if constexpr (row.path == Path::local_set) {
      return &local_set;
    } else if constexpr (row.path == Path::local_tee) {
      return &local_tee;
    } else if constexpr (row.path == Path::mem_arg && row.push_count == 1) {
      return &load_step<row.push[0], row.align_log2>;
    } else if constexpr (row.path == Path::mem_arg) {
      return &store_step<row.pop[1], row.align_log2>;
    } else if constexpr (op == Opcode::drop) {
      return &drop;
    } else if constexpr (op == Opcode::select) {
      return &select;
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
  if (FastSteps::kSteps[*begin](begin, sp_, floor_, slots_, stop, starts_, this) == FastSteps::Outcome::failed)
    return false;
  // Immediates that reach beyond the body: the careful way knows what to say.
  if (in_.position() > end) in_.seek(code_begin_ + *--starts_);
  return true;
}

}  // namespace arris::validator
