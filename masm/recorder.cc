#include "masm/recorder.h"

#include <charconv>

#include "masm/x64_rows.h"

namespace arris::masm {

namespace {

constexpr std::string_view kGpNames[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                         "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
constexpr std::string_view kCondNames[] = {"eq", "ne", "lt_s", "lt_u", "gt_s", "gt_u", "le_s", "le_u", "ge_s", "ge_u"};

std::string text_of(Gp r) { return std::string(kGpNames[r.id]); }
std::string text_of(Fp r) { return "xmm" + std::to_string(r.id); }
std::string text_of(Reg r) { return r.is_fp() ? text_of(r.fp()) : text_of(r.gp()); }
std::string text_of(const std::string& text) { return text; }
// Small numbers in decimal, negative ones too, others as bits.
std::string text_of(uint64_t value) {
  const auto number = static_cast<int64_t>(value);
  if (number > -65536 && number < 65536) return std::to_string(number);
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value, 16).ptr;
  return "0x" + std::string(digits, end);
}
std::string text_of(Address a) {
  std::string text = "[" + text_of(a.base);
  if (a.index.valid()) {
    text += " + " + text_of(a.index);
    if (a.scale_log2) text += "*" + std::to_string(1 << a.scale_log2);
  }
  if (a.displacement > 0) text += " + " + std::to_string(a.displacement);
  if (a.displacement < 0) text += " - " + std::to_string(-int64_t{a.displacement});
  return text + "]";
}

std::string name(std::string_view operation, Opcode op) {
  return std::string(operation) + " " + std::string(info(op).mnemonic);
}
std::string name(std::string_view operation, Width width) {
  return std::string(operation) + (width == Width::w32 ? ".w32" : ".w64");
}
std::string name(std::string_view operation, FpKind kind) {
  constexpr std::string_view kKinds[] = {".f32", ".f64", ".v128"};
  return std::string(operation) + std::string(kKinds[static_cast<unsigned>(kind)]);
}
std::string name(std::string_view operation, Width width, Cond cond) {
  return name(std::string(operation) + " " + std::string(kCondNames[static_cast<unsigned>(cond)]), width);
}
std::string name(std::string_view operation, Opcode op, bool negate) {
  return std::string(operation) + (negate ? " not " : " ") + std::string(info(op).mnemonic);
}

}  // namespace

template <class... Operands>
uint32_t TextMasm::line(std::string_view operation, const Operands&... operands) {
  text_ += "  ";
  text_ += operation;
  std::string_view separator = " ";
  const auto add = [&](const std::string& operand) {
    if (operand.empty() || operand[0] == ' ') {  // an annotation, or none
      text_ += operand;
      return;
    }
    text_ += separator;
    text_ += operand;
    separator = ", ";
  };
  (add(text_of(operands)), ...);
  text_ += '\n';
  return lines_++;
}

std::string TextMasm::target(Label label) {
  labels_[label.id].used = true;
  return " -> L" + std::to_string(label.id);
}

std::string TextMasm::traps_of(Opcode op, TrapSink& traps) {
  const X64Row& row = x64_row(op);
  std::string text;
  if (row.family == X64Family::divide) {
    text = target(traps.trap_label(TrapCode::integer_divide_by_zero));
    if (row.second == kSigned && row.third != kRemainder) text += target(traps.trap_label(TrapCode::integer_overflow));
  } else if (row.family == X64Family::truncate) {
    text = target(traps.trap_label(TrapCode::invalid_conversion_to_integer));
    text += target(traps.trap_label(TrapCode::integer_overflow));
  }
  return text;
}
std::string TextMasm::traps_of_imm(Opcode op, uint64_t b, TrapSink& traps) {
  const X64Row& row = x64_row(op);
  if (row.family != X64Family::divide) return {};
  const auto value = row.width() == Width::w32 ? int64_t{static_cast<int32_t>(b)} : static_cast<int64_t>(b);
  if (value == 0) return target(traps.trap_label(TrapCode::integer_divide_by_zero));
  if (value == -1 && row.second == kSigned && row.third != kRemainder) {
    return target(traps.trap_label(TrapCode::integer_overflow));
  }
  return {};
}

// --- The code as a whole ---------------------------------------------------------------------------------------------

void TextMasm::reset() {
  text_.clear();
  error_.clear();
  lines_ = 0;
  labels_.clear();
}
bool TextMasm::finish() {
  for (size_t i = 0; i < labels_.size(); ++i) {
    if (labels_[i].used && labels_[i].offset < 0 && ok())
      error_ = "a label that is jumped to is not bound: L" + std::to_string(i);
  }
  return ok();
}

Label TextMasm::new_label() {
  labels_.emplace_back();
  return Label{static_cast<uint32_t>(labels_.size() - 1)};
}
void TextMasm::bind(Label label) {
  labels_[label.id].offset = static_cast<int32_t>(lines_);
  text_ += "L" + std::to_string(label.id) + ":\n";
}
void TextMasm::align(uint32_t bytes) { line("align", uint64_t{bytes}); }

// --- Moves and memory ------------------------------------------------------------------------------------------------

void TextMasm::move(Width width, Gp d, Gp s) { line(name("move", width), d, s); }
void TextMasm::move_imm(Width width, Gp d, uint64_t value) { line(name("move", width), d, value); }
void TextMasm::move_fp(FpKind kind, Fp d, Fp s) { line(name("move", kind), d, s); }
void TextMasm::fp_const(FpKind kind, Fp d, uint64_t low, uint64_t high) {
  kind == FpKind::v128 ? line(name("const", kind), d, low, high) : line(name("const", kind), d, low);
}
void TextMasm::move_gp_to_fp(Width width, Fp d, Gp s) { line(name("bits", width), d, s); }
void TextMasm::move_fp_to_gp(Width width, Gp d, Fp s) { line(name("bits", width), d, s); }
void TextMasm::swap(Gp a, Gp b) { line("swap", a, b); }
void TextMasm::swap_fp(Fp a, Fp b) { line("swap", a, b); }

uint32_t TextMasm::load(Opcode op, Reg d, Address address) { return line(name("load", op), d, address); }
uint32_t TextMasm::store(Opcode op, Address address, Reg s) { return line(name("store", op), address, s); }
uint32_t TextMasm::store_imm(Opcode op, Address address, uint64_t value) {
  return line(name("store", op), address, value);
}
uint32_t TextMasm::load_lane(Opcode op, Fp d, Address address, Fp v, uint8_t lane) {
  return line(name("load", op), d, address, v, uint64_t{lane});
}
uint32_t TextMasm::store_lane(Opcode op, Address address, Fp v, uint8_t lane) {
  return line(name("store", op), address, v, uint64_t{lane});
}
uint32_t TextMasm::load_gp(Width width, Gp d, Address address) { return line(name("load", width), d, address); }
uint32_t TextMasm::store_gp(Width width, Address address, Gp s) { return line(name("store", width), address, s); }
uint32_t TextMasm::load_fp(FpKind kind, Fp d, Address address) { return line(name("load", kind), d, address); }
uint32_t TextMasm::store_fp(FpKind kind, Address address, Fp s) { return line(name("store", kind), address, s); }
void TextMasm::store_slot_imm(Address address, uint64_t value) { line("store.slot", address, value); }
void TextMasm::copy_slot(Address to, Address from) { line("copy.slot", to, from); }
void TextMasm::copy_slot_pair(Address to, Address from) { line("copy.slots", to, from); }
void TextMasm::lea(Width width, Gp d, Address address) { line(name("lea", width), d, address); }
void TextMasm::add_to_memory(Width width, Address address, int32_t value) {
  line(name("add", width), address, static_cast<uint64_t>(int64_t{value}));
}

// --- Numeric operations ----------------------------------------------------------------------------------------------

void TextMasm::unary(Opcode op, Reg d, Reg a, TrapSink& traps) { line(info(op).mnemonic, d, a, traps_of(op, traps)); }
void TextMasm::binary(Opcode op, Reg d, Reg a, Reg b, TrapSink& traps) {
  line(info(op).mnemonic, d, a, b, traps_of(op, traps));
}
void TextMasm::ternary(Opcode op, Fp d, Fp a, Fp b, Fp c) { line(info(op).mnemonic, d, a, b, c); }
void TextMasm::binary_imm(Opcode op, Reg d, Reg a, uint64_t b, TrapSink& traps) {
  line(info(op).mnemonic, d, a, b, traps_of_imm(op, b, traps));
}
void TextMasm::binary_mem(Opcode op, Reg d, Reg a, Address b) { line(info(op).mnemonic, d, a, b); }
void TextMasm::extract_lane(Opcode op, Reg d, Fp a, uint8_t lane) { line(info(op).mnemonic, d, a, uint64_t{lane}); }
void TextMasm::replace_lane(Opcode op, Fp d, Fp a, Reg x, uint8_t lane) {
  line(info(op).mnemonic, d, a, x, uint64_t{lane});
}
void TextMasm::shuffle(Fp d, Fp a, Fp b, const uint8_t lanes[16]) {
  std::string list;
  for (int i = 0; i < 16; ++i) list += " " + std::to_string(lanes[i]);
  line("i8x16.shuffle", d, a, b, list);
}
void TextMasm::wide_add_sub(Opcode op, Gp low, Gp high, Gp a_low, Gp a_high, Gp b_low, Gp b_high) {
  line(info(op).mnemonic, low, high, a_low, a_high, b_low, b_high);
}
void TextMasm::wide_mul(Opcode op, Gp low, Gp high, Gp a, Gp b) { line(info(op).mnemonic, low, high, a, b); }

// --- Comparisons -----------------------------------------------------------------------------------------------------

void TextMasm::compare_and_branch(Opcode op, Reg a, Reg b, Label to, bool negate) {
  line(name("branch", op, negate), a, b, target(to));
}
void TextMasm::compare_and_branch_imm(Opcode op, Gp a, uint64_t b, Label to, bool negate) {
  line(name("branch", op, negate), a, b, target(to));
}
void TextMasm::compare_and_branch_mem(Opcode op, Reg a, Address b, Label to, bool negate) {
  line(name("branch", op, negate), a, b, target(to));
}
void TextMasm::branch_zero(Width width, Gp a, Label to, bool negate) {
  line(name(negate ? "branch nonzero" : "branch zero", width), a, target(to));
}
void TextMasm::branch(Width width, Cond cond, Gp a, Gp b, Label to) {
  line(name("branch", width, cond), a, b, target(to));
}
void TextMasm::branch_imm(Width width, Cond cond, Gp a, uint64_t b, Label to) {
  line(name("branch", width, cond), a, b, target(to));
}
void TextMasm::branch_mem(Width width, Cond cond, Gp a, Address b, Label to) {
  line(name("branch", width, cond), a, b, target(to));
}
void TextMasm::branch_mem_imm(Width width, Cond cond, Address a, int32_t b, Label to) {
  line(name("branch", width, cond), a, static_cast<uint64_t>(int64_t{b}), target(to));
}
void TextMasm::branch_bits(Gp a, uint32_t mask, Label to, bool if_zero) {
  line(if_zero ? "branch no bits" : "branch bits", a, uint64_t{mask}, target(to));
}
void TextMasm::add_imm_branch_carry(Gp d, Gp a, uint64_t value, Label carry) {
  line("add carry", d, a, value, target(carry));
}
void TextMasm::select(Width width, Gp d, Gp condition, Gp a, Gp b) { line(name("select", width), d, condition, a, b); }
void TextMasm::select_fp(FpKind kind, Fp d, Gp condition, Fp a, Fp b) {
  line(name("select", kind), d, condition, a, b);
}
void TextMasm::compare_and_select(Opcode op, Reg x, Reg y, Width width, Gp d, Gp a, Gp b) {
  line(name("select", width) + " " + std::string(info(op).mnemonic), d, x, y, a, b);
}
void TextMasm::compare_and_select_imm(Opcode op, Gp x, uint64_t y, Width width, Gp d, Gp a, Gp b) {
  line(name("select", width) + " " + std::string(info(op).mnemonic), d, x, y, a, b);
}
void TextMasm::compare_and_select_fp(Opcode op, Reg x, Reg y, FpKind kind, Fp d, Fp a, Fp b) {
  line(name("select", kind) + " " + std::string(info(op).mnemonic), d, x, y, a, b);
}

// --- Atomics and control ---------------------------------------------------------------------------------------------

uint32_t TextMasm::atomic_load(Opcode op, Gp d, Address address) { return line(info(op).mnemonic, d, address); }
uint32_t TextMasm::atomic_store(Opcode op, Address address, Gp s) { return line(info(op).mnemonic, address, s); }
uint32_t TextMasm::atomic_rmw(Opcode op, Gp d, Address address, Gp s) { return line(info(op).mnemonic, d, address, s); }
uint32_t TextMasm::atomic_cmpxchg(Opcode op, Gp d, Address address, Gp expected, Gp replacement) {
  return line(info(op).mnemonic, d, address, expected, replacement);
}
void TextMasm::fence() { line("fence"); }

void TextMasm::jump(Label to) { line("jump", target(to)); }
void TextMasm::jump_reg(Gp to) { line("jump", to); }
void TextMasm::jump_mem(Address to) { line("jump", to); }
void TextMasm::jump_table(Gp index, std::span<const Label> targets) {
  std::string list;
  for (Label label : targets) list += target(label);
  line("jump.table", index, list);
}
uint32_t TextMasm::call_mem(Address to) { return line("call", to) + 1; }
uint32_t TextMasm::call_reg(Gp to) { return line("call", to) + 1; }
uint32_t TextMasm::call_label(Label to) { return line("call", target(to)) + 1; }
void TextMasm::label_address(Gp d, Label label) { line("address", d, target(label)); }
void TextMasm::push(Gp r) { line("push", r); }
void TextMasm::pop(Gp r) { line("pop", r); }
void TextMasm::ret() { line("ret"); }
uint32_t TextMasm::trap(TrapCode code, Address stub) {
  return line("trap", stub, " \"" + std::string(message_of(code)) + "\"") + 1;
}
void TextMasm::unreachable() { line("unreachable"); }

}  // namespace arris::masm
