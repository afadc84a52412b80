// InstructionPrinter: code to flat text, for print_wat. The reverse of immediates.cc, by the same column of opcodes.def.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "text/print_names.h"
#include "wasm/instruction_reader.h"
#include "wasm/module.h"

namespace arris::text {

// All names of a module, made once.
struct ModuleNames {
  explicit ModuleNames(const Module& module);
  ModuleNames() = default;
  SpaceNames types, funcs, tables, memories, globals, tags, elems, datas;
  std::vector<std::pair<uint32_t, SpaceNames>> fields;  // of struct types, ascending
  SpaceNames no_names;
  const SpaceNames& fields_of(uint32_t type) const;
};

std::string print_heap_type(HeapType type, const ModuleNames& names);
std::string print_val_type(ValType type, const ModuleNames& names);

// Text that parses to exactly these bits.
std::string print_f32(uint32_t bits);
std::string print_f64(uint64_t bits);

// Where an instruction's line begins, with its line break.
struct LinePlace {
  uint32_t offset;  // of the instruction in the module
  size_t begin;     // in the text
};

class InstructionPrinter {
 public:
  static constexpr size_t kIndent = 4;  // of the outermost instructions

  InstructionPrinter(const Module& module, const ModuleNames& names, std::string& out)
      : module_(module), names_(names), out_(out) {}

  // One line per instruction, without the final `end`.
  // `locals`, `labels`: the function's names. `hints`: its branch hints, by offset from `body_start`. `places`: gets a row for each
  // instruction.
  void print_body(ByteRange code, uint32_t body_start, const SpaceNames& locals, std::span<const NameAssoc> labels,
                  std::span<const BranchHint> hints, std::vector<LinePlace>* places = nullptr);
  // All on one line, each preceded by a space, without the final `end`.
  void print_constant_expression(const ConstExpr& expression);

 private:
  void instruction(const Instruction& in);
  void immediates(const Instruction& in);
  void block_type(BlockType type);
  void mem_arg(const Instruction& in);
  void catches(const Instruction& in);
  void reference_type(HeapType heap, bool nullable);
  void label(uint32_t depth);
  void index(const SpaceNames& names, uint32_t index) { out_ += " " + names.use(index); }
  void open_label();
  void new_line(size_t depth);

  const Module& module_;
  const ModuleNames& names_;
  std::string& out_;
  const SpaceNames* locals_ = nullptr;
  std::vector<std::string> label_names_;  // identifiers by label index; empty = none
  std::vector<std::string> label_definitions_;
  uint32_t label_count_ = 0;
  std::vector<std::string_view> labels_;  // open ones, innermost last
};

}  // namespace arris::text
