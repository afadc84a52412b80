#include "interp/quick_names.h"

namespace arris::interp {

std::string_view quick_name(uint8_t byte) {
  switch (byte) {
#define QUICK(name, code, ...) \
  case code: return #name;
#define QUICK_BLOCKS(name, code) \
  case code: return #name;
#define QUICK_VECTOR(name, code) \
  case code: return #name;
#include "interp/quicken.def"
#define INTERNAL(name, code, original) \
  case code: return #name;
#include "wasm/internal_opcodes.def"
    default: return {};
  }
}

}  // namespace arris::interp
