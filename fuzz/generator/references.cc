// References: how they are made, read and told apart.
#include <string>
#include <string_view>
#include <utility>

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
      index(bytes ? 'b' : 'w');
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
  uint64_t bits = random_.percent(90) || !daring() ? random_.below(6)
                  : random_.percent(70)            ? random_.below(60)
                                                   : random_.next();
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
          i32_const(static_cast<int32_t>((daring() ? 0 : kShortArray) + random_.below(40)));
          op_u(Opcode::array_new_default, number);
          return result("");
        case 1:
          push('i', depth - 1);
          i32_const(static_cast<int32_t>((daring() ? 1 : kShortArray) + random_.below(40)));
          op_u(Opcode::array_new, number);
          return result("i");
        case 2: {
          uint32_t count = daring() ? random_.below(8) : kShortArray;
          for (uint32_t i = 0; i < count; ++i) push('i', depth - 1);
          op_u(Opcode::array_new_fixed, number);
          out_.u(count);
          return result(std::string(count, 'i'));
        }
        default:
          i32_const(static_cast<int32_t>(random_.below(10)));
          i32_const(static_cast<int32_t>(daring() ? random_.below(10) : kShortArray));
          op_u(Opcode::array_new_data, number);
          out_.u(kPassiveData);
          return result("");
      }
    }
    case 'z':
      i32_const(static_cast<int32_t>(random_.below(2)));
      i32_const(static_cast<int32_t>(daring() ? random_.below(4) : 2));
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
      index('z');
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
        if (daring())
          push(type, depth - 1);
        else
          non_null(type, depth - 1);
        op(Opcode::ref_as_non_null);
        return result(1);
      }
      new_reference(type, depth - 1);  // a cast that succeeds, mostly
      if (random_.percent(15) && daring()) {
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
  if (random_.percent(daring() ? 75 : 50) && new_reference(type, depth)) return;
  if (daring()) return push(type, depth);
  non_null(type, depth);
}

// block { what there is, out of the block unless it is null; else a new one }
void BodyGenerator::non_null(char type, int depth) {
  std::string outer = std::move(stack_);
  size_t floor = std::exchange(floor_, 0);
  stack_.clear();
  op(Opcode::block);
  block_type("", std::string(1, type));
  labels_.push_back({std::string(1, type)});
  push(type, depth);
  op_u(Opcode::br_on_non_null, 0);
  stack_.clear();
  if (!new_reference(type, 0)) push(type, 0);
  labels_.pop_back();
  op(Opcode::end);
  stack_ = std::move(outer) + type;
  floor_ = floor;
}

void BodyGenerator::index(char array) { small(array == 'z' ? 2 : kShortArray); }

void BodyGenerator::small(uint32_t below, uint32_t from) {
  if (daring()) return length(false);
  i32_const(static_cast<int32_t>(from + random_.below(below)));
  stack_ += 'i';
}

}  // namespace arris::fuzz
