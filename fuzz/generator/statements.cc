// What bodies do besides computing: stores, bulk operations, tables, aggregates, branches, exceptions; and references.
#include <string>
#include <utility>
#include <vector>

#include "fuzz/generator/body_generator.h"

namespace arris::fuzz {

void BodyGenerator::statement(int depth) {
  if (depth <= 0 || out_.data.size() > budget_) {
    uint32_t local = locals_.empty() ? ~0U : random_.below(static_cast<uint32_t>(locals_.size()));
    if (local == ~0U) return op(Opcode::nop);
    push(locals_[local], 1);
    op_u(Opcode::local_set, local);
    stack_.pop_back();
    return;
  }
  uint32_t choice = random_.below(100);
  if (choice < 28 && !locals_.empty()) {
    uint32_t local = random_.below(static_cast<uint32_t>(locals_.size()));
    operands(locals_.substr(local, 1), depth);
    op_u(Opcode::local_set, local);
    stack_.pop_back();
    return;
  }
  if (choice < 33) {
    uint32_t global = 1 + random_.below(static_cast<uint32_t>(shape_.globals.size()) - 1);
    push(shape_.globals[global], depth);
    op_u(Opcode::global_set, global);
    stack_.pop_back();
    return;
  }
  if (choice < 43) return store(depth);
  if (choice < 50) return structured("", depth);
  if (choice < 56) return loop(random_.percent(50) ? "" : std::string(1, kNumberTypes[random_.below(5)]), depth);
  if (choice < 60) return call(random_.below(static_cast<uint32_t>(shape_.func_types.size())), depth - 1);
  if (choice < 68) return branch(depth);
  if (choice < 71) return leave(depth);
  if (choice < 75) return bulk(depth);
  if (choice < 78) return tables(depth);
  if (choice < 82) return aggregates(depth);
  if (choice < 85) return reference_branch(depth);
  if (choice < 87) return try_table(depth);
  if (choice < 89 && shape_.legacy_exceptions) return legacy_try(depth);
  if (choice < 90) {
    op(Opcode::atomic_fence);
    return out_.byte(0);
  }
  if (choice < 92) {
    static constexpr Opcode kPairs[] = {Opcode::i64_add128, Opcode::i64_sub128, Opcode::i64_mul_wide_s,
                                        Opcode::i64_mul_wide_u};
    return row(random_.pick(kPairs), depth - 1);
  }
  if (choice < 96 && stack_.size() < 12) return push(kNumberTypes[random_.below(5)], depth);  // lives on
  push(kNumberTypes[random_.below(5)], depth);
  op(Opcode::drop);
  stack_.pop_back();
}

void BodyGenerator::store(int depth) {
  static const std::vector<Opcode> stores = [] {
    std::vector<Opcode> found;
    for (unsigned i = 0; i < kOpcodeCount; ++i) {
      auto row = info(static_cast<Opcode>(i));
      bool memory = row.immediates == Immediates::mem_arg || row.immediates == Immediates::mem_arg_lane;
      if (memory && row.signature.ends_with(':')) found.push_back(static_cast<Opcode>(i));
    }
    return found;
  }();
  memory_row(stores[random_.below(static_cast<uint32_t>(stores.size()))], depth - 1);
}

void BodyGenerator::bulk(int depth) {
  auto memories = static_cast<uint32_t>(shape_.memories.size());
  uint32_t to = random_.below(memories), from = random_.below(memories);
  bool to64 = shape_.memories[to].is64, from64 = shape_.memories[from].is64;
  size_t size = stack_.size();
  switch (random_.below(5)) {
    case 0:
      address(to, depth - 1);
      push('i', depth - 1);
      length(to64);
      op_u(Opcode::memory_fill, to);
      break;
    case 1:
      address(to, depth - 1);
      address(from, depth - 1);
      length(to64 && from64);
      op_u(Opcode::memory_copy, to);
      out_.u(from);
      break;
    case 2:
      address(to, depth - 1);
      length(false);
      length(false);
      op_u(Opcode::memory_init, kPassiveData);
      out_.u(to);
      break;
    case 3:
      if (random_.percent(80) || !daring()) return;
      op_u(Opcode::data_drop, kPassiveData);
      break;
    default:
      if (random_.percent(60)) return;
      op(to64 ? Opcode::i64_const : Opcode::i32_const);
      out_.s(random_.below(2));
      op_u(Opcode::memory_grow, to);
      op(Opcode::drop);
  }
  stack_.resize(size);
}

void BodyGenerator::tables(int depth) {
  size_t size = stack_.size();
  switch (random_.below(6)) {
    case 0:
    case 1: {
      bool funcs = random_.percent(60);
      // The functions that calls look for stand at 1 to kElemCount.
      i32_const(static_cast<int32_t>(daring() ? random_.below(funcs ? 10 : 5)
                                     : funcs  ? 8 + random_.below(4)
                                              : random_.below(4)));
      push(funcs ? 'u' : 'x', depth - 1);
      op_u(Opcode::table_set, funcs ? kFuncTable : kExternTable);
      break;
    }
    case 2:
      small(2);
      push('x', depth - 1);
      small(3);
      op_u(Opcode::table_fill, kExternTable);
      break;
    case 3:
      small(3, 7);
      small(8);
      small(3);
      op_u(Opcode::table_copy, kFuncTable);
      out_.u(kFuncTable);
      break;
    case 4:
      small(3, 7);
      small(2);
      small(2);
      op_u(Opcode::table_init, kPassiveElem);
      out_.u(kFuncTable);
      break;
    default:
      if (random_.percent(80) || !daring()) return;
      op_u(Opcode::elem_drop, kPassiveElem);
  }
  stack_.resize(size);
}

void BodyGenerator::aggregates(int depth) {
  size_t size = stack_.size();
  switch (random_.below(7)) {
    case 0:
    case 1: {
      bool sub = random_.percent(50);
      std::string_view fields = sub ? "iiIsFVi" : "iiIs";
      uint32_t field = random_.below(static_cast<uint32_t>(fields.size()));
      fresh(sub ? 't' : 's', depth - 1);
      push(fields[field], depth - 1);
      op_u(Opcode::struct_set, sub ? kSubStruct : kStruct);
      out_.u(field);
      break;
    }
    case 2: {
      bool bytes = random_.percent(50);
      fresh(bytes ? 'b' : 'w', depth - 1);
      index(bytes ? 'b' : 'w');
      push('i', depth - 1);
      op_u(Opcode::array_set, bytes ? kArray8 : kArray32);
      break;
    }
    case 3:
      fresh('w', depth - 1);
      small(kShortArray / 2);
      push('i', depth - 1);
      small(kShortArray / 2);
      op_u(Opcode::array_fill, kArray32);
      break;
    case 4:
      fresh('b', depth - 1);
      small(kShortArray / 2);
      fresh('b', depth - 1);
      small(kShortArray / 2);
      small(kShortArray / 2);
      op_u(Opcode::array_copy, kArray8);
      out_.u(kArray8);
      break;
    case 5:
      fresh('w', depth - 1);
      for (int i = 0; i < 3; ++i) small(kShortArray / 2);
      op_u(Opcode::array_init_data, kArray32);
      out_.u(kPassiveData);
      break;
    default:
      fresh('z', depth - 1);
      for (int i = 0; i < 3; ++i) small(2);
      op_u(Opcode::array_init_elem, kFuncArray);
      out_.u(kPassiveElem);
  }
  stack_.resize(size);
}

}  // namespace arris::fuzz
