#include "fuzz/generator/body_generator.h"

#include <algorithm>
#include <array>
#include <utility>

namespace arris::fuzz {

namespace {

constexpr uint32_t kCounters = 3;  // loops inside one another

struct Rows {
  std::array<std::vector<Opcode>, 5> giving;  // by result: i I f F V
  std::vector<Opcode> stores, pairs;
};

bool is_memory(Opcode opcode) {
  Immediates immediates = info(opcode).immediates;
  return immediates == Immediates::mem_arg || immediates == Immediates::mem_arg_lane;
}

Rows make_rows() {
  Rows rows;
  for (unsigned i = 0; i < kOpcodeCount; ++i) {
    auto opcode = static_cast<Opcode>(i);
    std::string_view signature = info(opcode).signature;
    Immediates immediates = info(opcode).immediates;
    bool plain = immediates == Immediates::none || immediates == Immediates::lane || immediates == Immediates::shuffle;
    if (signature == "*" || (!plain && !is_memory(opcode))) continue;
    std::string_view results = signature.substr(signature.find(':') + 1);
    if (results.empty())
      rows.stores.push_back(opcode);
    else if (results.size() == 2)
      rows.pairs.push_back(opcode);
    else
      rows.giving[kNumberTypes.find(results[0])].push_back(opcode);
  }
  return rows;
}

const Rows& rows() {
  static const Rows rows = make_rows();
  return rows;
}

bool is_number(char type) { return kNumberTypes.find(type) != std::string_view::npos; }

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// Vector operations whose NaN results the machine chooses.
bool makes_nan(Opcode opcode) {
  std::string_view m = info(opcode).mnemonic;
  if (!m.starts_with("f32x4.") && !m.starts_with("f64x2.")) return false;
  for (std::string_view part :
       {"add", "sub", "mul", "div", "sqrt", "min", "max", "ceil", "floor", "trunc", "nearest", "demote", "promote"})
    if (has(m, part)) return true;
  return false;
}

}  // namespace

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
  declared += std::string(kCounters, 'i') + "fFV";

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
    random_ = Random(seed + i * 0x2545F4914F6CDD1D);
    budget_ = out_.data.size() + 300;
    if (!skipped.contains({func_, i})) statement(3 + static_cast<int>(random_.below(3)));
  }
  random_ = Random(~seed);
  settle(results, 2);
  op(Opcode::end);
  head.raw(out_.data);
  return {std::move(head), statements};
}

// Spends a unit of fuel; without any, the function traps. Recursion of every kind ends so.
void BodyGenerator::prologue() {
  op_u(Opcode::global_get, kFuelGlobal);
  op(Opcode::i32_eqz);
  op(Opcode::if_);
  out_.byte(0x40);
  op(Opcode::unreachable);
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

void BodyGenerator::canonical(char type) {
  int index = type == 'f' ? 0 : type == 'F' ? 1 : 2;
  op_u(Opcode::local_tee, scratch_[index]);
  op_u(Opcode::local_get, scratch_[index]);
  op_u(Opcode::local_get, scratch_[index]);
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

bool BodyGenerator::table_operation(char type, int depth) {
  size_t index = kNumberTypes.find(type);
  if (index == std::string_view::npos) return false;
  const auto& from = rows().giving[index];
  for (int tries = 0; tries < 4; ++tries) {
    Opcode opcode = from[random_.below(static_cast<uint32_t>(from.size()))];
    std::string_view m = info(opcode).mnemonic;
    if (has(m, "atomic.wait") && !random_.percent(20)) continue;
    if (m.starts_with("i") && has(m, ".trunc_f") && !random_.percent(15)) continue;  // mostly traps
    row(opcode, depth - 1);
    return true;
  }
  return false;
}

void BodyGenerator::row(Opcode opcode, int depth) {
  if (is_memory(opcode)) return memory_row(opcode, depth);
  auto entry = info(opcode);
  std::string_view params = entry.signature.substr(0, entry.signature.find(':'));
  std::string_view results = entry.signature.substr(entry.signature.find(':') + 1);
  bool leaks = has(entry.mnemonic, "reinterpret_f") || has(entry.mnemonic, "copysign") ||
               has(entry.mnemonic, "f32x4.splat") || has(entry.mnemonic, "f64x2.splat") ||
               has(entry.mnemonic, "f32x4.replace") || has(entry.mnemonic, "f64x2.replace");
  bool divides = has(entry.mnemonic, ".div_") || has(entry.mnemonic, ".rem_");
  if (divides || leaks) {
    for (char type : params) push(type, depth);
  } else {
    operands(params, depth);
  }
  if (divides && random_.percent(60)) {  // most divisors are not zero
    if (random_.percent(50)) {
      op(params[0] == 'i' ? Opcode::i32_const : Opcode::i64_const);
      out_.s(1);
      op(params[0] == 'i' ? Opcode::i32_or : Opcode::i64_or);
    } else {
      op(Opcode::drop);
      stack_.pop_back();
      number(params[0]);
      stack_ += params[0];
    }
  }
  if (leaks && (params.back() == 'f' || params.back() == 'F')) {
    bool is32 = params.back() == 'f';
    // x, or the canonical NaN if x is one
    op_u(Opcode::local_set, scratch_[is32 ? 0 : 1]);
    op_u(Opcode::local_get, scratch_[is32 ? 0 : 1]);
    if (is32) {
      op(Opcode::f32_const);
      out_.fixed(0x7FC00000, 4);
    } else {
      op(Opcode::f64_const);
      out_.fixed(0x7FF8000000000000, 8);
    }
    op_u(Opcode::local_get, scratch_[is32 ? 0 : 1]);
    op_u(Opcode::local_get, scratch_[is32 ? 0 : 1]);
    op(is32 ? Opcode::f32_eq : Opcode::f64_eq);
    op(Opcode::select);
  }
  op(opcode);
  if (entry.immediates == Immediates::lane) {
    uint32_t lanes = has(entry.mnemonic, "x16")  ? 16
                     : has(entry.mnemonic, "x8") ? 8
                     : has(entry.mnemonic, "x4") ? 4
                                                 : 2;
    out_.byte(static_cast<uint8_t>(random_.below(lanes)));
  } else if (entry.immediates == Immediates::shuffle) {
    uint32_t start = random_.below(17), step = random_.below(3);
    bool chaos = random_.percent(50);
    for (uint32_t i = 0; i < 16; ++i)
      out_.byte(static_cast<uint8_t>(chaos ? random_.below(32) : (start + i * step) % 32));
  }
  pop(params.size());
  stack_ += results;
  if (results == "V" && makes_nan(opcode)) {
    canonical('V');
    op(entry.mnemonic.starts_with("f32x4") ? Opcode::f32x4_eq : Opcode::f64x2_eq);
    op(Opcode::v128_and);
  }
}

void BodyGenerator::mem_arg(Opcode opcode, uint32_t memory, bool exact_alignment) {
  uint32_t natural = natural_alignment_log2(opcode);
  uint32_t alignment = exact_alignment ? natural : random_.below(natural + 1);
  out_.u(alignment | (memory != 0 ? 0x40 : 0));
  if (memory != 0) out_.u(memory);
  static constexpr uint64_t kOffsets[] = {1, 2, 8, 100, 4096, 65528, 65535, 65536, 0x7FFFFFFF, 0xFFFFFFF0, 0xFFFFFFFF};
  out_.u(random_.percent(75) ? random_.below(16) * (exact_alignment ? 8 : 1) : random_.pick(kOffsets));
}

// Mostly inside, often near an end, sometimes anywhere.
void BodyGenerator::address(uint32_t memory, int depth) {
  const MemoryShape& shape = shape_.memories[memory];
  char type = shape.is64 ? 'I' : 'i';
  Opcode constant = shape.is64 ? Opcode::i64_const : Opcode::i32_const;
  uint32_t choice = random_.below(100);
  if (choice < 70) {
    push(type, depth);
    static constexpr int32_t kMasks[] = {0xFF, 0xFFF8, 0x7FFF, 0xFFFF, 0x3C};
    op(constant);
    out_.s(random_.pick(kMasks));
    op(shape.is64 ? Opcode::i64_and : Opcode::i32_and);
  } else if (choice < 95) {
    op(constant);
    int32_t end = static_cast<int32_t>(shape.min * 65536);
    out_.s(random_.percent(70) ? random_.below(2000) : end - static_cast<int32_t>(random_.below(40)) + 4);
    stack_ += type;
  } else {
    push(type, depth);
  }
}

void BodyGenerator::memory_row(Opcode opcode, int depth) {
  auto entry = info(opcode);
  auto memory = random_.below(static_cast<uint32_t>(shape_.memories.size()));
  if (random_.percent(50)) memory = 0;
  bool atomic = entry.prefix == kPrefixThreads;
  address(memory, depth);
  if (atomic && random_.percent(90)) {
    char type = shape_.memories[memory].is64 ? 'I' : 'i';
    op(type == 'I' ? Opcode::i64_const : Opcode::i32_const);
    out_.s(-8);
    op(type == 'I' ? Opcode::i64_and : Opcode::i32_and);
  }
  std::string_view params = entry.signature.substr(1, entry.signature.find(':') - 1);
  bool waits = has(entry.mnemonic, "atomic.wait");
  for (size_t i = 0; i < params.size(); ++i) {
    if (waits && i == 1) {  // a timeout of nanoseconds
      op(Opcode::i64_const);
      out_.s(random_.below(1000));
      stack_ += 'I';
      continue;
    }
    push(params[i], depth);
    if (params[i] == 'f' || params[i] == 'F') {  // no chosen NaN gets into memory
      bool is32 = params[i] == 'f';
      op_u(Opcode::local_set, scratch_[is32 ? 0 : 1]);
      op_u(Opcode::local_get, scratch_[is32 ? 0 : 1]);
      write_default(out_, params[i]);
      op_u(Opcode::local_get, scratch_[is32 ? 0 : 1]);
      op_u(Opcode::local_get, scratch_[is32 ? 0 : 1]);
      op(is32 ? Opcode::f32_eq : Opcode::f64_eq);
      op(Opcode::select);
    }
  }
  op(opcode);
  mem_arg(opcode, memory, atomic);
  if (entry.immediates == Immediates::mem_arg_lane) {
    uint32_t lanes = 16U >> natural_alignment_log2(opcode);
    out_.byte(static_cast<uint8_t>(random_.below(lanes)));
  }
  pop(params.size() + 1);
  stack_ += entry.signature.substr(entry.signature.find(':') + 1);
}

void BodyGenerator::call(uint32_t func, int depth) {
  const Signature callee = shape_.signature(func);
  operands(callee.params, depth);
  uint32_t form = random_.below(10);
  uint32_t type = kFirstFuncType + shape_.func_types[func];
  if (form < 5) {
    op_u(Opcode::call, func);
  } else if (form < 8) {
    i32_const(
        static_cast<int32_t>(random_.percent(85) && func < kElemCount ? 1 + func : random_.below(kFuncTableMin + 2)));
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

// --- blocks ---

// Makes the stack of the block be exactly `results`.
void BodyGenerator::settle(const std::string& results, int depth) {
  if (stack_ == results && random_.percent(80)) return;
  while (!results.starts_with(stack_)) drop_to(stack_.size() - 1);
  for (size_t i = stack_.size(); i < results.size(); ++i) push(results[i], depth);
}

void BodyGenerator::block_body(const std::string& params, const std::string& results, int depth) {
  std::string outer = std::move(stack_);
  size_t floor = std::exchange(floor_, 0);
  stack_ = params;
  uint32_t statements = random_.below(4);
  for (uint32_t i = 0; i < statements; ++i) statement(depth - 1);
  settle(results, depth - 1);
  stack_ = std::move(outer);
  floor_ = floor;
}

void BodyGenerator::structured(const std::string& results, int depth) {
  uint32_t choice = random_.below(100);
  if (choice < 25) return loop(results, depth);
  if (choice < 70) return if_else(results, depth);
  if (choice < 80) {  // what this leaves is of its own types
    size_t size = stack_.size();
    try_table(depth);
    drop_to(size);
    for (char type : results) push(type, depth - 1);
    return;
  }
  std::string params;
  for (uint32_t count = random_.below(3); count > 0; --count) params += kNumberTypes[random_.below(5)];
  for (char type : params) push(type, depth - 2);
  op(Opcode::block);
  block_type(params, results);
  labels_.push_back({results});
  pop(params.size());
  block_body(params, results, depth);
  labels_.pop_back();
  op(Opcode::end);
  stack_ += results;
}

// Drops values, or keeps them in locals.
void BodyGenerator::drop_to(size_t size) {
  while (stack_.size() > size) {
    uint32_t local = random_.percent(60) ? local_of(stack_.back()) : ~0U;
    if (local != ~0U)
      op_u(Opcode::local_set, local);
    else
      op(Opcode::drop);
    stack_.pop_back();
  }
}

void BodyGenerator::if_else(const std::string& results, int depth) {
  push('i', depth - 1);
  stack_.pop_back();
  op(Opcode::if_);
  block_type("", results);
  labels_.push_back({results});
  block_body("", results, depth);
  if (!results.empty() || random_.percent(60)) {
    op(Opcode::else_);
    block_body("", results, depth);
  }
  labels_.pop_back();
  op(Opcode::end);
  stack_ += results;
}

// A loop with a parameter or two that travel around it; it ends when its counter is zero.
void BodyGenerator::loop(const std::string& results, int depth) {
  if (counters_used_ == kCounters) return if_else(results, depth);
  uint32_t counter = static_cast<uint32_t>(locals_.size()) + counters_used_++;
  i32_const(static_cast<int32_t>(1 + random_.below(counters_used_ == 1 ? 9 : 4)));
  op_u(Opcode::local_set, counter);
  std::string params;
  for (uint32_t count = random_.below(3); count > 0; --count) params += kNumberTypes[random_.below(5)];
  for (char type : params) push(type, depth - 2);
  op(Opcode::loop);
  block_type(params, results);
  labels_.push_back({params, true});
  pop(params.size());
  std::string outer = std::move(stack_);
  size_t floor = std::exchange(floor_, 0);
  stack_ = params;
  uint32_t statements = 1 + random_.below(4);
  for (uint32_t i = 0; i < statements; ++i) statement(depth - 1);
  settle(params, depth - 2);
  op_u(Opcode::local_get, counter);
  i32_const(1);
  op(Opcode::i32_sub);
  op_u(Opcode::local_tee, counter);
  op(Opcode::br_if);
  out_.u(0);
  settle(results, depth - 1);
  stack_ = std::move(outer);
  floor_ = floor;
  labels_.pop_back();
  op(Opcode::end);
  stack_ += results;
  --counters_used_;
}

// block (results of the catch) { try_table { ... } push the results }
void BodyGenerator::try_table(int depth) {
  uint32_t kind = random_.below(4);
  uint32_t tag = random_.below(3);
  std::string results = kind < 2 ? kTags[tag] : "";
  if (kind == 1 || kind == 3) results += 'e';
  op(Opcode::block);
  block_type("", results);
  labels_.push_back({results});
  op(Opcode::try_table);
  out_.byte(0x40);
  out_.u(1);
  out_.byte(static_cast<uint8_t>(kind));
  if (kind < 2) out_.u(tag);
  out_.u(0);
  labels_.push_back({""});
  std::string outer = std::move(stack_);
  size_t floor = std::exchange(floor_, 0);
  stack_.clear();
  statement(depth - 1);
  if (random_.percent(50)) throw_something(depth - 1);
  statement(depth - 1);
  settle("", depth - 1);
  labels_.pop_back();
  op(Opcode::end);
  stack_.clear();
  settle(results, depth - 1);
  labels_.pop_back();
  op(Opcode::end);
  stack_ = std::move(outer) + results;
  floor_ = floor;
  if (results.ends_with('e') && random_.percent(40)) {  // perhaps thrown again
    push('i', 0);
    op(Opcode::if_);
    block_type("e", "");
    op(Opcode::throw_ref);
    op(Opcode::else_);
    op(Opcode::drop);
    op(Opcode::end);
    pop(2);
  }
}

void BodyGenerator::legacy_try(int depth) {
  std::string outer = std::move(stack_);
  size_t floor = std::exchange(floor_, 0);
  stack_.clear();
  op(Opcode::try_);
  out_.byte(0x40);
  labels_.push_back({""});
  statement(depth - 1);
  if (random_.percent(60)) throw_something(depth - 1);
  settle("", depth - 1);
  if (random_.percent(20)) {
    labels_.pop_back();
    op_u(Opcode::delegate, random_.below(static_cast<uint32_t>(labels_.size())));
  } else {
    if (random_.percent(70)) {
      uint32_t tag = random_.below(3);
      op_u(Opcode::catch_, tag);
      stack_ = kTags[tag];
      statement(depth - 1);
      settle("", depth - 1);
    }
    if (random_.percent(60)) {
      op(Opcode::catch_all);
      stack_.clear();
      statement(depth - 1);
      settle("", depth - 1);
      if (random_.percent(10)) op_u(Opcode::rethrow, 0);
    }
    labels_.pop_back();
    op(Opcode::end);
  }
  stack_ = std::move(outer);
  floor_ = floor;
}

BodyResult generate_body(Shape& shape, uint32_t func, uint64_t seed, const Skipped& skipped, OpcodeSet& opcodes) {
  return BodyGenerator(shape, func, seed, opcodes).run(skipped);
}

}  // namespace arris::fuzz
