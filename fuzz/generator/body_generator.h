// One function body: a walk that keeps the types on the operand stack and the labels around it. Private to the generator.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/generator/shape.h"

namespace arris::fuzz {

class BodyGenerator {
 public:
  BodyGenerator(Shape& shape, uint32_t func, uint64_t seed, OpcodeSet& opcodes);
  BodyResult run(const Skipped& skipped);

 private:
  static constexpr uint32_t kCounters = 3;    // loops inside one another
  static constexpr uint32_t kShortArray = 8;  // arrays of numbers have that many elements

  // What a load or store is made of, chosen together so that it can be in bounds.
  struct Access {
    uint32_t memory = 0;
    uint32_t size = 0;  // of what is read or written, in bytes
    uint32_t alignment = 0;
    uint64_t offset = 0;
    bool atomic = false;
  };

  struct Label {
    std::string types;  // what a branch to it takes
    bool loop = false;
  };

  // Emission.
  void op(Opcode opcode) {
    out_.op(opcode);
    opcodes_.set(static_cast<size_t>(opcode));
  }
  void op_u(Opcode opcode, uint64_t immediate) {
    op(opcode);
    out_.u(immediate);
  }
  void i32_const(int32_t value);
  void number(char type);  // an interesting constant
  void block_type(const std::string& params, const std::string& results);

  // Whether to do here what may trap. Otherwise the caller sees to it that it does not.
  bool daring() { return random_.percent(shape_.daring); }

  // Values. `push` leaves exactly one of `type`; `operands` makes the top of the stack be these types.
  void push(char type, int depth);
  void push_one(char type, int depth);
  void drop_to(size_t size);
  void operands(std::string_view types, int depth);
  void pop(size_t count) { stack_.resize(stack_.size() - count); }
  void leaf(char type);
  bool table_operation(char type, int depth);  // a row with a signature that gives `type`
  bool special(char type, int depth);
  bool special_i32(int depth);
  bool new_reference(char type, int depth);
  bool read_reference(char type, int depth);
  void fresh(char type, int depth);     // a reference that is mostly not null
  void non_null(char type, int depth);  // one that is not, but of a nullable type
  void index(char array);               // into an array that `fresh` gave
  void select(char type, int depth);
  void row(Opcode opcode, int depth);  // emits any row with a signature
  void memory_row(Opcode opcode, int depth);
  Access access_of(Opcode opcode);
  void address(const Access& access, int depth);
  void address(uint32_t memory, int depth);   // of a few bytes
  void not_nan(char type, uint64_t instead);  // the top of the stack, or those bits if it is a NaN
  void fit_for_trunc(char type);
  void length(bool is64);
  void small(uint32_t below, uint32_t from = 0);  // an i32 from `from` on, or any length
  void canonical(char type);                      // top of the stack without NaN bits of the machine's choice
  uint32_t local_of(char type);
  void structured(const std::string& results, int depth);
  void loop(const std::string& results, int depth);
  void if_else(const std::string& results, int depth);
  void try_table(int depth);
  void legacy_try(int depth);
  void block_body(const std::string& params, const std::string& results, int depth);
  void settle(const std::string& results, int depth);
  void call(uint32_t func, int depth);
  bool call_for(char type, int depth);

  // Statements: leave the stack as it was, or with a few values more.
  void statement(int depth);
  void store(int depth);
  void bulk(int depth);
  void tables(int depth);
  void aggregates(int depth);
  void branch(int depth);
  void leave(int depth);  // an unconditional branch, and code that is dead
  void reference_branch(int depth);
  void throw_something(int depth, uint32_t tag);
  int forward_label();  // a label that is not a loop's
  void to_label(int depth, Opcode opcode);
  void prologue();

  Shape& shape_;
  const Signature& signature() const { return shape_.types[type_]; }
  uint32_t func_;
  uint32_t type_;
  Random random_;
  OpcodeSet& opcodes_;
  Bytes out_;
  std::string locals_;  // with parameters, without loop counters
  std::string stack_;   // of the current block
  size_t floor_ = 0;    // values below it may not be taken as operands
  std::vector<Label> labels_;
  uint32_t counters_used_ = 0;
  uint32_t scratch_[3] = {};  // locals of types f, F, V for `canonical`
  uint32_t exception_ = 0;    // a local of type e
  uint64_t budget_ = 0;       // bytes after which only leaves are made
};

}  // namespace arris::fuzz
