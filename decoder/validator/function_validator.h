// FunctionValidator: one pass over a function body (or a constant expression) that checks its types and writes its side table.
// Private to the validator. Spec: appendix/algorithm (validation algorithm), whose stacks these are.
//
// - Operand stack: canonical ValTypes in one array that is large enough for any body the limits allow, so that pushing needs
//   no check for space; `slots_` is its height in 8-byte slots (wasm/side_table.h).
// - Control stack: on the heap; nesting costs memory, never native stack.
// - Branches are recorded as they are met, with targets filled in when their block ends (a linked list through the records),
//   and are encoded as SideTableEntry at the function's end: linear time whatever the shape of the code.
// - The first error sticks in the cursor and empties it, so the loop ends; functions return false to be left quickly.
// Buffers are reused from function to function.
#pragma once

#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "decoder/cursor.h"
#include "decoder/validator/module_context.h"
#include "decoder/validator/operator_rows.h"
#include "decoder/validator/plain_stack.h"
#include "decoder/validator/side_table_writer.h"
#include "wasm/instruction_reader.h"
#include "wasm/module.h"

namespace arris::validator {

using decoder::Cursor;

enum class FrameKind : uint8_t { func, constant, block, loop, if_, else_, try_, catch_, catch_all, try_table };

struct ControlFrame {
  const CanonicalType* type = nullptr;  // of the block; null: no parameters, at most one result
  ValType result;                       // if type is null: the one result, or bottom for none
  FrameKind kind = FrameKind::block;
  bool unreachable = false;
  uint32_t floor = 0;  // operands below belong to enclosing blocks
  uint32_t slot_floor = 0;
  uint32_t init_floor = 0;     // of the log of initialised locals
  uint32_t opcode_offset = 0;  // from the first instruction of the body
  uint32_t arm_offset = 0;     // first instruction of the arm being read
  uint32_t entry = 0;          // loop: side table index at its opcode; if: its own entry
  LabelUses uses;              // of its label, so far
  uint32_t first_clause = 0;   // try_table
  uint32_t clause_count = 0;
  uint32_t try_begin = 0;  // legacy try: covered range, known once the first catch is met
  uint32_t try_end = 0;
  uint32_t exception_slot = 0;  // legacy catch: from the locals pointer
  uint32_t br_table_epoch = 0;  // the br_table that has already checked this label
};

class FunctionValidator {
 public:
  explicit FunctionValidator(ModuleContext& context, bool fast = true);
  FunctionValidator(const FunctionValidator&) = delete;
  FunctionValidator& operator=(const FunctionValidator&) = delete;

  // Checks a body and completes its FuncCode; the tables go to `arena`.
  bool validate_body(uint32_t func_index, SideTableArena& arena);
  // Checks a constant expression. Globals at and above `visible_globals` are unknown to it. Functions it refers to become
  // declared (Module::declared_func_refs).
  bool validate_const_expr(const ConstExpr& expr, ValType expected, uint32_t visible_globals);

  // The operands in front of the instruction at `offset` (in the module) of a valid body, bottom first. False if none starts there.
  bool operands_before(uint32_t func_index, uint32_t offset, std::vector<ValType>& operands);

  // Bytes of the last constant expression, which may have been followed by others in the same range.
  uint32_t consumed() const { return offset_of(in_.position()); }

  Error take_error() { return in_.take_error(); }

 private:
  using Handler = bool (FunctionValidator::*)(Opcode);
  struct Handlers;   // by_hand.h
  struct FastSteps;  // fast_steps.cc

  // function_validator.cc
  bool begin_body(const FuncBody& body);
  void finish_body(const FuncBody& body, SideTableArena& arena);
  bool run(const FuncBody& body);
  bool run_fast();
  bool run_carefully();
  bool run_constant();
  [[gnu::always_inline]] bool step(const OperatorRow& row);
  bool step_row(const OperatorRow& row);
  [[gnu::always_inline]] bool step_mem_arg(const OperatorRow& row);
  bool step_prefixed(uint8_t prefix);
  bool pop_slow(ValType want);
  bool pop_types_slow(std::span<const ValType> types);
  void note_height();
  bool fail(ErrorCode code, std::string detail = {});
  bool fail_index(ErrorCode code, uint64_t index);
  bool fail_mismatch(ValType want, ValType found);
  std::string describe(ValType type) const;

  // locals.cc
  bool local_type_slow(uint32_t index, ValType& type);
  bool on_special_local(uint32_t index, ValType type, Opcode op);
  void mark_initialized(uint32_t index);
  void forget_initialized(uint32_t floor);
  uint32_t v128_ordinal(uint32_t index) const;
  bool begin_locals(const FuncBody& body);

  // control.cc
  bool read_block(ControlFrame& frame);
  bool push_frame(FrameKind kind, ControlFrame frame);
  bool pop_results(ControlFrame& frame);
  void pop_frame();
  ControlFrame* label(uint32_t depth);
  void add_branch(ControlFrame& target);
  void resolve(ControlFrame& frame, uint32_t target);
  void add_return();
  void set_unreachable();
  bool check_label_operands(const ControlFrame& target);
  bool peek_label_operands(const ControlFrame& target);
  bool on_unreachable(Opcode);
  bool on_nop(Opcode);
  bool on_block(Opcode op);
  bool on_if(Opcode);
  bool on_else(Opcode);
  bool on_end(Opcode);
  bool end_function(ControlFrame& frame);
  bool on_br(Opcode);
  bool on_br_if(Opcode);
  bool on_br_table(Opcode);
  bool on_return(Opcode);

  // calls.cc
  const CanonicalType* read_func_type();
  bool finish_call(const CanonicalType& type, bool tail);
  bool on_call(Opcode op);
  bool on_call_indirect(Opcode op);
  bool on_call_ref(Opcode op);
  bool on_drop(Opcode);
  bool on_select(Opcode);
  bool on_select_t(Opcode);
  bool on_global_get(Opcode);
  bool on_global_set(Opcode);

  // exceptions.cc
  const CanonicalType* read_tag();
  bool on_throw(Opcode);
  bool on_throw_ref(Opcode);
  bool on_try_table(Opcode);
  bool read_catch_clause(uint32_t& count);
  void close_try_table(ControlFrame& frame);
  bool on_try(Opcode);
  bool on_catch(Opcode op);
  bool on_delegate(Opcode);
  bool on_rethrow(Opcode);

  // memory.cc
  const MemoryType* read_memory(uint32_t index);
  const MemoryType* read_memory_index();
  bool read_mem_arg(const OperatorRow& row, ValType& address);
  bool check_immediates(const OperatorRow& row, ValType& address);
  bool apply(const OperatorRow& row, ValType address);
  bool check_lanes(const OperatorRow& row);
  bool read_table(uint32_t& index);
  bool read_elem(uint32_t& index);
  bool check_data(uint32_t index);
  bool on_memory_copy(Opcode);
  bool on_table_access(Opcode op);
  bool on_table_bulk(Opcode op);

  // references.cc
  bool read_heap_type(HeapType& heap);
  bool pop_ref(ValType& type);
  bool on_ref_null(Opcode);
  bool on_ref_is_null(Opcode);
  bool on_ref_func(Opcode);
  bool on_ref_eq(Opcode);
  bool on_ref_as_non_null(Opcode);
  bool on_br_on_null(Opcode);
  bool on_br_on_non_null(Opcode);
  bool on_ref_test(Opcode op);
  bool on_br_on_cast(Opcode op);
  bool on_convert(Opcode op);
  bool on_i31(Opcode op);

  // aggregates.cc
  const CanonicalType* read_aggregate(CompositeKind kind);
  const CanonicalType* read_array_with(bool writable);
  const FieldType* read_struct_field(const CanonicalType*& type);
  bool check_packing(const FieldType& field, Opcode op);
  bool on_struct_new(Opcode op);
  bool on_struct_get(Opcode op);
  bool on_struct_set(Opcode);
  bool on_array_new(Opcode op);
  bool on_array_new_fixed(Opcode);
  bool on_array_new_segment(Opcode op);
  bool on_array_get(Opcode op);
  bool on_array_set(Opcode);
  bool on_array_len(Opcode);
  bool on_array_fill(Opcode);
  bool on_array_copy(Opcode);
  bool on_array_init_segment(Opcode op);

  // --- inline: the hot path ---
  uint32_t offset_of(const uint8_t* p) const { return static_cast<uint32_t>(p - code_begin_); }
  uint32_t opcode_offset() const { return offset_of(op_); }
  uint32_t next_offset() const { return offset_of(in_.position()); }
  // Gives the current instruction its form for v128 in the code copy, which is made for it. Not in constant expressions.
  void use_vector_form(uint8_t code);

  bool local_type(uint32_t index, ValType& type) {
    if (index >= fast_count_) [[unlikely]]
      return local_type_slow(index, type);
    type = fast_locals_[index];
    return true;
  }

  void push(ValType type) {
    *sp_++ = type;
    slots_ += type.slots();
    if (slots_ > max_slots_) note_height();
  }
  bool pop(ValType want) {
    if (sp_ > floor_ && sp_[-1] == want) [[likely]] {
      --sp_;
      slots_ -= want.slots();
      return true;
    }
    return pop_slow(want);
  }
  // Any value; bottom if the stack is polymorphic.
  bool pop_any(ValType& type) {
    if (sp_ > floor_) [[likely]] {
      type = *--sp_;
      slots_ -= type.slots();
      return true;
    }
    type = kBottom;
    return control_.back().unreachable || fail_mismatch(kBottom, kBottom);
  }
  bool top_equals(std::span<const ValType> types) const {
    return static_cast<size_t>(sp_ - floor_) >= types.size() &&
           std::memcmp(sp_ - types.size(), types.data(), types.size() * sizeof(ValType)) == 0;
  }
  bool pop_types(std::span<const ValType> types) {
    if (types.empty()) return true;
    if (!top_equals(types)) return pop_types_slow(types);
    sp_ -= types.size();
    for (ValType t : types) slots_ -= t.slots();
    return true;
  }
  void push_types(std::span<const ValType> types) {
    for (ValType t : types) push(t);
  }

  static std::span<const ValType> results_of(const ControlFrame& frame) {
    if (frame.type) return frame.type->func.results;
    return {&frame.result, frame.result.is_bottom() ? size_t{0} : size_t{1}};
  }
  static std::span<const ValType> label_types(const ControlFrame& frame) {
    if (frame.kind != FrameKind::loop) return results_of(frame);
    return frame.type ? std::span<const ValType>(frame.type->func.params) : std::span<const ValType>();
  }
  static uint32_t label_slots(const ControlFrame& frame) {
    if (frame.type) return frame.kind == FrameKind::loop ? frame.type->param_slots : frame.type->result_slots;
    return frame.kind == FrameKind::loop || frame.result.is_bottom() ? 0 : frame.result.slots();
  }

  struct Free {
    void operator()(ValType* p) const { std::free(p); }
  };

  ModuleContext& context_;
  const Module& module_;
  const TypeRegistry& registry_;
  const uint32_t features_;
  const bool fast_;
  Cursor in_;
  const uint8_t* op_ = nullptr;          // the instruction being checked
  const uint8_t* code_begin_ = nullptr;  // its body's first instruction
  uint8_t* code_copy_ = nullptr;         // the same in the code copy; null in constant expressions
  bool has_copy_ = false;
  ValType memory0_address_;    // of memory 0; bottom sends everything the careful way
  bool plain_memory_ = false;  // memory 0 is there and its addresses are i32
  uint32_t visible_globals_ = 0;
  bool in_constant_ = false;

  std::unique_ptr<ValType, Free> operands_;
  ValType* sp_ = nullptr;
  ValType* floor_ = nullptr;  // of the innermost block
  uint32_t slots_ = 0;
  uint32_t max_slots_ = 0;
  PlainStack<ControlFrame> control_;
  uint32_t br_table_epoch_ = 0;

  // Locals: parameters first. The first kFastLocals are expanded; the rest are found by binary search, so that declaring
  // many locals in many functions costs nothing.
  static constexpr uint32_t kFastLocals = 256;
  struct LocalRun {
    uint32_t end;
    uint32_t v128_before;
    ValType type;
  };
  const CanonicalType* func_type_ = nullptr;
  ValType fast_locals_[kFastLocals + 2];  // and behind them, for fast_steps.cc, i32 and i64
  uint32_t fast_count_ = 0;
  // Locals below have an index of one byte and nothing special about them; constants below take one byte.
  uint32_t push_limits_[2] = {0, 0x80};
  uint32_t local_count_ = 0;
  uint32_t v128_count_ = 0;
  bool has_special_locals_ = false;  // v128, or without a default
  std::vector<LocalRun> runs_;
  std::vector<uint32_t> init_epochs_;  // by local: equal to epoch_ once it has been set
  std::vector<uint32_t> init_log_;
  uint32_t epoch_ = 0;

  uint32_t legacy_depth_ = 0;  // catch arms around this point
  uint32_t max_legacy_depth_ = 0;
  SideTableWriter table_;
};

}  // namespace arris::validator
