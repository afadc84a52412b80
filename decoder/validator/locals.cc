// Locals: their types, whether those without a default have been set, and the places of v128 locals.
#include <algorithm>

#include "decoder/validator/function_validator.h"
#include "wasm/limits.h"

namespace arris::validator {
namespace {

uint8_t v128_form(Opcode op) {
  switch (op) {
#define INTERNAL(name, code, original) \
  case Opcode::original: return code;
#include "wasm/internal_opcodes.def"
    default: return 0;
  }
}

}  // namespace

bool FunctionValidator::begin_locals(const FuncBody& body) {
  const ResultType& params = func_type_->func.params;
  runs_.clear();
  uint32_t end = static_cast<uint32_t>(params.size());
  uint32_t v128s = 0;
  has_special_locals_ = false;
  for (const LocalGroup& group : body.locals) {
    if (!context_.has_type(group.type)) {
      op_ = code_begin_;
      return fail_index(ErrorCode::unknown_type, group.type.heap().index());
    }
    end += group.count;
    ValType type = module_.canonical(group.type);
    runs_.push_back({end, v128s, type});
    if (type.is_vec()) v128s += group.count;
    has_special_locals_ |= type.is_vec() || !type.is_defaultable();
  }
  // A v128 local's ordinal counts the parameters before it too.
  uint32_t v128_params = func_type_->param_slots - static_cast<uint32_t>(params.size());
  for (LocalRun& run : runs_) run.v128_before += v128_params;
  has_special_locals_ |= v128_params != 0;
  for (ValType t : params) has_special_locals_ |= !t.is_defaultable();
  local_count_ = end;
  v128_count_ = v128_params + v128s;

  fast_count_ = static_cast<uint32_t>(std::min<size_t>(params.size(), kFastLocals));
  std::copy_n(params.begin(), fast_count_, fast_locals_);
  for (const LocalRun& run : runs_) {
    for (uint32_t stop = std::min(run.end, kFastLocals); fast_count_ < stop;) fast_locals_[fast_count_++] = run.type;
  }
  push_limits_[0] = has_special_locals_ ? 0 : std::min(fast_count_, 0x80u);
  if (has_special_locals_) {
    ++epoch_;
    if (init_epochs_.size() < local_count_) init_epochs_.resize(local_count_, 0);
  }
  return true;
}

bool FunctionValidator::local_type_slow(uint32_t index, ValType& type) {
  if (index >= local_count_) return fail_index(ErrorCode::unknown_local, index);
  const ResultType& params = func_type_->func.params;
  if (index < params.size()) {
    type = params[index];
  } else {
    type = std::upper_bound(runs_.begin(), runs_.end(), index, [](uint32_t i, const LocalRun& r) {
             return i < r.end;
           })->type;
  }
  return true;
}

// The ordinal of a v128 local among the function's v128 parameters and locals.
uint32_t FunctionValidator::v128_ordinal(uint32_t index) const {
  const ResultType& params = func_type_->func.params;
  uint32_t param_count = static_cast<uint32_t>(params.size());
  if (index < param_count) { return static_cast<uint32_t>(std::count(params.begin(), params.begin() + index, kV128)); }
  auto run =
      std::upper_bound(runs_.begin(), runs_.end(), index, [](uint32_t i, const LocalRun& r) { return i < r.end; });
  uint32_t begin = run == runs_.begin() ? param_count : (run - 1)->end;
  return run->v128_before + (index - begin);
}

// Called after the operand has been checked, in functions that have a local that is a v128 or has no default.
bool FunctionValidator::on_special_local(uint32_t index, ValType type, Opcode op) {
  if (!in_.ok()) return false;
  if (type.is_vec()) {
    // The index immediate becomes the ordinal, in as many bytes.
    use_vector_form(v128_form(op));
    uint32_t ordinal = v128_ordinal(index);
    uint8_t* out = code_copy_ + opcode_offset() + 1;
    uint8_t* last = code_copy_ + next_offset() - 1;
    for (; out < last; ++out, ordinal >>= 7) *out = static_cast<uint8_t>(ordinal | 0x80);
    *out = static_cast<uint8_t>(ordinal & 0x7F);
    return true;
  }
  if (type.is_defaultable() || index < func_type_->func.params.size()) return true;
  if (op != Opcode::local_get) {
    mark_initialized(index);
    return true;
  }
  return init_epochs_[index] == epoch_ || fail_index(ErrorCode::uninitialized_local, index);
}

void FunctionValidator::mark_initialized(uint32_t index) {
  if (init_epochs_[index] == epoch_) return;
  init_epochs_[index] = epoch_;
  init_log_.push_back(index);
}

// What a block has set is not known to be set after it.
void FunctionValidator::forget_initialized(uint32_t floor) {
  while (init_log_.size() > floor) {
    init_epochs_[init_log_.back()] = 0;
    init_log_.pop_back();
  }
}

}  // namespace arris::validator
