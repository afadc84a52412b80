#include "runtime/const_expr.h"

#include <cstring>

#include "base/check.h"
#include "runtime/gc_ops.h"
#include "wasm/instruction_reader.h"
#include "wasm/numeric.h"

namespace arris::runtime {
namespace {

class Evaluator {
 public:
  Evaluator(Store& store, const InstanceData& instance)
      : store_(store), context_(store.context()), instance_(instance), base_(context_.stack_top) {}
  ~Evaluator() { context_.stack_top = base_; }

  TrapCode run(const uint8_t*& p, ConstValue& out) {
    for (;;) {
      Instruction in = read_instruction(p);
      if (in.opcode == Opcode::end) break;
      if (context_.stack_limit - context_.stack_top < 2)
        return TrapCode::call_stack_exhausted;  // a v128 is the most one pushes
      TrapCode trap = execute(in);
      if (trap != TrapCode::none) return trap;
    }
    std::memcpy(out.slots, base_, static_cast<size_t>(context_.stack_top - base_) * sizeof(uint64_t));
    return TrapCode::none;
  }

 private:
  TrapCode execute(const Instruction& in) {
    switch (in.opcode) {
      case Opcode::i32_const: return push(static_cast<uint32_t>(in.bits[0]));
      case Opcode::i64_const:
      case Opcode::f32_const:
      case Opcode::f64_const: return push(in.bits[0]);
      case Opcode::v128_const: push(in.bits[0]); return push(in.bits[1]);
      case Opcode::i32_add: return binary<uint32_t>(num::i32_add);
      case Opcode::i32_sub: return binary<uint32_t>(num::i32_sub);
      case Opcode::i32_mul: return binary<uint32_t>(num::i32_mul);
      case Opcode::i64_add: return binary<uint64_t>(num::i64_add);
      case Opcode::i64_sub: return binary<uint64_t>(num::i64_sub);
      case Opcode::i64_mul: return binary<uint64_t>(num::i64_mul);
      case Opcode::global_get: return global_get(*instance_.globals[in.index[0]]);
      case Opcode::ref_null: return push(0);
      case Opcode::ref_func: return push(reinterpret_cast<uint64_t>(instance_.funcs[in.index[0]]));
      case Opcode::ref_i31:
        context_.stack_top[-1] = make_i31(static_cast<uint32_t>(context_.stack_top[-1]));
        return TrapCode::none;
      case Opcode::any_convert_extern:
      case Opcode::extern_convert_any: return TrapCode::none;  // the same representation
      case Opcode::struct_new:
      case Opcode::struct_new_default:
      case Opcode::array_new:
      case Opcode::array_new_default:
      case Opcode::array_new_fixed: return aggregate(in, *instance_.types[in.index[0]]);
      default: CHECK(!"not a constant instruction");  // NOLINT: the validator saw to it; most opcodes are not constant
    }
    return TrapCode::none;
  }

  TrapCode push(uint64_t slot) {
    *context_.stack_top++ = slot;
    return TrapCode::none;
  }

  template <class T>
  TrapCode binary(T (*operation)(T, T)) {
    uint64_t* top = --context_.stack_top;
    top[-1] = operation(static_cast<T>(top[-1]), static_cast<T>(top[0]));
    return TrapCode::none;
  }

  TrapCode global_get(const GlobalInstance& global) {
    push(global.value[0]);
    return global.type.is_vec() ? push(global.value[1]) : TrapCode::none;
  }

  // The operands stay on the stack until the object is made.
  TrapCode aggregate(const Instruction& in, const CanonicalType& type) {
    Heap& heap = store_.heap();
    uint64_t* top = context_.stack_top;
    uint64_t* operands = top;
    uint64_t ref = 0;
    TrapCode trap;
    if (in.opcode == Opcode::struct_new) {
      for (const FieldType& field : type.fields) operands -= field.storage.slots();
      trap = struct_new(heap, type, operands, &ref);
    } else if (in.opcode == Opcode::struct_new_default) {
      trap = struct_new_default(heap, type, &ref);
    } else if (in.opcode == Opcode::array_new) {
      operands -= 1 + type.fields[0].storage.slots();
      trap = array_new(heap, type, operands, static_cast<uint32_t>(top[-1]), &ref);
    } else if (in.opcode == Opcode::array_new_default) {
      operands -= 1;
      trap = array_new_default(heap, type, static_cast<uint32_t>(top[-1]), &ref);
    } else {
      operands -= uint64_t{in.index[1]} * type.fields[0].storage.slots();
      trap = array_new_fixed(heap, type, operands, in.index[1], &ref);
    }
    if (trap != TrapCode::none) return trap;
    context_.stack_top = operands;
    return push(ref);
  }

  Store& store_;
  ExecutionContext& context_;
  const InstanceData& instance_;
  uint64_t* base_;
};

// A single instruction that yields one slot, as nearly every expression is: without the value stack, whose first page an instance
// that is never called need not touch. False if it is something else.
bool evaluate_single(const InstanceData& instance, const uint8_t*& code, ConstValue& out) {
  constexpr uint8_t kEnd = 0x0B;
  const uint8_t* p = code;
  Instruction in = read_instruction(p);
  if (in.opcode == Opcode::end || *p != kEnd) return false;
  switch (in.opcode) {
    case Opcode::i32_const: out.slots[0] = static_cast<uint32_t>(in.bits[0]); break;
    case Opcode::i64_const: out.slots[0] = in.bits[0]; break;
    case Opcode::ref_null: out.slots[0] = 0; break;
    case Opcode::ref_func: out.slots[0] = reinterpret_cast<uint64_t>(instance.funcs[in.index[0]]); break;
    case Opcode::global_get: {
      const GlobalInstance& global = *instance.globals[in.index[0]];
      if (global.type.is_vec()) return false;
      out.slots[0] = global.value[0];
      break;
    }
    default: return false;  // NOLINT: the rest goes the general way
  }
  code = p + 1;
  return true;
}

}  // namespace

TrapCode evaluate_const_code(Store& store, const InstanceData& instance, const uint8_t*& code, ConstValue& out) {
  if (evaluate_single(instance, code, out)) return TrapCode::none;
  return Evaluator(store, instance).run(code, out);
}

}  // namespace arris::runtime
