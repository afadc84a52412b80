// What an opcode's row in opcodes.def says about how to compile it. Most rows are uniform: operands and results by signature,
// one operation of the Masm. The others have functions by hand.
#pragma once

#include <array>

#include "jit/value.h"
#include "wasm/opcodes.h"

namespace arris::jit {

enum class Shape : uint8_t {
  by_hand,
  // The most frequent ones by hand, for which the driver asks nobody.
  local_get,
  local_set,
  local_tee,
  i32_const,
  integer,  // binary, of integers, and clobbers nothing if the second operand is constant (masm/seam.h)
  load,
  store,
  i64_const,
  block,
  end,
  br_if,
  call,
  prefixed,  // not an instruction yet
  constant,
  unary,
  binary,
  ternary,
  extract_lane,
  replace_lane,
  shuffle,
  load_lane,
  store_lane,
  atomic_load,
  atomic_store,
  atomic_rmw,
  atomic_cmpxchg,
};

struct OpcodeShape {
  Shape shape = Shape::by_hand;
  Kind operands[3] = {};  // an address counts as i32 here: its memory says
  Kind result = Kind::i32;
  uint8_t width_log2 = 0;  // of a memory access
  bool is_commutative = false;
  bool is_compare = false;  // with an i32 result that a branch or select can use directly
  bool clobbers = true;     // perhaps, with its second operand in a register
  // It does nothing with a constant second operand b if (b & identity_mask) == identity.
  int8_t identity_mask = 0;
  uint8_t identity = 1;

  constexpr bool is_identity(uint64_t b) const {
    return (b & static_cast<uint64_t>(int64_t{identity_mask})) == identity;
  }
};

namespace internal {

constexpr bool commutes(std::string_view mnemonic) {
  size_t dot = mnemonic.find('.');
  std::string_view type = mnemonic.substr(0, dot);
  std::string_view verb = dot == mnemonic.npos ? std::string_view() : mnemonic.substr(dot + 1);
  if (verb == "eq" || verb == "ne") return true;
  if (type == "i32" || type == "i64")
    return verb == "add" || verb == "mul" || verb == "and" || verb == "or" || verb == "xor";
  return false;  // floats: which NaN survives depends on the order
}

constexpr std::string_view verb_of(std::string_view mnemonic) { return mnemonic.substr(mnemonic.find('.') + 1); }

// Of i32 and i64.
constexpr void describe_integer(std::string_view verb, bool is_64, OpcodeShape& shape) {
  const bool is_division = verb.starts_with("div") || verb.starts_with("rem");
  const bool is_shift = verb.starts_with("sh") || verb.starts_with("rot");
  if (!is_division) shape.shape = Shape::integer;
  shape.clobbers = is_division || is_shift;
  if (verb == "add" || verb == "sub" || verb == "or" || verb == "xor") {
    shape.identity_mask = -1;
    shape.identity = 0;
  } else if (is_shift) {
    shape.identity_mask = is_64 ? 63 : 31;
    shape.identity = 0;
  } else if (verb == "mul" || verb == "div_u") {
    shape.identity_mask = -1;
  }
}

constexpr Shape frequent_shape(Opcode op) {
  switch (op) {
    case Opcode::local_get: return Shape::local_get;
    case Opcode::local_set: return Shape::local_set;
    case Opcode::local_tee: return Shape::local_tee;
    case Opcode::i32_const: return Shape::i32_const;
    case Opcode::i64_const: return Shape::i64_const;
    case Opcode::block: return Shape::block;
    case Opcode::end: return Shape::end;
    case Opcode::br_if: return Shape::br_if;
    case Opcode::call: return Shape::call;
    default: return Shape::by_hand;
  }
}

constexpr OpcodeShape shape_of(Opcode op) {
  const OpcodeInfo& row = info(op);
  OpcodeShape shape;
  if (row.signature == "*") return shape;
  std::string_view operands = row.signature.substr(0, row.signature.find(':'));
  std::string_view results = row.signature.substr(row.signature.find(':') + 1);
  auto count = operands.size();
  for (size_t i = 0; i < count && i < 3; ++i) {
    shape.operands[i] = operands[i] == 'a' ? Kind::i32 : kind_of_letter(operands[i]);
  }
  if (results.size() == 1 && results[0] != 'a') shape.result = kind_of_letter(results[0]);
  std::string_view m = row.mnemonic;
  auto has = [m](std::string_view part) { return m.find(part) != m.npos; };
  switch (row.immediates) {
    case Immediates::none:
      if (results.size() != 1 || count > 3) return shape;  // wide arithmetic
      shape.shape = count == 1 ? Shape::unary : count == 2 ? Shape::binary : Shape::ternary;
      if (row.prefix == 0 && count == 2 && results == "i" && row.code >= 0x46 && row.code <= 0x66)
        shape.is_compare = true;
      shape.is_commutative = row.prefix == 0 && commutes(m);
      if (row.prefix == 0 && count == 2 && (operands == "ii" || operands == "II"))
        describe_integer(verb_of(m), operands == "II", shape);
      break;
    case Immediates::i32:
    case Immediates::i64:
    case Immediates::f32:
    case Immediates::f64:
    case Immediates::v128: shape.shape = Shape::constant; break;
    case Immediates::lane: shape.shape = count == 1 ? Shape::extract_lane : Shape::replace_lane; break;
    case Immediates::shuffle: shape.shape = Shape::shuffle; break;
    case Immediates::mem_arg:
      shape.width_log2 = static_cast<uint8_t>(natural_alignment_log2(op));
      if (row.prefix != kPrefixThreads) {
        shape.shape = results.empty() ? Shape::store : Shape::load;
      } else if (has(".wait") || has(".notify")) {
        shape.shape = Shape::by_hand;
      } else if (has(".cmpxchg")) {
        shape.shape = Shape::atomic_cmpxchg;
      } else if (has(".rmw")) {
        shape.shape = Shape::atomic_rmw;
      } else {
        shape.shape = results.empty() ? Shape::atomic_store : Shape::atomic_load;
      }
      break;
    case Immediates::mem_arg_lane:
      shape.width_log2 = static_cast<uint8_t>(natural_alignment_log2(op));
      shape.shape = results.empty() ? Shape::store_lane : Shape::load_lane;
      break;
    default: break;
  }
  return shape;
}

consteval auto all_shapes() {
  std::array<OpcodeShape, kOpcodeCount> shapes{};
  for (unsigned i = 0; i < kOpcodeCount; ++i) shapes[i] = shape_of(static_cast<Opcode>(i));
  return shapes;
}

}  // namespace internal

inline constexpr auto kShapes = internal::all_shapes();

// What may take a local at once that a local.get before it names.
constexpr bool may_take_local(Shape shape) {
  return shape == Shape::i32_const || shape == Shape::integer || shape == Shape::load || shape == Shape::store;
}

// By an instruction's first byte.
struct FirstByte {
  Opcode op = Opcode::invalid;
  Shape shape = Shape::by_hand;
};

namespace internal {
consteval auto all_first_bytes() {
  std::array<FirstByte, 256> bytes{};
  for (unsigned i = 0; i < 256; ++i) {
    if (is_prefix(static_cast<uint8_t>(i))) {
      bytes[i].shape = Shape::prefixed;
      continue;
    }
    const Opcode op = find_opcode(0, i);
    if (op == Opcode::invalid) continue;
    const Shape frequent = frequent_shape(op);
    bytes[i] = {op, frequent != Shape::by_hand ? frequent : shape_of(op).shape};
  }
  return bytes;
}
}  // namespace internal

inline constexpr auto kFirstBytes = internal::all_first_bytes();

constexpr const OpcodeShape& shape(Opcode op) { return kShapes[static_cast<unsigned>(op)]; }

}  // namespace arris::jit
