// Blocks, and what leaves them: branches, exceptions, returns.
#include <string>
#include <utility>
#include <vector>

#include "fuzz/generator/body_generator.h"

namespace arris::fuzz {

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
  if (random_.percent(50)) throw_something(depth - 1, kind < 2 && !daring() ? tag : random_.below(3));
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
  if (results.ends_with('e') && random_.percent(daring() ? 40 : 8)) {  // perhaps thrown again, if there was one
    if (daring()) {
      push('i', 0);
    } else {
      op_u(Opcode::local_tee, exception_);
      op_u(Opcode::local_get, exception_);
      op(Opcode::ref_is_null);
      op(Opcode::i32_eqz);
      stack_ += 'i';
    }
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
  uint32_t tag = random_.below(3);
  bool delegates = random_.percent(daring() ? 20 : 5), catches = random_.percent(70), catches_all = random_.percent(60);
  bool all_caught = !delegates && (catches || catches_all);
  if (random_.percent(60) && (all_caught || daring()))
    throw_something(depth - 1, catches_all || daring() ? random_.below(3) : tag);
  settle("", depth - 1);
  if (delegates) {
    labels_.pop_back();
    op_u(Opcode::delegate, random_.below(static_cast<uint32_t>(labels_.size())));
  } else {
    if (catches) {
      op_u(Opcode::catch_, tag);
      stack_ = kTags[tag];
      statement(depth - 1);
      settle("", depth - 1);
    }
    if (catches_all) {
      op(Opcode::catch_all);
      stack_.clear();
      statement(depth - 1);
      settle("", depth - 1);
      if (random_.percent(daring() ? 10 : 2)) op_u(Opcode::rethrow, 0);
    }
    labels_.pop_back();
    op(Opcode::end);
  }
  stack_ = std::move(outer);
  floor_ = floor;
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
      if (random_.percent(50) && daring()) op(Opcode::unreachable);
      break;
    case 5:
      if (daring()) throw_something(depth - 1, random_.below(3));
      break;
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
        } else if (form == 1 && (func < kElemCount || daring())) {
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
  if (!daring()) {  // where none of these were possible
    op_u(Opcode::br, 0);
  }
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

void BodyGenerator::throw_something(int depth, uint32_t tag) {
  op(Opcode::block);
  out_.byte(0x40);
  labels_.push_back({""});
  push('i', depth - 1);
  op_u(Opcode::br_if, 0);
  stack_.pop_back();
  for (const char* type = kTags[tag]; *type != 0; ++type) push(*type, depth - 1);
  op_u(Opcode::throw_, tag);
  for (const char* type = kTags[tag]; *type != 0; ++type) stack_.pop_back();
  labels_.pop_back();
  op(Opcode::end);
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

}  // namespace arris::fuzz
