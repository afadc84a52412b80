#include "wasm/types.h"

namespace arris {
namespace {

const char* heap_name(AbstractHeap heap) {
  switch (heap) {
#define HEAPTYPE(name, code, text, ref_text) \
  case AbstractHeap::name: return text;
#include "wasm/types.def"
    case AbstractHeap::bottom: return "bot";
  }
  return "?";
}

const char* nullable_ref_name(AbstractHeap heap) {
  switch (heap) {
#define HEAPTYPE(name, code, text, ref_text) \
  case AbstractHeap::name: return ref_text;
#include "wasm/types.def"
    case AbstractHeap::bottom: return "(ref null bot)";
  }
  return "?";
}

std::string list(const ResultType& types) {
  std::string out = "[";
  for (size_t i = 0; i < types.size(); ++i) {
    if (i) out += ' ';
    out += to_string(types[i]);
  }
  return out + "]";
}

}  // namespace

std::string to_string(HeapType type) {
  return type.is_concrete() ? std::to_string(type.index()) : heap_name(type.abstract());
}

std::string to_string(ValType type) {
  switch (type.code()) {
    case TypeCode::bottom: return "unknown";
#define NUMTYPE(name, code, text, size) \
  case TypeCode::name: return text;
#include "wasm/types.def"
    case TypeCode::i8: return "i8";
    case TypeCode::i16: return "i16";
    case TypeCode::ref: return "(ref " + to_string(type.heap()) + ")";
    case TypeCode::ref_null:
      return type.heap().is_concrete() ? "(ref null " + to_string(type.heap()) + ")"
                                       : nullable_ref_name(type.heap().abstract());
  }
  return "?";
}

std::string to_string(const FuncType& type) { return list(type.params) + " -> " + list(type.results); }

}  // namespace arris
