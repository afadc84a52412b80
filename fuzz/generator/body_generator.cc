#include "fuzz/generator/body_generator.h"

#include <utility>

namespace arris::fuzz {

BodyGenerator::BodyGenerator(Shape& shape, uint32_t func, uint64_t seed, OpcodeSet& opcodes)
    : shape_(shape), func_(func), type_(shape.func_types[func]), random_(seed), opcodes_(opcodes) {}

BodyResult BodyGenerator::run(const Skipped& skipped) {
  const std::string params = signature().params, results = signature().results;
  locals_ = params;
  uint32_t more = random_.percent(15) ? 20 + random_.below(40) : random_.below(10);
  for (uint32_t i = 0; i < more; ++i) {
    std::string_view from = random_.percent(80) ? kNumberTypes : kAllTypes;
    locals_ += from[random_.below(static_cast<uint32_t>(from.size()))];
  }
  std::string declared = locals_.substr(params.size());
  for (int i = 0; i < 3; ++i) {
    scratch_[i] = static_cast<uint32_t>(locals_.size() + kCounters) + static_cast<uint32_t>(i);
  }
  exception_ = scratch_[2] + 1;
  declared += std::string(kCounters, 'i') + "fFVe";

  Bytes head;
  head.u(declared.size());
  for (char type : declared) {
    head.u(1);
    write_val_type(head, type);
  }
  labels_.push_back({results});
  prologue();
  uint32_t statements = random_.percent(20) ? 20 + random_.below(30) : 2 + random_.below(12);
  uint64_t seed = random_.next();
  for (uint32_t i = 0; i < statements; ++i) {
    random_ = Random(seed + i * 0x2545F4914F6CDD1DU);
    budget_ = out_.data.size() + 300;
    if (!skipped.contains({func_, i})) statement(3 + static_cast<int>(random_.below(3)));
  }
  random_ = Random(~seed);
  settle(results, 2);
  op(Opcode::end);
  head.raw(out_.data);
  return {std::move(head), statements};
}

// Spends a unit of fuel; without any, the function returns or traps at once. Recursion of every kind ends so.
void BodyGenerator::prologue() {
  op_u(Opcode::global_get, kFuelGlobal);
  op(Opcode::i32_eqz);
  op(Opcode::if_);
  out_.byte(0x40);
  if (daring()) {
    op(Opcode::unreachable);
  } else {
    for (char type : signature().results) write_default(out_, type);
    op(Opcode::return_);
  }
  op(Opcode::end);
  op_u(Opcode::global_get, kFuelGlobal);
  i32_const(1);
  op(Opcode::i32_sub);
  op_u(Opcode::global_set, kFuelGlobal);
}

void BodyGenerator::i32_const(int32_t value) {
  op(Opcode::i32_const);
  out_.s(value);
}

void BodyGenerator::number(char type) {
  auto integer = [&](unsigned bits) -> uint64_t {
    switch (random_.below(7)) {
      case 0: return random_.below(4);
      case 1: return ~uint64_t{random_.below(3)};
      case 2: return uint64_t{1} << random_.below(bits);
      case 3: return (uint64_t{1} << random_.below(bits)) - 1 + 2 * random_.below(2);
      case 4: return uint64_t{1} << (bits - 1);
      case 5: return random_.below(200);
      default: return random_.next();
    }
  };
  static constexpr double kFloats[] = {0.0,          -0.0,          1.0,          -1.0,   0.5,    -2.5,
                                       3.7,          1e30,          -1e30,        127.0,  255.5,  65536,
                                       2147483647.0, -2147483648.0, 4294967296.0, 9.3e18, 1e-310, 1.5};
  switch (type) {
    case 'i': return i32_const(static_cast<int32_t>(integer(32)));
    case 'I': op(Opcode::i64_const); return out_.s(static_cast<int64_t>(integer(64)));
    case 'f': {
      auto value = static_cast<float>(random_.pick(kFloats));
      uint32_t bits;
      std::memcpy(&bits, &value, 4);
      static constexpr uint32_t kOdd[] = {0x7F800000, 0xFF800000, 0x7FC00000, 0xFFC00001, 0x7FA00000, 1};
      if (random_.percent(20)) bits = random_.pick(kOdd);
      op(Opcode::f32_const);
      return out_.fixed(bits, 4);
    }
    case 'F': {
      double value = random_.pick(kFloats);
      uint64_t bits;
      std::memcpy(&bits, &value, 8);
      static constexpr uint64_t kOdd[] = {0x7FF0000000000000, 0xFFF0000000000000, 0x7FF8000000000000,
                                          0xFFF8000000000001, 0x7FF4000000000000, 1};
      if (random_.percent(20)) bits = random_.pick(kOdd);
      op(Opcode::f64_const);
      return out_.fixed(bits, 8);
    }
    default:
      op(Opcode::v128_const);
      for (int i = 0; i < 2; ++i) out_.fixed(integer(64), 8);
  }
}

void BodyGenerator::block_type(const std::string& params, const std::string& results) {
  if (params.empty() && results.empty()) return out_.byte(0x40);
  if (params.empty() && results.size() == 1) return write_val_type(out_, results[0]);
  out_.s(shape_.type_of({params, results}));
}

uint32_t BodyGenerator::local_of(char type) {
  uint32_t count = static_cast<uint32_t>(locals_.size());
  if (count == 0) return ~0U;
  uint32_t start = random_.below(count);
  for (uint32_t i = 0; i < count; ++i)
    if (locals_[(start + i) % count] == type) return (start + i) % count;
  return ~0U;
}

void BodyGenerator::leaf(char type) {
  uint32_t local = local_of(type);
  if (local != ~0U && random_.percent(65)) {
    op_u(Opcode::local_get, local);
  } else if (size_t global = shape_.globals.find(type, 1); global != std::string::npos && random_.percent(20)) {
    op_u(Opcode::global_get, global);
  } else if (is_number(type)) {
    number(type);
  } else if (type == 'u' || type == 'g') {
    op_u(Opcode::ref_func, type == 'g' ? 2 : random_.below(static_cast<uint32_t>(shape_.func_types.size())));
  } else if (random_.percent(70) && new_reference(type, 0)) {
    return;
  } else {
    op(Opcode::ref_null);
    write_heap_type(out_, type);
    stack_ += type;
    return;
  }
  stack_ += type;
}

void BodyGenerator::push(char type, int depth) {
  size_t floor = floor_;
  floor_ = stack_.size();  // what is there is somebody's operand
  push_one(type, depth);
  floor_ = floor;
}

void BodyGenerator::push_one(char type, int depth) {
  if (depth <= 0 || out_.data.size() > budget_) return leaf(type);
  uint32_t choice = random_.below(100);
  if (choice < 22) return leaf(type);
  if (choice < 28) return select(type, depth);
  if (choice < 36) return structured(std::string(1, type), depth);
  if (choice < 40 && call_for(type, depth)) return;
  if (choice < 44) {
    if (uint32_t local = local_of(type); local != ~0U) {
      push(type, depth - 1);
      return op_u(Opcode::local_tee, local);
    }
  }
  if (choice < 58 && special(type, depth)) return;
  if (table_operation(type, depth)) return;
  if (special(type, depth)) return;
  leaf(type);
}

void BodyGenerator::operands(std::string_view types, int depth) {
  if (stack_.size() >= floor_ + types.size() && stack_.ends_with(types) && random_.percent(50)) return;
  for (char type : types) push(type, depth);
}

void BodyGenerator::select(char type, int depth) {
  push(type, depth - 1);
  push(type, depth - 1);
  push('i', depth - 1);
  if (is_number(type) && random_.percent(70)) {
    op(Opcode::select);
  } else {
    op(Opcode::select_t);
    out_.u(1);
    write_val_type(out_, type);
  }
  pop(2);
}

void BodyGenerator::call(uint32_t func, int depth) {
  const Signature callee = shape_.signature(func);
  operands(callee.params, depth);
  uint32_t form = random_.below(10);
  uint32_t type = kFirstFuncType + shape_.func_types[func];
  bool in_table = func < kElemCount && !(daring() && random_.percent(15));
  if (form < 5 || (form < 8 && !in_table && !daring())) {
    op_u(Opcode::call, func);
  } else if (form < 8) {
    i32_const(static_cast<int32_t>(in_table ? 1 + func : random_.below(kFuncTableMin + 2)));
    op_u(Opcode::call_indirect, type);
    out_.u(kFuncTable);
  } else {
    op_u(Opcode::ref_func, func);
    op_u(Opcode::call_ref, type);
  }
  pop(callee.params.size());
  stack_ += callee.results;
}

bool BodyGenerator::call_for(char type, int depth) {
  for (int tries = 0; tries < 4; ++tries) {
    uint32_t func = random_.below(static_cast<uint32_t>(shape_.func_types.size()));
    if (shape_.signature(func).results.size() != 1 || shape_.signature(func).results[0] != type) continue;
    call(func, depth - 1);
    return true;
  }
  return false;
}

BodyResult generate_body(Shape& shape, uint32_t func, uint64_t seed, const Skipped& skipped, OpcodeSet& opcodes) {
  return BodyGenerator(shape, func, seed, opcodes).run(skipped);
}

}  // namespace arris::fuzz
