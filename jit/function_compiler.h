// FunctionCompiler: one pass over a function's bytes that keeps an abstract stack and emits machine code as it goes.
// README.md tells the algorithm. For compiler.cc and the golden tests, which instantiate it with a machine each (masm/).
//
// The class is declared here and defined by topic: registers.h, merges.h, control.h, calls.h, numeric.h, memory_access.h,
// variables.h, references.h, allocation.h, exceptions.h, loop_scan.h, cold_paths.h. function_compiler_all.h includes them all.
//
// Invariants
//  - An i32 in a register has the upper half of the register zero.
//  - Emitting an edge (emit_edge, emit_return) changes no state: what follows a conditional branch goes on as before.
//  - locked_ registers hold what the instruction being compiled still needs: nothing evicts or hands them out.
#pragma once

#include <cstddef>
#include <expected>
#include <vector>

#include "jit/builtins.h"
#include "jit/compiler.h"
#include "jit/opcode_shape.h"
#include "jit/value.h"
#include "masm/cpu_features.h"
#include "masm/types.h"
#include "runtime/code_space.h"
#include "runtime/layout.h"
#include "wasm/instruction_reader.h"
#include "wasm/module.h"

namespace arris::jit {

using masm::Address;
using masm::Cond;
using masm::Fp;
using masm::FpKind;
using masm::Gp;
using masm::Label;
using masm::Reg;
using masm::Width;

template <class Masm>
class FunctionCompiler final : private masm::TrapSink {
 public:
  explicit FunctionCompiler(masm::CpuFeatures features) : masm_(features) {}

  std::expected<void, CompileError> compile(const Module& module, FuncIndex func, const CompileOptions& options,
                                            CompiledFunction& out);
  Masm& masm() { return masm_; }

 private:
  static constexpr uint32_t kMaxRegisterResults = 8;  // a label with more gets all of its values in their slots
  static constexpr uint32_t kAllocatableBits =
      Masm::kAllocatableGp.bits() | (Masm::kAllocatableFp.bits() << kFirstFpCode);
  static constexpr uint32_t kLoopAlignment =
      32;  // short loops are up to a fifth slower where they lie across cache lines by chance
  static constexpr uint64_t kMaxFoldedOffset = (uint64_t{1} << 31) - (uint64_t{1} << 16);  // well within the guard

  // ---- Driver (function_compiler_all.h, control.h) ----
  void start(const Module& module, FuncIndex func, const CompileOptions& options, CompiledFunction& out);
  void compile_body();
  void compile_instruction(Opcode op, Shape how);
  void compile_by_hand(Opcode op);
  void compile_dead_instruction(Opcode op);
  void prologue();
  void clear_frame();
  void place_params();
  void finish();
  Opcode read_opcode(uint8_t prefix);
  // The instruction at `at` is what is compiled from here on.
  void go_on_to(const uint8_t* at) {
    offset_ = static_cast<uint32_t>(at - code_);
    note_position();
  }
  void compile_constant(Kind kind, uint64_t bits);
  void compile_local_get(uint32_t index);
  void get_for_next(uint32_t index);
  template <class T>
  T read_constant() {  // of i32.const and i64.const: mostly one byte or two
    const uint8_t byte = *p_;
    if (byte >= 0x80) {
      const uint8_t second = p_[1];
      if (second >= 0x80) return read_sleb<T>(p_);
      p_ += 2;
      return static_cast<T>(static_cast<int16_t>((second << 7 | (byte & 0x7F)) << 2) >> 2);
    }
    ++p_;
    return static_cast<T>(static_cast<int8_t>(byte << 1) >> 1);
  }
  void fail(const char* message);

  // ---- Addresses of run-time data ----
  static Address instance_field(size_t offset) { return masm::at(Masm::kInstance, static_cast<int32_t>(offset)); }
  static Address slot_address(int32_t slot) { return masm::at(Masm::kLocals, slot * 8); }

  // ---- registers.h ----
  Value& operand(uint32_t from_top) { return values_[local_count_ + height_ - 1 - from_top]; }
  uint32_t index_of(const Value& v) const { return static_cast<uint32_t>(&v - values_.data()); }
  bool is_local(uint32_t index) const { return index < local_count_; }
  static uint32_t file_bits(Kind kind) {
    constexpr uint32_t kGp = kAllocatableBits & kGpBits, kFp = kAllocatableBits & kFpBits;
    static constexpr uint32_t kFiles[] = {kGp, kGp, kFp, kFp, kFp, kGp};  // by Kind
    return kFiles[static_cast<unsigned>(kind)];
  }
  void attach(Value& v, RegCode reg);
  void attach_alone(Value& v, RegCode reg);  // to a register that is free
  void attach_instead(Value& v, const Value& other);
  void attach_beside(Value& v, const Place& other);
  void detach(Value& v);
  void unlink(const Value& v);
  bool is_shared(RegCode reg) const { return values_[head_[reg]].next != kNoIndex; }
  bool is_free(RegCode reg) const { return (used_ & bit_of(reg)) == 0; }
  RegCode lock(RegCode reg) {
    locked_ |= bit_of(reg);
    return reg;
  }
  RegCode allocate(uint32_t file);
  RegCode take_from_values(uint32_t file);
  RegCode choose_victim(uint32_t candidates);
  void spill(RegCode reg);  // stores what is dirty and empties it
  void evict(RegCode reg);  // empties it, preferably into another register
  void make_room(masm::GpSet clobbered);
  void flush();            // every dirty value stored; registers empty
  void flush_constants();  // constants stored as well
  void forget_flushed_constants();
  void store_if_dirty(Value& v);
  Value& push_room(Kind kind);
  Value& push_value(Kind kind);
  void push_reg(Kind kind, RegCode reg);
  void push_alone(Kind kind, RegCode reg);
  void push_copy(const Value& v) {  // of what is in a register
    attach_beside(push_room(v.kind), v);
  }
  void push_const(Kind kind, uint64_t bits);
  void push_stored(Kind kind) { push_value(kind).flags = kStored; }
  Operand pop();
  void drop();
  RegCode use(Operand& operand) {
    if (!operand.in_reg()) {
      operand.reg = bring(operand.kind, operand.is_const(), operand.bits, operand.slot);
      operand.flags |= kInReg;
    }
    return operand.reg;
  }
  RegCode bring(Kind kind, bool is_const, uint64_t bits, int32_t slot);
  Operand operand_of_local(uint32_t index);
  void bring_local(Value& local, uint32_t index);
  Gp use_gp(Operand& operand) { return gp_of(use(operand)); }
  Fp use_fp(Operand& operand) { return fp_of(use(operand)); }
  static RegCode reg_if_any(const Operand* operand) { return operand && operand->in_reg() ? operand->reg : kNoReg; }
  RegCode result(Kind kind, RegCode a, RegCode b);
  RegCode result(Kind kind, const Operand* a = nullptr, const Operand* b = nullptr) {
    return result(kind, reg_if_any(a), reg_if_any(b));
  }
  RegCode plain_result(Kind kind, RegCode a, RegCode b);
  RegCode plain_result(Kind kind, const Operand* a = nullptr) { return plain_result(kind, reg_if_any(a), kNoReg); }
  bool is_set_next() const {  // local.set or local.tee
    static_assert(info(Opcode::local_tee).code == info(Opcode::local_set).code + 1);
    return static_cast<uint8_t>(*p_ - info(Opcode::local_set).code) <= 1;
  }
  // Pushes the result of an instruction, which is in a register of its own, or sets the local that the next instruction names.
  void push_result(Kind kind, RegCode reg) { is_set_next() ? set_result(kind, reg) : push_alone(kind, reg); }
  void set_result(Kind kind, RegCode reg);
  Gp temp() { return gp_of(allocate(kAllocatableBits & kGpBits)); }
  static Reg reg_of(RegCode code) { return Reg::numbered(code); }
  void emit_move(Kind kind, RegCode to, RegCode from);
  void emit_load(Kind kind, RegCode to, int32_t slot);
  void emit_store(Kind kind, int32_t slot, RegCode from);
  void emit_const(Kind kind, RegCode to, uint64_t bits);
  void emit_store_const(Kind kind, int32_t slot, uint64_t bits);

  // ---- merges.h ----
  struct Move {
    RegCode to;
    RegCode from;  // kNoReg: from the constant or slot
    Kind kind;
    bool is_const;
    int32_t slot;
    uint64_t bits;
  };
  // There is one move per destination at most, so there are no more than registers.
  void add_move(RegCode to, Kind kind, uint8_t flags, RegCode from, int32_t slot, uint64_t bits) {
    if (flags & kInReg) {
      if (from != to) moves_[move_count_++] = {to, from, kind, false, 0, 0};
    } else {
      moves_[move_count_++] = {to, kNoReg, kind, (flags & kConst) != 0, slot, bits};
    }
  }
  void add_move(RegCode to, const Value& v) { add_move(to, v.kind, v.flags, v.reg, v.slot, v.bits); }
  void emit_moves() {
    if (move_count_ > 1) return emit_pending_moves();
    if (move_count_ == 1) emit_in_any_order(moves_[0]);
    move_count_ = 0;
  }
  void emit_pending_moves();
  void emit_in_any_order(const Move& move);
  void settle_constants() {
    if (settled_ != const_locals_.size() || zero_locals_pending_) settle_pending_constants();
  }
  void settle_pending_constants();
  void forget_constants();
  void define_state(MergeState& state, uint32_t below, uint32_t results);
  // A state is written down from begin_state's answer on, at most one entry per register, until end_state; or with add_entry.
  MergeEntry* begin_state(MergeState& state) {
    if (merge_entries_.size() < merge_count_ + kRegCodes) [[unlikely]]
      merge_entries_.resize(2 * merge_count_ + 4 * kRegCodes);
    state.first = merge_count_;
    return merge_entries_.data() + merge_count_;
  }
  void end_state(MergeState& state, const MergeEntry* end) {
    merge_count_ = static_cast<uint32_t>(end - merge_entries_.data());
    state.count = merge_count_ - state.first;
  }
  void add_entry(Kind kind, uint8_t flags, RegCode reg, uint32_t value, int32_t slot) {
    if (merge_count_ == merge_entries_.size()) [[unlikely]]
      merge_entries_.resize(2 * merge_count_ + 64);
    merge_entries_[merge_count_++] = {{kind, static_cast<uint8_t>((flags & kStored) | kInReg), reg}, value, slot};
  }
  void define_loop_state(Control& loop);
  struct LoopScan;
  void load_hot_locals(const LoopScan& scan);
  RegCode free_register(uint32_t file, uint32_t claimed);
  bool collect_edge(const MergeState& state, uint32_t below, uint32_t results);
  void collect_value(const MergeEntry& entry, uint32_t index, bool is_result);
  bool reach(MergeState& state, uint32_t below, uint32_t results);
  bool reach(Control& target) { return reach(target.state, target.height, target.label_arity()); }
  void emit_collected_edge(uint32_t below, uint32_t results);
  void load_state(const MergeState& state, const Control& control, std::span<const ValType> types);
  void empty_registers();
  void leave_register(Value& v, uint32_t index) {  // which is emptied; v is not dirty
    v.flags &= ~kInReg;
    if (!v.is_const() || is_local(index)) v.flags |= kStored;
  }
  std::span<const MergeEntry> entries(const MergeState& state) const {
    return {merge_entries_.data() + state.first, state.count};
  }

  // ---- control.h ----
  Control& control_at(uint32_t depth) { return controls_[controls_.size() - 1 - depth]; }
  Control& push_control(BlockKind kind, const BlockType& type);
  Label& label_of(Control& control);
  void on_block();
  void on_loop();
  void describe_operands();
  void on_if();
  void on_else();
  void on_end();
  void end_block(Control& control);
  void end_function();
  void on_br();
  void on_br_if();
  void on_br_table();
  void on_unreachable();
  void on_select();
  struct Condition;  // what a branch tests
  void load_condition(Condition& condition);
  void branch_on(Condition& condition, Label target, bool negate);
  void branch_to(Control& target, Condition& condition, bool negate);
  void jump_to(Control& target);
  void begin_if(Condition& condition, bool negate);
  void select_on(Condition& condition, bool negate);
  bool fuse(Condition& condition, bool negate);
  void end_loop(Control& control);
  void land_at(Control& control);
  void emit_return();
  void emit_wide_return(uint32_t first, int32_t base);
  void emit_store_value(int32_t slot, const Value& v);
  void leave();
  void set_unreachable() { unreachable_ = true; }

  // ---- calls.h ----
  void on_call(uint32_t func);
  void on_call_indirect(bool is_tail);
  void on_call_ref(bool is_tail);
  void on_return_call(uint32_t func);
  void prepare_call(const FuncType& type, const Operand* callee);
  void finish_call(const FuncType& type);
  void place_arguments(const FuncType& type, const Operand* callee);
  void note_call(uint32_t return_offset) { out_->pc_map.add(return_offset, offset_); }
  // For those who look at the code (CompileOptions::positions).
  void note_position() {
    if (options_.positions) [[unlikely]]
      out_->positions.push_back({masm_.offset(), offset_});
  }
  void note_table_use(MachineIndex index, TrapCode trap = TrapCode::none) {
    if (options_.positions) [[unlikely]]
      out_->table_uses.push_back({masm_.offset(), static_cast<uint32_t>(index), trap});
  }
  void call_callee(const FuncType& type, const Operand& callee, bool may_be_null);
  void tail_call_callee(const FuncType& type, const Operand& callee);
  void prepare_tail_call(const FuncType& type, const Operand* callee);
  void leave_for_tail_call(bool is_own);
  Operand find_indirect_callee(uint32_t type, uint32_t table);
  void load_machine_table() {
    masm_.load_gp(Width::w64, Masm::kScratch, instance_field(offsetof(runtime::InstanceData, machine)));
  }
  static Address machine_entry(MachineIndex index) { return masm::at(Masm::kScratch, static_cast<int32_t>(index) * 8); }
  // Operands (the `pops` topmost) to slots, call, trap if it says so, pop them, push results of the given kinds (stored).
  void call_builtin(MachineIndex index, uint32_t pops, uint64_t a, uint64_t b);
  void call_builtin(MachineIndex index, uint32_t pops, uint64_t a, uint64_t b, Kind result) {
    call_builtin(index, pops, a, b);
    push_stored(result);
  }
  void emit_interrupt_call(MachineIndex stub, int32_t top_slot);
  void emit_builtin_call(MachineIndex index, int32_t slots, int32_t top_slot, uint64_t a, uint64_t b);

  // ---- numeric.h ----
  void on_constant(Opcode op);
  void on_unary(Opcode op, const OpcodeShape& shape);
  void on_integer(Opcode op);
  void on_integer_imm(Opcode op, Operand a, uint64_t b);
  void on_integer_reg(Opcode op, RegCode a, RegCode b);
  void on_binary(Opcode op, const OpcodeShape& shape);
  void on_binary(Opcode op, const OpcodeShape& shape, Operand a, Operand b);
  void on_ternary(Opcode op);
  void on_lane(Opcode op, const OpcodeShape& shape);
  void on_shuffle();
  void on_wide_arithmetic(Opcode op);
  void push_again(const Operand& operand, Kind kind);
  RegCode clobbering_result(masm::GpSet clobbered, Kind kind, const Operand* a, const Operand* b);

  // ---- memory_access.h ----
  void on_load(Opcode op, Operand index);
  void load_otherwise(Opcode op, Operand index, MemArg arg);
  void on_store(Opcode op, Operand value);
  void store_otherwise(Opcode op, Operand index, Operand value, MemArg arg);
  void on_memory_lane(Opcode op, const OpcodeShape& shape);
  void on_atomic(Opcode op, const OpcodeShape& shape);
  void on_wait_or_notify(Opcode op);
  MemArg read_mem_arg() {
    const uint8_t* const p = p_;
    if (p[0] >= 0x40 || p[1] >= 0x80) [[unlikely]]
      return read_long_mem_arg();
    p_ = p + 2;
    MemArg arg;
    arg.align_log2 = p[0];
    arg.offset = p[1];
    return arg;
  }
  MemArg read_long_mem_arg();
  Kind address_kind(uint32_t memory) const {
    return module_->memories[memory].limits.address == AddressType::i64 ? Kind::i64 : Kind::i32;
  }
  bool needs_check(uint32_t memory) const;
  uint64_t plain_offsets_ = 0;  // offsets below need no check in memory 0
  bool is_plain(const MemArg& arg) const { return arg.memory == 0 && arg.offset < plain_offsets_; }
  static Address plain_address(RegCode index, const MemArg& arg) {
    return masm::at(Masm::kMemoryBase, gp_of(index), 0, static_cast<int32_t>(arg.offset));
  }
  Address guest_address(Operand& index, const MemArg& arg, uint32_t width);
  Address checked_address(Operand& index, const MemArg& arg, uint32_t width);
  void check_alignment(Operand& index, const MemArg& arg, uint32_t width);
  void keep_out(Operand& operand, masm::GpSet clobbered);
  void note_fault(uint32_t native_offset) { out_->pc_map.add(native_offset, offset_); }
  void on_memory_size();
  void on_memory_bulk(Opcode op);
  static constexpr uint32_t kMostPieceBytes = 16;
  bool is_bulk_in_line(Opcode op, uint32_t memory) const;
  void copy_in_line();
  void fill_in_line();

  // ---- variables.h ----
  void on_local_get(uint32_t index);
  void on_local_set(uint32_t index);
  void on_local_tee(uint32_t index);
  void set_otherwise(uint32_t index);
  void tee_otherwise(uint32_t index);
  void set_constant(uint32_t index, uint64_t bits);
  void set_local(Value& local, const Value& from);
  void store_zero_locals();
  void on_global_get(uint32_t index);
  void on_global_set(uint32_t index);
  Gp load_from_array(size_t array_offset, uint32_t index);
  Gp load_table(uint32_t index);
  Gp load_global(uint32_t index);
  void on_table_get();
  void on_table_set();
  void on_table_size();
  Address table_element(Operand& index, uint32_t table);
  void on_table_bulk(Opcode op);

  // ---- references.h ----
  void on_reference(Opcode op);
  void on_br_on_null(bool branch_if_null);
  void on_br_on_cast(bool branch_if_match);
  void on_ref_test(bool nullable);
  void on_ref_cast(bool nullable);
  void branch_unless_matches(Gp reference, Gp temp, HeapType heap, bool nullable, Label mismatch);
  void branch_unless_matches_concrete(Gp reference, Gp temp, const CanonicalType& type, Label mismatch, Label match);
  void on_aggregate(Opcode op);
  void check_not_null(Gp reference, uint64_t offset, TrapCode code);
  void on_struct_get(Opcode op);
  void on_struct_set();
  void on_array_get(Opcode op);
  void on_array_set();
  void on_array_len();
  Address element_address(Operand& array, Operand& index, uint32_t element_size);
  void push_storage(ValType storage, bool sign_extend, const Address& from, const Operand* reuse);
  void store_storage(ValType storage, const Address& to, Operand& value);
  const CanonicalType& type_at(uint32_t type_index) const {
    return module_->registry->get(module_->canonical_types[type_index]);
  }

  // ---- allocation.h ----
  void on_struct_new(bool is_default);
  void on_array_new(MachineIndex builtin);
  bool is_allocated_in_line(uint64_t bytes, uint32_t operands);
  Gp begin_allocation(uint64_t bytes, const CanonicalType& type, uint32_t operands);
  void initialize(ValType storage, const Address& to, const Value& v);
  void finish_allocation(Gp object, uint32_t operands, MachineIndex builtin, uint64_t a, uint64_t b);
  MergeState write_down(uint32_t first, uint32_t end);
  void emit_allocation_paths();

  // ---- exceptions.h ----
  void on_try_table();
  void on_try();
  void on_catch(bool all);
  void on_delegate();
  void on_throw();
  void on_throw_ref();
  void on_rethrow();
  void throw_reference();
  void flush_for_throw();
  void end_try_table(Control& control);

  // ---- loop_scan.h: what the body of a loop does with locals ----
  struct LoopScan {
    bool is_complete = false;  // the whole body was seen
    bool calls = false;        // every iteration calls
  };
  struct LocalUse {
    uint32_t local;
    uint32_t uses;
  };
  struct ScannedLoop {
    uint32_t offset;  // of the instruction
    uint32_t first;   // in loop_uses_; of complete ones
    uint32_t count;
    bool is_complete;
    bool calls;
  };
  struct OpenLoop {
    uint32_t index;  // in scanned_loops_
    uint32_t depth;
    LocalUse* uses;  // in noted_uses_
  };
  LoopScan scan_loop();
  bool look_ahead(uint32_t budget);
  LocalUse* leave_scanned_loop(const OpenLoop& open, LocalUse* end, bool is_complete);
  void count_uses(std::span<const LocalUse> noted);
  void forget_uses();

  // ---- cold_paths.h ----
  Label trap_label(TrapCode code) override;
  void emit_cold_paths();
  void check_interrupt(const MergeState& state);
  void branch_if_called_upon(Label path);
  void save_entries(const MergeState& state);
  void load_entries(const MergeState& state);

  struct TrapPath {
    Label label;
    uint32_t offset;
    TrapCode code;
  };
  struct InterruptPath {
    Label label;
    Label back;
    uint32_t offset;
    MergeState state;
    int32_t top_slot;
  };
  struct OsrPath {
    uint32_t offset;
    MergeState state;
    Label head;
  };
  // An access beyond the cached size of memory 0: look at the true size, then trap or try again.
  struct BoundsPath {
    Label label;
    Label again;
    uint32_t offset;
  };
  // A call of a function that may belong to another instance.
  struct OtherCallPath {
    Label label;
    Label back;  // invalid: a tail call
    uint32_t offset;
  };
  // The supertypes of a function whose type is not exactly the one wanted.
  struct SubtypePath {
    uint32_t offset;
    Label label;
    Label back;
    Gp callee;
    Gp temp;
    const CanonicalType* type;
    Label mismatch;
  };
  // An allocation whose buffer is empty: the builtin does all of it.
  struct AllocationPath {
    Label label;
    Label back;
    uint32_t offset = 0;
    Gp object;
    MergeState live;      // what is in registers but for the operands
    MergeState operands;  // what of them is
    uint32_t first_constant = 0;
    uint32_t constants = 0;
    int32_t slots = 0;
    int32_t top_slot = 0;
    MachineIndex builtin{};
    uint64_t a = 0;
    uint64_t b = 0;
  };
  struct AllocationConstant {
    int32_t slot;
    Kind kind;
    uint64_t bits;
  };
  // A catch clause of a try_table: where its label's code begins is known when that block ends.
  struct LandingPad {
    uint32_t handler;  // index in FuncCode::handlers; known when the try_table ends
    uint32_t next;     // pad of the same label
  };

  // ---- State of the function being compiled ----
  Masm masm_;
  const Module* module_ = nullptr;
  const FuncCode* func_ = nullptr;
  const FuncType* type_ = nullptr;
  CompileOptions options_;
  CompiledFunction* out_ = nullptr;
  const uint8_t* code_ = nullptr;
  const uint8_t* p_ = nullptr;  // the next byte to read
  uint32_t offset_ = 0;         // of the instruction being compiled
  bool unreachable_ = false;
  bool failed_ = false;
  CompileError error_;

  uint32_t local_count_ = 0;
  uint32_t height_ = 0;    // operands
  int32_t next_slot_ = 0;  // home slot of the next operand
  int32_t first_operand_slot_ = 0;
  int32_t call_base_ = 0;      // slot of the row of the call being compiled
  std::vector<Value> values_;  // locals, then operands
  uint32_t head_[kRegCodes] = {};
  uint32_t used_ = 0;
  uint32_t locked_ = 0;
  uint32_t preferred_ = 0;  // registers that locals of the enclosing loops want to keep
  uint32_t victim_turn_ = 0;
  uint32_t stamp_ = 0;

  std::vector<uint32_t> const_locals_;       // locals that may be constant
  std::vector<uint32_t> flushed_constants_;  // operands that may be constant and stored
  bool zero_locals_pending_ = false;         // locals that are still zero from the start have not been stored
  uint32_t settled_ = 0;                     // of these, how many are not dirty
  std::vector<RegCode> preference_;          // by local: the register the innermost loop keeps it in
  struct SavedPreference {
    uint32_t local;
    RegCode reg;
  };
  std::vector<SavedPreference> saved_preferences_;

  std::vector<Control> controls_;
  std::vector<MergeEntry> merge_entries_;  // room, of which merge_count_ are in use
  uint32_t merge_count_ = 0;
  Move moves_[kRegCodes];
  uint32_t move_count_ = 0;
  std::vector<uint32_t> stores_;  // values that are to be in their slots
  uint32_t try_depth_ = 0;        // open try and try_table blocks whose handlers cover this place
  uint32_t next_handler_ = 0;

  std::vector<TrapPath> trap_paths_;
  std::vector<InterruptPath> interrupt_paths_;
  std::vector<OsrPath> osr_paths_;
  std::vector<BoundsPath> bounds_paths_;
  std::vector<OtherCallPath> other_call_paths_;
  std::vector<SubtypePath> subtype_paths_;
  std::vector<AllocationPath> allocation_paths_;
  std::vector<AllocationConstant> allocation_constants_;
  std::vector<LandingPad> landing_pads_;
  Label entry_stack_label_, entry_interrupt_label_, entry_interrupt_back_;
  MergeState param_state_;  // parameters in registers at the entry

  // loop_scan.h
  std::vector<uint32_t> scan_counts_;  // by local: uses, top bit: assigned
  std::vector<uint32_t> scanned_locals_;
  std::vector<LocalUse> noted_uses_;        // in the loops being looked at
  std::vector<OpenLoop> open_loops_;        // around the innermost of these
  std::vector<ScannedLoop> scanned_loops_;  // of the last look ahead, in their order
  std::vector<LocalUse> loop_uses_;
  uint32_t next_scanned_loop_ = 0;
  std::vector<uint64_t> wanted_locals_[2];  // by register file: uses, then the local's complement

  std::vector<Label> table_labels_;
  std::vector<uint32_t> table_targets_;
  uint32_t table_turn_ = 0;
};

}  // namespace arris::jit
