// The code section: where every body lies, and its locals. Instructions are the validator's.
#include <algorithm>

#include "decoder/sections.h"
#include "decoder/type_reader.h"
#include "wasm/limits.h"

namespace arris::decoder {
namespace {

constexpr uint32_t kMinBodyBytes = 3;  // its size, the number of its locals, `end`

void read_locals(Cursor& in, Features features, std::vector<LocalGroup>& groups) {
  const uint8_t* start = in.position();
  uint32_t count = in.u32();
  uint64_t total = 0;
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    const uint8_t* group_start = in.position();
    uint32_t n = in.u32();
    ValType type = read_val_type(in, features);
    total += n;
    if (total > UINT32_MAX) {
      in.fail(ErrorCode::too_many_locals, group_start);
    } else if (n != 0) {
      groups.push_back({n, type});
    }
  }
  if (total > limits::kMaxFunctionLocals) in.fail(ErrorCode::limit_exceeded, start, "too many locals");
}

}  // namespace

void decode_code_section(Cursor& in, Module& module) {
  module.code_begin = in.offset();
  module.code_end = in.offset() + in.remaining();
  uint32_t count = read_count(in, limits::kMaxFunctions, "functions");
  module.bodies.reserve(std::min(count, in.remaining() / kMinBodyBytes));
  for (uint32_t i = 0; i < count && in.ok(); ++i) {
    const uint8_t* size_start = in.position();
    uint32_t size = in.u32();
    if (size > in.remaining()) {
      in.fail(ErrorCode::unexpected_end_of_section, in.end());
      return;
    }
    if (size > limits::kMaxFunctionBytes) {
      in.fail(ErrorCode::limit_exceeded, size_start, "function too large");
      return;
    }
    FuncBody body;
    body.body = in.take(size);
    Cursor locals(module, body.body);
    read_locals(locals, module.features, body.locals);
    body.code_offset = locals.offset();
    if (!locals.ok()) {
      Error error = locals.take_error();
      error.func_index = module.imported_funcs + i;
      in.fail(std::move(error));
      return;
    }
    module.bodies.push_back(std::move(body));
  }
}

}  // namespace arris::decoder
