// Instructions that the opcode table describes by a signature: numeric ones, and everything that reads or writes memory.
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/generator/body_generator.h"

namespace arris::fuzz {

namespace {

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

bool BodyGenerator::table_operation(char type, int depth) {
  size_t index = kNumberTypes.find(type);
  if (index == std::string_view::npos) return false;
  const auto& from = rows().giving[index];
  for (int tries = 0; tries < 4; ++tries) {
    Opcode opcode = from[random_.below(static_cast<uint32_t>(from.size()))];
    std::string_view m = info(opcode).mnemonic;
    if (has(m, "atomic.wait") && !random_.percent(20)) continue;
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
  bool divides = params.size() == 2 && (has(entry.mnemonic, ".div_") || has(entry.mnemonic, ".rem_"));
  bool truncates = entry.mnemonic.starts_with("i") && has(entry.mnemonic, ".trunc_f");
  if (divides || leaks || truncates) {
    for (char type : params) push(type, depth);
  } else {
    operands(params, depth);
  }
  if (divides && !(daring() && random_.percent(40))) {  // most divisors are not zero
    if (random_.percent(50) || !daring()) {
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
    not_nan(params.back(), params.back() == 'f' ? 0x7FC00000 : 0x7FF8000000000000);  // but the canonical one
  }
  if (truncates && !daring()) fit_for_trunc(params[0]);
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

void BodyGenerator::not_nan(char type, uint64_t instead) {
  bool is32 = type == 'f';
  uint32_t scratch = scratch_[is32 ? 0 : 1];
  op_u(Opcode::local_tee, scratch);
  op(is32 ? Opcode::f32_const : Opcode::f64_const);
  out_.fixed(instead, is32 ? 4 : 8);
  op_u(Opcode::local_get, scratch);
  op_u(Opcode::local_get, scratch);
  op(is32 ? Opcode::f32_eq : Opcode::f64_eq);
  op(Opcode::select);
}

// A float that every integer type can hold.
void BodyGenerator::fit_for_trunc(char type) {
  not_nan(type, 0);
  if (type == 'f') {
    op(Opcode::f32_abs);
    op(Opcode::f32_const);
    out_.fixed(0x4E6E6B28, 4);  // 1e9
    op(Opcode::f32_min);
  } else {
    op(Opcode::f64_abs);
    op(Opcode::f64_const);
    out_.fixed(0x41CDCD6500000000, 8);
    op(Opcode::f64_min);
  }
}

BodyGenerator::Access BodyGenerator::access_of(Opcode opcode) {
  Access access;
  uint32_t natural = natural_alignment_log2(opcode);
  access.atomic = info(opcode).prefix == kPrefixThreads;
  access.size = 1U << natural;
  access.alignment = access.atomic ? natural : random_.below(natural + 1);
  access.memory = random_.percent(50) ? 0 : random_.below(static_cast<uint32_t>(shape_.memories.size()));
  static constexpr uint64_t kOffsets[] = {1, 2, 8, 100, 4096, 65528, 65535, 65536, 0x7FFFFFFF, 0xFFFFFFF0, 0xFFFFFFFF};
  static constexpr uint64_t kInside[] = {1, 2, 8, 100, 127, 128, 4096, 16384, 32000};
  if (random_.percent(75))
    access.offset = random_.below(16) * (access.atomic ? 8 : 1);
  else if (daring())
    access.offset = random_.pick(kOffsets);
  else
    access.offset = random_.pick(kInside) & (access.atomic ? ~uint64_t{7} : ~uint64_t{0});
  return access;
}

// Inside, often at the very end; with daring also near it and anywhere.
void BodyGenerator::address(const Access& access, int depth) {
  const MemoryShape& memory = shape_.memories[access.memory];
  char type = memory.is64 ? 'I' : 'i';
  auto constant = [&](int32_t value) {
    op(memory.is64 ? Opcode::i64_const : Opcode::i32_const);
    out_.s(value);
  };
  auto mask = [&](int32_t value) {
    constant(value);
    op(memory.is64 ? Opcode::i64_and : Opcode::i32_and);
  };
  auto end = static_cast<int32_t>(memory.min * 65536);
  uint32_t choice = random_.below(100);
  bool aligned = access.atomic && (!daring() || random_.percent(90));
  if (daring() && choice < 30) {
    if (choice < 5) {
      push(type, depth);
    } else {
      constant(end - static_cast<int32_t>(random_.below(40)) + 4);
      stack_ += type;
    }
  } else if (choice < 75) {
    push(type, depth);
    static constexpr int32_t kMasks[] = {0xFF, 0x7FF8, 0x3FFF, 0x7FFF, 0x3C};
    mask(random_.pick(kMasks));
  } else {
    auto last = end - static_cast<int32_t>(access.size) - static_cast<int32_t>(access.offset & 0xFFFF);
    constant(choice < 90 ? static_cast<int32_t>(random_.below(250) * 8) : last);
    stack_ += type;
  }
  if (aligned) mask(-8);
}

void BodyGenerator::address(uint32_t memory, int depth) { address(Access{.memory = memory, .size = 8}, depth); }

void BodyGenerator::memory_row(Opcode opcode, int depth) {
  auto entry = info(opcode);
  Access access = access_of(opcode);
  bool waits = has(entry.mnemonic, "atomic.wait");
  if (waits && !daring()) {
    auto shared = [&](uint32_t memory) { return shape_.memories[memory].shared; };
    access.memory = shared(0) || shape_.memories.size() == 1 ? 0 : 1;
    if (!shared(access.memory))
      return row(entry.signature.ends_with(":i") ? Opcode::i32_load : Opcode::i64_load, depth);
  }
  address(access, depth);
  std::string_view params = entry.signature.substr(1, entry.signature.find(':') - 1);
  for (size_t i = 0; i < params.size(); ++i) {
    if (waits && i == 1) {  // a timeout of nanoseconds
      op(Opcode::i64_const);
      out_.s(random_.below(1000));
      stack_ += 'I';
      continue;
    }
    push(params[i], depth);
    if (params[i] == 'f' || params[i] == 'F') not_nan(params[i], 0);  // no chosen NaN gets into memory
  }
  op(opcode);
  out_.u(access.alignment | (access.memory != 0 ? 0x40 : 0));
  if (access.memory != 0) out_.u(access.memory);
  out_.u(access.offset);
  if (entry.immediates == Immediates::mem_arg_lane) {
    uint32_t lanes = 16U >> natural_alignment_log2(opcode);
    out_.byte(static_cast<uint8_t>(random_.below(lanes)));
  }
  pop(params.size() + 1);
  stack_ += entry.signature.substr(entry.signature.find(':') + 1);
}

void BodyGenerator::canonical(char type) {
  int index = type == 'f' ? 0 : type == 'F' ? 1 : 2;
  op_u(Opcode::local_tee, scratch_[index]);
  op_u(Opcode::local_get, scratch_[index]);
  op_u(Opcode::local_get, scratch_[index]);
}

}  // namespace arris::fuzz
