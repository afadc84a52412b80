// What a generated module declares and its bodies refer to. Private to the generator.
//
// Value types are letters: i f I F V as in opcodes.def; u funcref, x externref, n anyref, q eqref, k i31ref, e exnref, and
// nullable references to the types that every module has: s and t (structs 0 and 1, t below s), b (array of i8), w (array of
// i32), z (array of funcref), g (functions of kTypedSignature).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/generator/encoder.h"
#include "fuzz/generator/generator.h"

namespace arris::fuzz {

struct Signature {
  std::string params, results;
  friend bool operator==(const Signature&, const Signature&) = default;
};

enum : uint32_t { kStruct = 0, kSubStruct = 1, kArray8 = 2, kArray32 = 3, kFuncArray = 4, kFirstFuncType = 5 };
enum : uint32_t { kFuncTable = 0, kExternTable = 1 };
enum : uint32_t { kPassiveData = 0, kPassiveElem = 1 };
constexpr uint32_t kDataSize = 48;
constexpr uint32_t kElemCount = 6;
constexpr uint32_t kFuelGlobal = 0;
constexpr uint32_t kFuncTableMin = 12, kFuncTableMax = 24;
constexpr const char* kTags[] = {"i", "IF", ""};
constexpr std::string_view kAllTypes = "iIfFVuxnqkestbwzg";
constexpr std::string_view kNumberTypes = "iIfFV";

inline bool is_number(char type) { return kNumberTypes.find(type) != std::string_view::npos; }

struct MemoryShape {
  bool is64, shared;
  uint32_t min, max;
};

struct Shape {
  std::vector<Signature> types;      // function types; number k is type kFirstFuncType + k
  std::vector<uint32_t> func_types;  // of each function (index into types); function 0 is imported
  std::vector<MemoryShape> memories;
  std::string globals;  // global 0 is the fuel
  bool legacy_exceptions = false;
  uint32_t daring = 0;  // percent of the places that could trap where a body lets it happen

  uint32_t type_of(const Signature& signature) {
    for (uint32_t i = 0; i < types.size(); ++i)
      if (types[i] == signature) return kFirstFuncType + i;
    types.push_back(signature);
    return kFirstFuncType + static_cast<uint32_t>(types.size()) - 1;
  }
  const Signature& signature(uint32_t func) const { return types[func_types[func]]; }
};

void write_val_type(Bytes& out, char type);
void write_heap_type(Bytes& out, char type);
void write_default(Bytes& out, char type);  // an instruction that pushes zero or null

// The body of function `func` with its locals, without its size.
struct BodyResult {
  Bytes bytes;
  uint32_t statements;
};
BodyResult generate_body(Shape& shape, uint32_t func, uint64_t seed, const Skipped& skipped, OpcodeSet& opcodes);

}  // namespace arris::fuzz
