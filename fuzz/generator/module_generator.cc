#include "fuzz/generator/generator.h"
#include "fuzz/generator/shape.h"

namespace arris::fuzz {

namespace {

std::string random_types(Random& random, uint32_t count) {
  std::string types;
  for (uint32_t i = 0; i < count; ++i) {
    std::string_view from = random.percent(85) ? kNumberTypes : kAllTypes;
    types += from[random.below(static_cast<uint32_t>(from.size()))];
  }
  return types;
}

Shape random_shape(Random& random) {
  Shape shape;
  shape.types.push_back({"iI", "I"});  // what g refers to
  shape.types.push_back({"I", "I"});   // of the import
  shape.func_types.push_back(1);
  uint32_t funcs = 2 + random.below(5);
  for (uint32_t i = 0; i < funcs; ++i) {
    if (i == 1) {
      shape.func_types.push_back(0);
      continue;
    }
    uint32_t params = random.percent(10) ? 8 + random.below(12) : random.below(6);
    uint32_t results = random.percent(8) ? 4 + random.below(8) : random.below(4);
    Signature signature{random_types(random, params), random_types(random, results)};
    shape.func_types.push_back(shape.type_of(signature) - kFirstFuncType);
  }
  uint32_t memories = random.percent(60) ? 1 : 2;
  for (uint32_t i = 0; i < memories; ++i) {
    uint32_t min = 1 + random.below(2);
    shape.memories.push_back({random.percent(i == 0 ? 20 : 60), random.percent(20), min, min + random.below(3)});
  }
  shape.globals = "i" + random_types(random, 2 + random.below(6));
  shape.legacy_exceptions = random.percent(30);
  // Most modules are careful to the end, since what follows a trap is not run; some stumble, some look for traps.
  uint32_t kind = random.below(100);
  shape.daring = kind < 60 ? 0 : kind < 80 ? 3 : 100;
  return shape;
}

void section(Bytes& out, uint8_t id, const Bytes& content) {
  out.byte(id);
  out.sized(content);
}

void field(Bytes& out, char type) {
  if (type == '8')
    out.byte(0x78);
  else if (type == '6')
    out.byte(0x77);
  else
    write_val_type(out, type);
  out.byte(1);
}

void write_types(Bytes& out, const Shape& shape) {
  Bytes types;
  types.u(kFirstFuncType + shape.types.size());
  // Function types first named by a reference stand in one group with what refers to them, so all of these are declared early.
  types.raw(std::vector<uint8_t>{0x50, 0x00, 0x5F});
  types.u(4);
  for (char type : {'i', '8', 'I', 's'}) field(types, type);
  types.raw(std::vector<uint8_t>{0x4F, 0x01, 0x00, 0x5F});
  types.u(7);
  for (char type : {'i', '8', 'I', 's', 'F', 'V', '6'}) field(types, type);
  for (char type : {'8', 'i', 'u'}) {
    types.byte(0x5E);
    field(types, type);
  }
  for (const Signature& signature : shape.types) {
    types.byte(0x60);
    types.u(signature.params.size());
    for (char type : signature.params) write_val_type(types, type);
    types.u(signature.results.size());
    for (char type : signature.results) write_val_type(types, type);
  }
  section(out, 1, types);
}

void write_declarations(Bytes& out, Shape& shape, Random& random, std::span<const uint32_t> tag_types) {
  Bytes imports;
  imports.u(1);
  imports.name("host");
  imports.name("f");
  imports.byte(0);
  imports.u(kFirstFuncType + shape.func_types[0]);
  section(out, 2, imports);

  Bytes funcs;
  funcs.u(shape.func_types.size() - 1);
  for (size_t i = 1; i < shape.func_types.size(); ++i) funcs.u(kFirstFuncType + shape.func_types[i]);
  section(out, 3, funcs);

  Bytes tables;
  tables.u(2);
  tables.raw(std::vector<uint8_t>{0x70, 0x01, kFuncTableMin, kFuncTableMax, 0x6F, 0x01, 4, 9});
  section(out, 4, tables);

  Bytes memories;
  memories.u(shape.memories.size());
  for (const MemoryShape& memory : shape.memories) {
    memories.byte(static_cast<uint8_t>(1 | (memory.shared ? 2 : 0) | (memory.is64 ? 4 : 0)));
    memories.u(memory.min);
    memories.u(memory.max);
  }
  section(out, 5, memories);

  Bytes tags;
  tags.u(tag_types.size());
  for (uint32_t type : tag_types) {
    tags.byte(0);
    tags.u(type);
  }
  section(out, 13, tags);

  Bytes globals;
  globals.u(shape.globals.size());
  for (char type : shape.globals) {
    write_val_type(globals, type);
    globals.byte(1);
    if (type == 'i') {
      globals.op(Opcode::i32_const);
      globals.s(static_cast<int32_t>(random.next()));
    } else {
      write_default(globals, type);
    }
    globals.op(Opcode::end);
  }
  section(out, 6, globals);
}

void write_exports(Bytes& out, const Shape& shape) {
  Bytes exports;
  auto all = [&](char letter, uint8_t kind, size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) {
      exports.name(letter + std::to_string(i));
      exports.byte(kind);
      exports.u(i);
    }
  };
  exports.u(shape.func_types.size() - 1 + 2 + shape.memories.size() + shape.globals.size());
  all('f', 0, 1, shape.func_types.size());
  all('t', 1, 0, 2);
  all('m', 2, 0, shape.memories.size());
  all('g', 3, 0, shape.globals.size());
  section(out, 7, exports);
}

void write_segments(Bytes& out, const Shape& shape, Random& random) {
  Bytes elements;
  elements.u(2);
  auto functions = [&] {
    elements.u(kElemCount);
    for (uint32_t i = 0; i < kElemCount; ++i) {
      auto count = static_cast<uint32_t>(shape.func_types.size());
      elements.u(i < count ? i : random.below(count));
    }
  };
  elements.raw(std::vector<uint8_t>{0x00, 0x41, 0x01, 0x0B});  // active: from element 1 of table 0
  functions();
  elements.raw(std::vector<uint8_t>{0x01, 0x00});
  elements.u(shape.func_types.size());  // passive, and every function is declared
  for (uint32_t i = 0; i < shape.func_types.size(); ++i) elements.u(i);
  section(out, 9, elements);
}

void write_data(Bytes& out, Random& random) {
  Bytes data;
  data.u(1);
  data.byte(0x01);
  data.u(kDataSize);
  for (uint32_t i = 0; i < kDataSize; ++i) data.byte(static_cast<uint8_t>(random.next()));
  section(out, 11, data);
}

}  // namespace

void write_heap_type(Bytes& out, char type) {
  switch (type) {
    case 'u': return out.byte(0x70);
    case 'x': return out.byte(0x6F);
    case 'n': return out.byte(0x6E);
    case 'q': return out.byte(0x6D);
    case 'k': return out.byte(0x6C);
    case 'e': return out.byte(0x69);
    case 's': return out.s(kStruct);
    case 't': return out.s(kSubStruct);
    case 'b': return out.s(kArray8);
    case 'w': return out.s(kArray32);
    case 'z': return out.s(kFuncArray);
    default: return out.s(kFirstFuncType);
  }
}

void write_val_type(Bytes& out, char type) {
  switch (type) {
    case 'i': return out.byte(0x7F);
    case 'I': return out.byte(0x7E);
    case 'f': return out.byte(0x7D);
    case 'F': return out.byte(0x7C);
    case 'V': return out.byte(0x7B);
    default: out.byte(0x63); return write_heap_type(out, type);
  }
}

void write_default(Bytes& out, char type) {
  switch (type) {
    case 'i': out.op(Opcode::i32_const); return out.s(0);
    case 'I': out.op(Opcode::i64_const); return out.s(0);
    case 'f': out.op(Opcode::f32_const); return out.fixed(0, 4);
    case 'F': out.op(Opcode::f64_const); return out.fixed(0, 8);
    case 'V':
      out.op(Opcode::v128_const);
      out.fixed(0, 8);
      return out.fixed(0, 8);
    default: out.op(Opcode::ref_null); return write_heap_type(out, type);
  }
}

Generated generate(uint64_t seed, const Skipped& skipped) {
  Random random(Random(seed).next());  // neighbours have nothing in common
  Generated result;
  Shape shape = random_shape(random);
  std::vector<uint32_t> tag_types;
  for (const char* params : kTags) tag_types.push_back(shape.type_of({params, ""}));

  Bytes code;  // first, since bodies add function types
  code.u(shape.func_types.size() - 1);
  for (uint32_t func = 1; func < shape.func_types.size(); ++func) {
    BodyResult body = generate_body(shape, func, random.next(), skipped, result.opcodes);
    code.sized(body.bytes);
    result.statements.push_back(body.statements);
  }

  Bytes out;
  out.raw(std::vector<uint8_t>{0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00});
  write_types(out, shape);
  write_declarations(out, shape, random, tag_types);
  write_exports(out, shape);
  write_segments(out, shape, random);
  Bytes count;
  count.u(1);
  section(out, 12, count);
  section(out, 10, code);
  write_data(out, random);
  result.bytes = std::move(out.data);
  return result;
}

}  // namespace arris::fuzz
