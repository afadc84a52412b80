// What bodies do besides computing: stores, bulk operations, tables, aggregates, branches, exceptions; and references.
#include <string>
#include <utility>
#include <vector>

#include "fuzz/generator/body_generator.h"

namespace arris::fuzz {

bool BodyGenerator::special(char type, int depth) {
  switch (type) {
    case 'i': return special_i32(depth);
    case 'I':
    case 'F':
    case 'V':
      if (type == 'I' && random_.percent(30) && shape_.memories[0].is64) {
        op_u(Opcode::memory_size, 0);
        stack_ += type;
        return true;
      }
      fresh(type == 'I' ? 's' : 't', depth - 1);
      op_u(Opcode::struct_get, type == 'I' ? kStruct : kSubStruct);
      out_.u(type == 'I' ? 2 : type == 'F' ? 4 : 5);
      stack_.back() = type;
      return true;
    case 'f': return false;
    default: return random_.percent(40) ? new_reference(type, depth) : read_reference(type, depth);
  }
}

bool BodyGenerator::special_i32(int depth) {
  auto result = [&](size_t taken) {
    pop(taken);
    stack_ += 'i';
    return true;
  };
  switch (random_.below(14)) {
    case 0:
      if (shape_.memories[0].is64) return false;
      op_u(Opcode::memory_size, 0);
      return result(0);
    case 1: op_u(Opcode::table_size, random_.below(2)); return result(0);
    case 2:
      push("uxnqkestbwzg"[random_.below(12)], depth - 1);
      op(Opcode::ref_is_null);
      return result(1);
    case 3:
      push("qkstbwz"[random_.below(7)], depth - 1);
      push("qkstbwz"[random_.below(7)], depth - 1);
      op(Opcode::ref_eq);
      return result(2);
    case 4: {
      push("nqst"[random_.below(4)], depth - 1);
      op(random_.percent(50) ? Opcode::ref_test : Opcode::ref_test_null);
      write_heap_type(out_, "qkstbw"[random_.below(6)]);
      return result(1);
    }
    case 5:
    case 6:
      fresh('k', depth - 1);
      op(random_.percent(50) ? Opcode::i31_get_s : Opcode::i31_get_u);
      return result(1);
    case 7:
    case 8: {
      bool sub = random_.percent(50);
      fresh(sub ? 't' : 's', depth - 1);
      static constexpr Opcode kPacked[] = {Opcode::struct_get_s, Opcode::struct_get_u};
      uint32_t field = random_.below(sub ? 3 : 2);
      op_u(field == 0 ? Opcode::struct_get : random_.pick(kPacked), sub ? kSubStruct : kStruct);
      out_.u(field == 2 ? 6 : field);
      return result(1);
    }
    case 9:
    case 10: {
      bool bytes = random_.percent(50);
      static constexpr Opcode kPacked[] = {Opcode::array_get_s, Opcode::array_get_u};
      fresh(bytes ? 'b' : 'w', depth - 1);
      length(false);
      op_u(bytes ? random_.pick(kPacked) : Opcode::array_get, bytes ? kArray8 : kArray32);
      return result(2);
    }
    case 11:
      fresh("bwz"[random_.below(3)], depth - 1);
      op(Opcode::array_len);
      return result(1);
    case 12: {
      auto memory = random_.below(static_cast<uint32_t>(shape_.memories.size()));
      if (shape_.memories[memory].is64) return false;
      i32_const(static_cast<int32_t>(random_.below(3)));
      op_u(Opcode::memory_grow, memory);
      return result(0);
    }
    default:
      if (random_.percent(50)) {
        push('u', depth - 1);
        i32_const(static_cast<int32_t>(random_.below(4)));
        op_u(Opcode::table_grow, kFuncTable);
        return result(1);
      }
      push('x', depth - 1);
      i32_const(static_cast<int32_t>(random_.below(3)));
      op_u(Opcode::table_grow, kExternTable);
      return result(1);
  }
}

// A small count or index, of the top of the stack's address type.
void BodyGenerator::length(bool is64) {
  uint64_t bits = random_.percent(90) ? random_.below(6) : random_.percent(70) ? random_.below(60) : random_.next();
  auto value = static_cast<int32_t>(bits);
  op(is64 ? Opcode::i64_const : Opcode::i32_const);
  out_.s(value);
  stack_ += is64 ? 'I' : 'i';
}

bool BodyGenerator::new_reference(char type, int depth) {
  auto result = [&](std::string_view taken) {
    pop(taken.size());
    stack_ += type;
    return true;
  };
  char made = type;
  if (type == 'n' || type == 'q') made = "kstbw"[random_.below(5)];
  if (type == 's' && random_.percent(40)) made = 't';
  switch (made) {
    case 'k':
      push('i', depth - 1);
      op(Opcode::ref_i31);
      return result("i");
    case 's':
    case 't': {
      uint32_t number = made == 's' ? kStruct : kSubStruct;
      std::string fields = made == 's' ? "iiIs" : "iiIsFVi";
      if (random_.percent(30) || depth <= 0) {
        op_u(Opcode::struct_new_default, number);
        return result("");
      }
      for (char field : fields) push(field, field == 's' ? 0 : depth - 1);
      op_u(Opcode::struct_new, number);
      return result(fields);
    }
    case 'b':
    case 'w': {
      uint32_t number = made == 'b' ? kArray8 : kArray32;
      switch (random_.below(4)) {
        case 0:
          i32_const(static_cast<int32_t>(random_.below(40)));
          op_u(Opcode::array_new_default, number);
          return result("");
        case 1:
          push('i', depth - 1);
          i32_const(static_cast<int32_t>(1 + random_.below(40)));
          op_u(Opcode::array_new, number);
          return result("i");
        case 2: {
          uint32_t count = random_.below(8);
          for (uint32_t i = 0; i < count; ++i) push('i', depth - 1);
          op_u(Opcode::array_new_fixed, number);
          out_.u(count);
          return result(std::string(count, 'i'));
        }
        default:
          i32_const(static_cast<int32_t>(random_.below(10)));
          i32_const(static_cast<int32_t>(random_.below(10)));
          op_u(Opcode::array_new_data, number);
          out_.u(kPassiveData);
          return result("");
      }
    }
    case 'z':
      i32_const(static_cast<int32_t>(random_.below(2)));
      i32_const(static_cast<int32_t>(random_.below(4)));
      op_u(Opcode::array_new_elem, kFuncArray);
      out_.u(kPassiveElem);
      return result("");
    case 'x':
      push('n', depth - 1);
      op(Opcode::extern_convert_any);
      return result("n");
    case 'u':
    case 'g': op_u(Opcode::ref_func, made == 'g' ? 2 : 1); return result("");
    default: return false;
  }
}

bool BodyGenerator::read_reference(char type, int depth) {
  auto result = [&](size_t taken) {
    pop(taken);
    stack_ += type;
    return true;
  };
  switch (type) {
    case 'u':
      if (random_.percent(50)) {
        i32_const(static_cast<int32_t>(random_.below(kFuncTableMin)));
        op_u(Opcode::table_get, kFuncTable);
        return result(0);
      }
      fresh('z', depth - 1);
      length(false);
      op_u(Opcode::array_get, kFuncArray);
      return result(2);
    case 'x':
      i32_const(static_cast<int32_t>(random_.below(4)));
      op_u(Opcode::table_get, kExternTable);
      return result(0);
    case 'n':
      push('x', depth - 1);
      op(Opcode::any_convert_extern);
      return result(1);
    case 's':
    case 't':
    case 'k':
    case 'b':
    case 'w':
      if (type == 's' && random_.percent(40)) {
        fresh('s', depth - 1);
        op_u(Opcode::struct_get, kStruct);
        out_.u(3);
        return result(1);
      }
      if (random_.percent(30)) {
        push(type, depth - 1);
        op(Opcode::ref_as_non_null);
        return result(1);
      }
      new_reference(type, depth - 1);  // a cast that succeeds, mostly
      if (random_.percent(15)) {
        stack_.pop_back();
        op(Opcode::drop);
        push('n', depth - 1);
      }
      op(random_.percent(60) ? Opcode::ref_cast_null : Opcode::ref_cast);
      write_heap_type(out_, type);
      return result(1);
    default: return false;
  }
}

void BodyGenerator::fresh(char type, int depth) {
  if (random_.percent(75) && new_reference(type, depth)) return;
  push(type, depth);
}

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
      if (random_.percent(80)) return;
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
      i32_const(static_cast<int32_t>(random_.below(funcs ? 10 : 5)));
      push(funcs ? 'u' : 'x', depth - 1);
      op_u(Opcode::table_set, funcs ? kFuncTable : kExternTable);
      break;
    }
    case 2:
      length(false);
      push('x', depth - 1);
      length(false);
      op_u(Opcode::table_fill, kExternTable);
      break;
    case 3:
      for (int i = 0; i < 3; ++i) length(false);
      op_u(Opcode::table_copy, kFuncTable);
      out_.u(kFuncTable);
      break;
    case 4:
      for (int i = 0; i < 3; ++i) length(false);
      op_u(Opcode::table_init, kPassiveElem);
      out_.u(kFuncTable);
      break;
    default:
      if (random_.percent(80)) return;
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
      length(false);
      push('i', depth - 1);
      op_u(Opcode::array_set, bytes ? kArray8 : kArray32);
      break;
    }
    case 3:
      fresh('w', depth - 1);
      length(false);
      push('i', depth - 1);
      length(false);
      op_u(Opcode::array_fill, kArray32);
      break;
    case 4:
      fresh('b', depth - 1);
      length(false);
      fresh('b', depth - 1);
      length(false);
      length(false);
      op_u(Opcode::array_copy, kArray8);
      out_.u(kArray8);
      break;
    case 5:
      fresh('w', depth - 1);
      for (int i = 0; i < 3; ++i) length(false);
      op_u(Opcode::array_init_data, kArray32);
      out_.u(kPassiveData);
      break;
    default:
      fresh('z', depth - 1);
      for (int i = 0; i < 3; ++i) length(false);
      op_u(Opcode::array_init_elem, kFuncArray);
      out_.u(kPassiveElem);
  }
  stack_.resize(size);
}

int BodyGenerator::forward_label() {
  auto count = static_cast<uint32_t>(labels_.size());
  uint32_t start = random_.below(count);
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t depth = (start + i) % count;
    if (!labels_[count - 1 - depth].loop) return static_cast<int>(depth);
  }
  return 0;  // never: the function's own label is the outermost
}

void BodyGenerator::branch(int depth) {
  int label = forward_label();
  const std::string types = labels_[labels_.size() - 1 - static_cast<size_t>(label)].types;
  operands(types, depth - 1);
  if (random_.percent(80)) {
    push('i', depth - 1);
    op_u(Opcode::br_if, static_cast<uint64_t>(label));
    stack_.pop_back();
    return;
  }
  // br_table over labels of the same types, in an if so that what follows lives
  push('i', depth - 1);
  push('i', depth - 1);
  op(Opcode::if_);
  block_type(types + "i", types + "i");
  std::vector<uint32_t> targets;
  for (uint32_t i = 0; i < labels_.size(); ++i) {
    const Label& candidate = labels_[labels_.size() - 1 - i];
    if (!candidate.loop && candidate.types == types) targets.push_back(i + 1);
  }
  op(Opcode::br_table);
  uint32_t count = random_.below(6);
  out_.u(count);
  for (uint32_t i = 0; i <= count; ++i) out_.u(targets[random_.below(static_cast<uint32_t>(targets.size()))]);
  op(Opcode::end);
  pop(2);
  op(Opcode::drop);
}

// Ends a block in the middle; the code after it is dead but typed.
void BodyGenerator::leave(int depth) {
  op(Opcode::block);
  out_.byte(0x40);
  labels_.push_back({""});
  std::string outer = std::move(stack_);
  size_t floor = std::exchange(floor_, 0);
  stack_.clear();
  push('i', depth - 1);
  op(Opcode::i32_eqz);
  op(Opcode::br_if);
  out_.u(0);
  stack_.clear();
  switch (random_.below(8)) {
    case 0:
    case 1: {
      int label = forward_label();
      const std::string types = labels_[labels_.size() - 1 - static_cast<size_t>(label)].types;
      operands(types, depth - 1);
      op_u(Opcode::br, static_cast<uint64_t>(label));
      break;
    }
    case 2:
    case 3:
      for (char type : std::string(signature().results)) push(type, depth - 1);
      op(Opcode::return_);
      break;
    case 4:
      if (random_.percent(50)) op(Opcode::unreachable);
      break;
    case 5: throw_something(depth - 1); break;
    default: {
      for (int tries = 0; tries < 4; ++tries) {
        uint32_t func = random_.below(static_cast<uint32_t>(shape_.func_types.size()));
        const Signature callee = shape_.signature(func);
        if (callee.results != signature().results) continue;
        for (char type : callee.params) push(type, depth - 1);
        uint32_t type = kFirstFuncType + shape_.func_types[func];
        uint32_t form = random_.below(3);
        if (form == 0) {
          op_u(Opcode::return_call, func);
        } else if (form == 1) {
          i32_const(static_cast<int32_t>(1 + func));
          op_u(Opcode::return_call_indirect, type);
          out_.u(kFuncTable);
        } else {
          op_u(Opcode::ref_func, func);
          op_u(Opcode::return_call_ref, type);
        }
        break;
      }
    }
  }
  stack_.clear();
  // The dead code pushes what it takes, so it is valid whether or not the branch above was made; at its end the stack is clean
  // only in the dead case.
  op(Opcode::unreachable);
  if (random_.percent(70)) statement(depth - 2);
  if (random_.percent(40)) {  // operands out of nowhere
    static constexpr Opcode kDead[] = {Opcode::i32_add, Opcode::i64_eqz, Opcode::f64_mul, Opcode::i8x16_add,
                                       Opcode::drop};
    op(Opcode::unreachable);
    Opcode dead = random_.pick(kDead);
    op(dead);
    if (dead != Opcode::drop) op(Opcode::drop);
    stack_.clear();
    op(Opcode::unreachable);
  }
  settle("", 0);
  stack_ = std::move(outer);
  floor_ = floor;
  labels_.pop_back();
  op(Opcode::end);
}

// br_on_null, br_on_non_null, br_on_cast, br_on_cast_fail out of a block of their own.
void BodyGenerator::reference_branch(int depth) {
  std::string outer = std::move(stack_);
  size_t floor = std::exchange(floor_, 0);
  stack_.clear();
  char type = "stkbw"[random_.below(5)];
  uint32_t form = random_.below(4);
  char result = form == 0 ? 0 : form == 3 ? 'n' : type;
  std::string results = result == 0 ? "" : std::string(1, result);
  op(Opcode::block);
  block_type("", results);
  labels_.push_back({results});
  push(form < 2 ? type : 'n', depth - 1);
  if (form == 0) {
    op_u(Opcode::br_on_null, 0);
  } else if (form == 1) {
    op_u(Opcode::br_on_non_null, 0);
    stack_.clear();
  } else {
    op(form == 2 ? Opcode::br_on_cast : Opcode::br_on_cast_fail);
    bool nullable = random_.percent(50);
    out_.byte(nullable ? 3 : 1);
    out_.u(0);
    write_heap_type(out_, 'n');
    write_heap_type(out_, type);
    stack_ = form == 2 ? "n" : std::string(1, type);
  }
  if (random_.percent(50)) statement(depth - 2);
  settle(results, depth - 2);
  labels_.pop_back();
  op(Opcode::end);
  stack_ = std::move(outer) + results;
  floor_ = floor;
}

void BodyGenerator::throw_something(int depth) {
  op(Opcode::block);
  out_.byte(0x40);
  labels_.push_back({""});
  push('i', depth - 1);
  op_u(Opcode::br_if, 0);
  stack_.pop_back();
  uint32_t tag = random_.below(3);
  for (const char* type = kTags[tag]; *type != 0; ++type) push(*type, depth - 1);
  op_u(Opcode::throw_, tag);
  for (const char* type = kTags[tag]; *type != 0; ++type) stack_.pop_back();
  labels_.pop_back();
  op(Opcode::end);
}

}  // namespace arris::fuzz
