#include "text/instruction_printer.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include "text/shortest_decimal.h"

namespace arris::text {

namespace {

// Deeper code is not indented further: a million nested blocks must not make a text of their square.
constexpr size_t kMaxIndentLevels = 40;
// A label name is searched for among this many open labels at most; beyond, the number is printed.
constexpr uint32_t kMaxNamedLabelDepth = 64;

std::string to_hex(uint64_t value) {
  char buffer[16];
  auto result = std::to_chars(buffer, buffer + sizeof buffer, value, 16);
  return "0x" + std::string(buffer, result.ptr);
}

template <class Float, class Bits>
std::string print_float(Bits bits, unsigned mantissa_bits) {
  constexpr Bits kSign = Bits{1} << (sizeof(Bits) * 8 - 1);
  std::string sign = bits & kSign ? "-" : "";
  bits &= ~kSign;
  Bits fraction = bits & ((Bits{1} << mantissa_bits) - 1);
  Bits infinity = (kSign - 1) >> mantissa_bits << mantissa_bits;
  if (bits == infinity) return sign + "inf";
  if (bits > infinity) return sign + (fraction == Bits{1} << (mantissa_bits - 1) ? "nan" : "nan:" + to_hex(fraction));
  return sign + shortest_decimal(std::bit_cast<Float>(bits));
}

bool opens_block(Opcode op) {
  return op == Opcode::block || op == Opcode::loop || op == Opcode::if_ || op == Opcode::try_ ||
         op == Opcode::try_table;
}

bool continues_block(Opcode op) { return op == Opcode::else_ || op == Opcode::catch_ || op == Opcode::catch_all; }

bool closes_block(Opcode op) { return op == Opcode::end || op == Opcode::delegate; }

}  // namespace

std::string print_f32(uint32_t bits) { return print_float<float, uint32_t>(bits, 23); }
std::string print_f64(uint64_t bits) { return print_float<double, uint64_t>(bits, 52); }

ModuleNames::ModuleNames(const Module& m)
    : types(m, m.names.types),
      funcs(m, m.names.funcs),
      tables(m, m.names.tables),
      memories(m, m.names.memories),
      globals(m, m.names.globals),
      tags(m, m.names.tags),
      elems(m, m.names.elems),
      datas(m, m.names.datas) {
  for (const IndirectNameAssoc& type : m.names.fields) fields.emplace_back(type.index, SpaceNames(m, type.names));
}

const SpaceNames& ModuleNames::fields_of(uint32_t type) const {
  auto it = std::ranges::lower_bound(fields, type, {}, [](const auto& f) { return f.first; });
  return it != fields.end() && it->first == type ? it->second : no_names;
}

std::string print_heap_type(HeapType type, const ModuleNames& names) {
  return type.is_concrete() ? names.types.use(type.index()) : to_string(type);
}

std::string print_val_type(ValType type, const ModuleNames& names) {
  if (!type.is_ref() || !type.heap().is_concrete()) return to_string(type);
  return (type.is_nullable() ? "(ref null " : "(ref ") + print_heap_type(type.heap(), names) + ")";
}

void InstructionPrinter::new_line(size_t depth) {
  out_ += '\n';
  out_.append(kIndent + 2 * std::min(depth, kMaxIndentLevels), ' ');
}

void InstructionPrinter::print_body(ByteRange code, uint32_t body_start, const SpaceNames& locals,
                                    std::span<const NameAssoc> labels, std::span<const BranchHint> hints,
                                    std::vector<LinePlace>* places) {
  locals_ = &locals;
  label_count_ = 0;
  labels_.clear();
  label_names_.clear();
  label_definitions_.clear();
  for (const NameAssoc& name : labels) {
    // Labels may share a name: uses look for the innermost one. An index no block can have is not worth its memory.
    if (name.index > code.size) continue;
    label_names_.resize(name.index + 1);
    label_definitions_.resize(name.index + 1);
    std::string id = to_identifier(module_.text(name.name));
    label_definitions_[name.index] =
        id.empty() ? " (@name " + to_string_literal(module_.text(name.name), true) + ")" : " " + id;
    label_names_[name.index] = std::move(id);
  }
  const uint8_t* base = module_.bytes.data();
  const uint8_t* p = base + code.offset;
  const uint8_t* end = p + code.size;
  auto hint = hints.begin();
  while (p < end) {
    Instruction in = read_instruction(p);
    if (p == end) break;  // the function's own end
    bool is_inner = continues_block(in.opcode) || closes_block(in.opcode);
    size_t depth = labels_.size() - (is_inner && !labels_.empty() ? 1 : 0);
    auto offset = static_cast<uint32_t>(in.start - base) - body_start;
    while (hint != hints.end() && hint->offset < offset) ++hint;
    if (hint != hints.end() && hint->offset == offset) {
      new_line(depth);
      out_ += hint->likely ? "(@metadata.code.branch_hint \"\\01\")" : "(@metadata.code.branch_hint \"\\00\")";
    }
    if (places != nullptr) places->push_back({static_cast<uint32_t>(in.start - base), out_.size()});
    new_line(depth);
    instruction(in);
  }
}

void InstructionPrinter::print_constant_expression(const ConstExpr& expression) {
  const uint8_t* p = module_.bytes.data() + expression.code.offset;
  const uint8_t* end = p + expression.code.size;
  while (p < end) {
    Instruction in = read_instruction(p);
    if (p == end) break;
    out_ += ' ';
    instruction(in);
  }
}

void InstructionPrinter::instruction(const Instruction& in) {
  if (closes_block(in.opcode) && !labels_.empty()) labels_.pop_back();
  out_ += info(in.opcode).mnemonic;
  if (opens_block(in.opcode)) {
    if (label_count_ < label_definitions_.size()) out_ += label_definitions_[label_count_];
    block_type(in.block_type);
    if (in.opcode == Opcode::try_table) catches(in);
    labels_.push_back(label_count_ < label_names_.size() ? std::string_view(label_names_[label_count_])
                                                         : std::string_view());
    ++label_count_;
    return;
  }
  immediates(in);
}

void InstructionPrinter::block_type(BlockType type) {
  if (type.kind == BlockType::Kind::value) out_ += " (result " + print_val_type(type.value, names_) + ")";
  if (type.kind == BlockType::Kind::type_index) out_ += " (type " + names_.types.use(type.type_index) + ")";
}

// By name if that finds the same label: the innermost open one of that name.
void InstructionPrinter::label(uint32_t depth) {
  out_ += ' ';
  if (depth < labels_.size() && depth < kMaxNamedLabelDepth) {
    std::string_view name = labels_[labels_.size() - 1 - depth];
    bool is_shadowed = false;
    for (uint32_t i = 0; i < depth; ++i) is_shadowed |= labels_[labels_.size() - 1 - i] == name;
    if (!name.empty() && !is_shadowed) {
      out_ += name;
      return;
    }
  }
  out_ += std::to_string(depth);
}

void InstructionPrinter::reference_type(HeapType heap, bool nullable) {
  out_ += " " + print_val_type(ValType::ref(heap, nullable), names_);
}

void InstructionPrinter::mem_arg(const Instruction& in) {
  if (in.mem_arg.memory != 0) index(names_.memories, in.mem_arg.memory);
  if (in.mem_arg.offset != 0) out_ += " offset=" + std::to_string(in.mem_arg.offset);
  if (in.mem_arg.align_log2 != natural_alignment_log2(in.opcode))
    out_ += " align=" + std::to_string(uint64_t{1} << in.mem_arg.align_log2);
}

void InstructionPrinter::catches(const Instruction& in) {
  const uint8_t* p = in.list;
  for (uint32_t i = 0; i < in.list_count; ++i) {
    constexpr std::string_view kWords[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};
    CatchClause clause = read_catch_clause(p);
    out_ += " (" + std::string(kWords[static_cast<unsigned>(clause.kind)]);
    if (clause.kind == HandlerKind::catch_ || clause.kind == HandlerKind::catch_ref) index(names_.tags, clause.tag);
    label(clause.label);
    out_ += ')';
  }
}

void InstructionPrinter::immediates(const Instruction& in) {
  const uint32_t first = in.index[0], second = in.index[1];
  switch (info(in.opcode).immediates) {
    case Immediates::none:
    case Immediates::zero_byte:
    case Immediates::block_type:
    case Immediates::try_table: return;
    case Immediates::label: return label(first);
    case Immediates::label_table: {
      const uint8_t* p = in.list;
      for (uint32_t i = 0; i < in.list_count; ++i) label(read_uleb<uint32_t>(p));
      return label(first);
    }
    case Immediates::func: return index(names_.funcs, first);
    case Immediates::type_table:
      if (second != 0) index(names_.tables, second);
      out_ += " (type " + names_.types.use(first) + ")";
      return;
    case Immediates::type: return index(names_.types, first);
    case Immediates::local: return index(*locals_, first);
    case Immediates::global: return index(names_.globals, first);
    case Immediates::table:
      if (first != 0) index(names_.tables, first);
      return;
    case Immediates::memory:
      if (first != 0) index(names_.memories, first);
      return;
    case Immediates::tag: return index(names_.tags, first);
    case Immediates::elem: return index(names_.elems, first);
    case Immediates::data: return index(names_.datas, first);
    case Immediates::mem_arg: return mem_arg(in);
    case Immediates::mem_arg_lane:
      mem_arg(in);
      out_ += " " + std::to_string(in.bits[0]);
      return;
    case Immediates::i32:
    case Immediates::i64: out_ += " " + std::to_string(static_cast<int64_t>(in.bits[0])); return;
    case Immediates::f32: out_ += " " + print_f32(static_cast<uint32_t>(in.bits[0])); return;
    case Immediates::f64: out_ += " " + print_f64(in.bits[0]); return;
    case Immediates::v128:
      out_ += " i32x4";
      for (uint64_t half : in.bits) out_ += " " + to_hex(half & 0xFFFFFFFF) + " " + to_hex(half >> 32);
      return;
    case Immediates::shuffle:
      for (unsigned i = 0; i < 16; ++i) out_ += " " + std::to_string((in.bits[i / 8] >> (i % 8 * 8)) & 0xFF);
      return;
    case Immediates::lane: out_ += " " + std::to_string(in.bits[0]); return;
    case Immediates::heap_type:
      if (in.opcode == Opcode::ref_null) {
        out_ += " " + print_heap_type(in.heap[0], names_);
      } else {
        reference_type(in.heap[0], in.opcode == Opcode::ref_test_null || in.opcode == Opcode::ref_cast_null);
      }
      return;
    case Immediates::val_types: {
      const uint8_t* p = in.list;
      out_ += " (result";
      for (uint32_t i = 0; i < in.list_count; ++i) out_ += " " + print_val_type(read_val_type(p), names_);
      out_ += ')';
      return;
    }
    case Immediates::memory_memory:
    case Immediates::table_table: {
      const SpaceNames& space =
          info(in.opcode).immediates == Immediates::memory_memory ? names_.memories : names_.tables;
      if (first == 0 && second == 0) return;
      index(space, first);
      return index(space, second);
    }
    case Immediates::data_memory:
      if (second != 0) index(names_.memories, second);
      return index(names_.datas, first);
    case Immediates::elem_table:
      if (second != 0) index(names_.tables, second);
      return index(names_.elems, first);
    case Immediates::type_field: index(names_.types, first); return index(names_.fields_of(first), second);
    case Immediates::type_count:
      index(names_.types, first);
      out_ += " " + std::to_string(second);
      return;
    case Immediates::type_data: index(names_.types, first); return index(names_.datas, second);
    case Immediates::type_elem: index(names_.types, first); return index(names_.elems, second);
    case Immediates::type_type: index(names_.types, first); return index(names_.types, second);
    case Immediates::cast_label:
      label(first);
      reference_type(in.heap[0], in.nullable[0]);
      return reference_type(in.heap[1], in.nullable[1]);
  }
}

}  // namespace arris::text
