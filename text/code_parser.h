// CodeParser: instructions, flat and folded, to bytes. Spec: text/instructions.
//
// No recursion: nesting lives in an explicit stack of frames, limited by kMaxTextNesting. Operators of folded expressions
// are written after their operands, so they wait in `pending_`, a stack of bytes, until their parenthesis closes.
// Immediates are read by the enumerator of opcodes.def's column, not per instruction.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/module_context.h"
#include "text/source_place.h"
#include "wasm/limits.h"
#include "wasm/opcodes.h"

namespace arris::text {

// Nested blocks and folded expressions together; deeper text is refused with "nesting too deep".
inline constexpr size_t kMaxTextNesting = limits::kMaxControlDepth + 100'000;

struct BranchHint {
  uint32_t offset;  // of the instruction, from the first byte of the function's local declarations
  std::string payload;
};

struct FunctionNames {
  NameMap locals;
  NameMap labels;
};

class CodeParser {
 public:
  // Writes to `out`, appending.
  CodeParser(ModuleContext& context, Bytes& out) : c_(context), out_(out), body_start_(out.size()) {}

  void declare_params(const ParamIds& ids, uint32_t count, const NameMap& names);
  void parse_locals();  // (local ...)*, and their declarations to `out`
  // Instructions up to the closing parenthesis of the enclosing form, which is left; then the end opcode.
  void parse_body();
  // Exactly one folded instruction, then the end opcode.
  void parse_single_expression();

  // From now on there is a place for every instruction, by offset.
  void record_places(std::vector<SourcePlace>* places) { places_ = places; }

  std::vector<BranchHint>& branch_hints() { return branch_hints_; }
  FunctionNames& names() { return names_; }

 private:
  enum class FrameKind : uint8_t {
    flat_block,  // block, loop, try_table: closed by `end`
    flat_if,
    flat_else,
    flat_try,
    flat_catch,
    flat_catch_all,
    folded_plain,  // (op operand*): the operator waits in pending_
    folded_block,  // (block ... instr*): closed by its parenthesis
    folded_if,     // (if ... condition* (then ...) (else ...)?)
    folded_try,    // (try ... (do ...) (catch x ...)* (catch_all ...)?) or with (delegate l)
    folded_arm,    // the then, else, do, catch or catch_all within one
  };
  enum Stage : uint8_t { kStart, kFirstArm, kLastArm, kDelegated };
  struct Frame {
    FrameKind kind;
    Stage stage = kStart;
    int hint = -1;               // annotation index of a waiting branch hint
    uint32_t source = 0;         // of an operator that waits
    uint32_t pending_start = 0;  // where its bytes in pending_ begin
    std::string_view label = {};
    uint32_t label_name = kNoIndex;  // its entry in names_.labels
  };

  void parse_instructions(bool single);
  bool takes_flat_instructions() const;
  void push(Frame frame);
  void open_form();
  void close_form();
  void open_if_arm();
  void open_try_arm();
  void flat_instruction();
  void flat_end(Frame& frame);
  void flat_else(Frame& frame);
  void flat_catch(Frame& frame, Opcode op);
  void flat_delegate(Frame& frame);
  void expect_label_matches(std::string_view label);
  // After the keyword of a block-like instruction: label, type, catches. Opcode and immediates go to `out`.
  Frame block_header(Opcode op, FrameKind kind, Bytes& out);

  void plain_instruction(Opcode op, Bytes& out);
  void immediates(Opcode op, Bytes& out);
  void select_immediates(Bytes& out);
  void reference_test(Opcode op, Bytes& out);
  void mem_arg(Opcode op, Bytes& out);
  bool memory_index_precedes_lane() const;
  void lane(Bytes& out);
  void shuffle(Bytes& out);
  void label_table(Bytes& out);
  void cast_label(Bytes& out);
  void catches(Bytes& out);
  void index_pair(Space first, Space second, bool text_order_swapped, Bytes& out);
  void constant(Opcode op, Bytes& out);

  void push_label(const Frame& frame);
  void pop_label();
  uint32_t resolve_label();
  uint32_t resolve_local();
  int take_hint();
  void check_hint_target(int annotation, Opcode op);
  void record_hint(int annotation);
  void record_place(uint32_t source) {
    if (places_ != nullptr) places_->push_back({static_cast<uint32_t>(out_.size() - body_start_), source});
  }

  ModuleContext& c_;
  Bytes& out_;
  size_t body_start_;
  std::vector<Frame> frames_;
  Bytes pending_;
  std::vector<std::string_view> labels_;  // innermost last
  std::unordered_map<std::string_view, std::vector<uint32_t>> label_depths_;
  uint32_t label_count_ = 0;
  std::unordered_map<std::string_view, uint32_t> locals_;
  uint32_t local_count_ = 0;
  std::vector<BranchHint> branch_hints_;
  FunctionNames names_;
  bool hint_allowed_ = false;
  std::vector<SourcePlace>* places_ = nullptr;
};

// Literal tokens as bits; an integer is a float literal too. Shared with scripts.
uint64_t parse_float_token(TokenCursor& cursor, unsigned bits);
uint64_t parse_integer_token(TokenCursor& cursor, unsigned bits);
void write_opcode(Bytes& out, Opcode op);

}  // namespace arris::text
