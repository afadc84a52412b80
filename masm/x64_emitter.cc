#include "masm/x64_emitter.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include "base/check.h"
#include "masm/x64_asmjit.h"

namespace arris::masm {

X64Emitter::X64Emitter() : encoder_(std::make_unique<Encoder>()) {
  // The processor asmjit assumes only limits what its (unused) validation accepts.
  asmjit::Environment environment(asmjit::Arch::kX64);
  if (encoder_->holder.init(environment) != asmjit::kErrorOk ||
      encoder_->holder.attach(&encoder_->assembler) != asmjit::kErrorOk) {
    fail("assembler cannot be set up");
  }
  grow();
}
X64Emitter::~X64Emitter() = default;

void X64Emitter::reset() {
  p_ = begin_;
  label_count_ = 0;
  constant_uses_.clear();
  constants8_.clear();
  constants16_.clear();
  tables_.clear();
  table_targets_.clear();
  std::ranges::fill(recent_, 0);
  error_[0] = 0;
  instruction_bytes_ = code_bytes_ = 0;
}

void X64Emitter::fail(std::string_view what, std::string_view subject) {
  if (!ok()) return;
  size_t used = std::min(what.size(), sizeof(error_) - 1);
  char* end = std::copy_n(what.data(), used, error_);
  end = std::copy_n(subject.data(), std::min(subject.size(), sizeof(error_) - 1 - used), end);
  *end = 0;
}

[[clang::preserve_most]] void X64Emitter::grow() {
  auto& buffer = encoder_->holder.textSection()->buffer();
  const size_t used = static_cast<size_t>(p_ - begin_);
  const size_t wanted = std::max<size_t>(16 * 1024, 2 * static_cast<size_t>(end_ - begin_));
  if (used >= kMaxCodeBytes || encoder_->holder.reserveBuffer(&buffer, wanted) != asmjit::kErrorOk) {
    // Code that will never run may overwrite itself.
    fail("machine code of one function is too large");
    CHECK(begin_ != nullptr);
    p_ = begin_;
    return;
  }
  begin_ = buffer.data();
  p_ = begin_ + used;
  end_ = begin_ + buffer.capacity();
  limit_ = end_ - kSlack;
  auto& assembler = encoder_->assembler;
  assembler._bufferData = begin_;
  assembler._bufferEnd = end_;
  assembler._bufferPtr = p_;
}

void X64Asmjit::refuse(X64Emitter& e, InstId id) {
  char number[16];  // asmjit's names of its instructions are 20 KB
  auto [end, error] = std::to_chars(number, number + sizeof number, id);
  e.fail("cannot encode asmjit's instruction ", {number, end});
}

// --- Labels ----------------------------------------------------------------------------------------------------------

[[clang::preserve_most]] void X64Emitter::grow_labels() { labels_.resize(2 * labels_.size() + 64); }

void X64Emitter::patch(uint32_t at, uint32_t target, uint32_t trailing) {
  const int32_t relative = static_cast<int32_t>(target) - static_cast<int32_t>(at + 4 + trailing);
  std::memcpy(begin_ + at, &relative, sizeof(relative));
}

void X64Emitter::bind(Label label) {
  int32_t& state = labels_[label.id];
  DCHECK(state < 0);
  int32_t waiting = state;
  state = static_cast<int32_t>(offset());
  if (!ok()) return;  // the chain may have been overwritten
  while (waiting != kUnused) {
    const auto at = static_cast<uint32_t>(-2 - waiting);
    std::memcpy(&waiting, begin_ + at, sizeof(waiting));
    patch(at, offset(), 0);
  }
}

void X64Emitter::reference(Label target) {
  int32_t& state = labels_[target.id];
  if (state >= 0) {
    put(state - static_cast<int32_t>(offset() + 4));
  } else {
    const int32_t previous = state;
    state = -2 - static_cast<int32_t>(offset());
    put(previous);
  }
}

void X64Emitter::branch_to(Label target, uint32_t short_form, uint32_t long_form, uint32_t length) {
  uint8_t* p = room();
  int32_t& state = labels_[target.id];
  int32_t displacement = state;
  const auto here = static_cast<int32_t>(p - begin_);
  if (displacement >= 0) {
    displacement -= here + 2;
    if (displacement >= -128) {
      const auto bytes = static_cast<uint16_t>(short_form | static_cast<uint32_t>(displacement) << 8);
      std::memcpy(p, &bytes, sizeof bytes);
      p_ = p + 2;
      return;
    }
    displacement -= static_cast<int32_t>(length) + 2;
  } else {
    state = -2 - here - static_cast<int32_t>(length);
  }
  std::memcpy(p, &long_form, 2);
  std::memcpy(p + length, &displacement, sizeof displacement);
  p_ = p + length + 4;
}

void X64Emitter::call(Label target) {
  ensure();
  *p_++ = 0xE8;
  reference(target);
}

void X64Emitter::lea_label(Gp d, Label label) {
  ensure();
  *p_++ = static_cast<uint8_t>(0x48 | (d.id >> 3) << 2);
  *p_++ = 0x8D;
  *p_++ = static_cast<uint8_t>((d.id & 7) << 3 | 5);
  reference(label);
}

void X64Emitter::lea_jump_table(Gp d, std::span<const Label> targets) {
  ensure();
  *p_++ = static_cast<uint8_t>(0x48 | (d.id >> 3) << 2);
  *p_++ = 0x8D;
  *p_++ = static_cast<uint8_t>((d.id & 7) << 3 | 5);
  tables_.push_back({offset(), static_cast<uint32_t>(table_targets_.size()), static_cast<uint32_t>(targets.size())});
  table_targets_.insert(table_targets_.end(), targets.begin(), targets.end());
  put(uint32_t{0});
}

void X64Emitter::rm(const MemoryForm& form, uint8_t reg, Address a) {
  if (form.is_escaped) return rm_escaped(form.head, form.prefix, reg, a);
  if (!form.is_rare) return rm_plain(form.head, reg, a);
  rm_any({.prefix = form.prefix, .opcode = static_cast<uint8_t>(form.head >> 8)}, false, reg, a,
         form.is_byte && reg >= 4);
}

// --- Constants -------------------------------------------------------------------------------------------------------

namespace {
uint32_t hash(uint64_t low, uint64_t high) {
  return static_cast<uint32_t>((low * 0x9E3779B97F4A7C15u ^ std::rotl(high * 0xC2B2AE3D27D4EB4Fu, 31)) >> 58);
}
}  // namespace

uint32_t X64Emitter::constant8(uint64_t bits) {
  uint32_t& recent = recent_[hash(bits, 0)];
  if (recent && !((recent - 1) & kConstant16) && constants8_[recent - 1] == bits) return recent - 1;
  constants8_.push_back(bits);
  recent = static_cast<uint32_t>(constants8_.size());
  return recent - 1;
}

uint32_t X64Emitter::constant16(uint64_t low, uint64_t high) {
  uint32_t& recent = recent_[hash(low, high ^ 1)];
  if (recent && ((recent - 1) & kConstant16)) {
    const uint32_t index = (recent - 1) & ~kConstant16;
    if (constants16_[2 * index] == low && constants16_[2 * index + 1] == high) return recent - 1;
  }
  constants16_.push_back(low);
  constants16_.push_back(high);
  const uint32_t handle = static_cast<uint32_t>(constants16_.size() / 2 - 1) | kConstant16;
  recent = handle + 1;
  return handle;
}

bool X64Emitter::place_constants() {
  if (constant_uses_.empty()) return ok();
  while (offset() % 16) {
    ensure();
    *p_++ = 0xCC;
  }
  const uint32_t first16 = offset();
  for (uint64_t half : constants16_) {
    ensure();
    put(half);
  }
  const uint32_t first8 = offset();
  for (uint64_t bits : constants8_) {
    ensure();
    put(bits);
  }
  if (!ok()) return false;
  for (const ConstantUse& use : constant_uses_) {
    const uint32_t target =
        use.constant & kConstant16 ? first16 + 16 * (use.constant & ~kConstant16) : first8 + 8 * use.constant;
    patch(use.at, target, use.trailing);
  }
  return true;
}

bool X64Emitter::place_jump_tables() {
  for (const TableUse& use : tables_) {
    while (offset() % 4) {
      ensure();
      *p_++ = 0xCC;
    }
    const uint32_t table = offset();
    for (uint32_t i = 0; i < use.count; ++i) {
      const Label target = table_targets_[use.first + i];
      if (!is_bound(target)) fail("a jump table's label is not bound");
      ensure();
      put(labels_[target.id] - static_cast<int32_t>(table));
    }
    if (!ok()) return false;
    patch(use.at, table, 0);
  }
  return ok();
}

bool X64Emitter::finish() {
  instruction_bytes_ = offset();
  int32_t least = 0;
  for (uint32_t i = 0; i < label_count_; ++i) least = std::min(least, labels_[i]);
  if (least < kUnused) fail("a label that is jumped to is not bound");
  if (!place_constants() || !place_jump_tables()) return false;
  code_bytes_ = offset();
  return true;
}

}  // namespace arris::masm
