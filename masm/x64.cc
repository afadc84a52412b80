// X64Masm: the code as a whole, moves, scalar memory and control. Encodings: Intel SDM volume 2.
#include "masm/x64.h"

#include <bit>

#include "base/check.h"
#include "masm/x64_asmjit.h"

namespace arris::masm {

namespace {

constexpr X64Op kMov{.opcode = 0x8B};  // r <- r/m
constexpr X64Op kMovStore8{.opcode = 0x88};
constexpr X64Op kMovStore16{.prefix = 0x66, .opcode = 0x89};
constexpr X64Op kMovImm{.opcode = 0xC7};
constexpr X64Op kMovImm8{.opcode = 0xC6};
constexpr X64Op kMovImm16{.prefix = 0x66, .opcode = 0xC7};
constexpr X64Op kXchg{.opcode = 0x87};
constexpr X64Op kGroup5{.opcode = 0xFF};  // /2 call, /4 jmp
constexpr X64Op kMovaps{.map = X64Op::k0F, .opcode = 0x28};
constexpr X64Op kXorps{.map = X64Op::k0F, .opcode = 0x57};
constexpr X64Op kPcmpeqd{.prefix = 0x66, .map = X64Op::k0F, .opcode = 0x76};
constexpr X64Op kMovToFp{.prefix = 0x66, .map = X64Op::k0F, .opcode = 0x6E};
constexpr X64Op kMovFromFp{.prefix = 0x66, .map = X64Op::k0F, .opcode = 0x7E};
constexpr X64Op kFpLoad[] = {{0xF3, X64Op::k0F, 0x10}, {0xF2, X64Op::k0F, 0x10}, {0, X64Op::k0F, 0x10}};
constexpr X64Op kFpStore[] = {{0xF3, X64Op::k0F, 0x11}, {0xF2, X64Op::k0F, 0x11}, {0, X64Op::k0F, 0x11}};

constexpr bool wide(Width width) { return width == Width::w64; }
constexpr bool fits_int32(uint64_t value) {
  return value == static_cast<uint64_t>(int64_t{static_cast<int32_t>(value)});
}

}  // namespace

// --- The code as a whole ---------------------------------------------------------------------------------------------

X64Masm::X64Masm(CpuFeatures features) : features_(features) {}

void X64Masm::reset() {
  X64Emitter::reset();
  cold_paths_.clear();
}
bool X64Masm::finish() {
  emit_cold_paths();
  return X64Emitter::finish();
}
std::span<const uint8_t> X64Masm::code() const { return {begin(), ok() ? code_bytes_ : 0}; }

void X64Masm::align(uint32_t bytes) {
  DCHECK(std::has_single_bit(bytes) && bytes <= 64);
  // One long nop per nine bytes: 66 0F 1F /0 with a displacement that says nothing.
  static constexpr uint8_t kNops[9][16] = {{0x90},
                                           {0x66, 0x90},
                                           {0x0F, 0x1F, 0x00},
                                           {0x0F, 0x1F, 0x40, 0},
                                           {0x0F, 0x1F, 0x44, 0, 0},
                                           {0x66, 0x0F, 0x1F, 0x44, 0, 0},
                                           {0x0F, 0x1F, 0x80, 0, 0, 0, 0},
                                           {0x0F, 0x1F, 0x84, 0, 0, 0, 0, 0},
                                           {0x66, 0x0F, 0x1F, 0x84, 0, 0, 0, 0, 0}};
  uint32_t missing = -offset() & (bytes - 1);
  while (missing) {
    const uint32_t n = missing < 9 ? missing : 9;
    put_bytes(kNops[n - 1], n);
    missing -= n;
  }
}

// --- Moves -----------------------------------------------------------------------------------------------------------

void X64Masm::move_imm(Width width, Gp d, uint64_t value) {
  if (!wide(width)) value = static_cast<uint32_t>(value);
  if (value == 0) {
    rr({.opcode = 0x33}, false, d.id, d.id);
  } else {
    move_imm_keeping_flags(d, value);
  }
}

void X64Masm::move_imm_keeping_flags(Gp d, uint64_t value) {
  if (value > UINT32_MAX) return move_imm_large(d, value);
  short_move_imm(d.id, static_cast<uint32_t>(value));
}

void X64Masm::move_imm_large(Gp d, uint64_t value) {
  ensure();
  if (fits_int32(value)) {
    rr(kMovImm, true, 0, d.id);
    dword(static_cast<uint32_t>(value));
  } else {
    byte(d.id >= 8 ? 0x49 : 0x48);
    byte(static_cast<uint8_t>(0xB8 | (d.id & 7)));
    qword(value);
  }
}

void X64Masm::move_fp(FpKind kind, Fp d, Fp s) {
  if (d != s) rr(kMovaps, false, d.id, s.id);
}

void X64Masm::fp_const(FpKind kind, Fp d, uint64_t low, uint64_t high) {
  if (kind == FpKind::f32) low = static_cast<uint32_t>(low);
  if (kind != FpKind::v128) high = 0;
  if (low == 0 && high == 0) {
    rr(kXorps, false, d.id, d.id);
  } else if (kind != FpKind::v128) {
    rc(kFpLoad[static_cast<unsigned>(kind)], false, d.id, constant8(low));
  } else if (low == ~uint64_t{0} && high == ~uint64_t{0}) {
    rr(kPcmpeqd, false, d.id, d.id);
  } else {
    rc(kMovaps, false, d.id, constant16(low, high));
  }
}

void X64Masm::move_gp_to_fp(Width width, Fp d, Gp s) { rr(kMovToFp, wide(width), d.id, s.id); }
void X64Masm::move_fp_to_gp(Width width, Gp d, Fp s) { rr(kMovFromFp, wide(width), s.id, d.id); }

void X64Masm::swap(Gp a, Gp b) {
  if (a != b) rr(kXchg, true, a.id, b.id);
}

void X64Masm::swap_fp(Fp a, Fp b) {
  if (a == b) return;
  move_fp(FpKind::v128, kFpScratch, a);
  move_fp(FpKind::v128, a, b);
  move_fp(FpKind::v128, b, kFpScratch);
}

// --- Memory ----------------------------------------------------------------------------------------------------------

uint32_t X64Masm::load_fp(FpKind kind, Fp d, Address address) {
  const uint32_t at = offset();
  rm(kFpLoad[static_cast<unsigned>(kind)], false, d.id, address);
  return at;
}
uint32_t X64Masm::store_fp(FpKind kind, Address address, Fp s) {
  const uint32_t at = offset();
  rm(kFpStore[static_cast<unsigned>(kind)], false, s.id, address);
  return at;
}

static_assert(static_cast<unsigned>(Opcode::i64_load32_u) - static_cast<unsigned>(Opcode::i32_load) == 13);
static_assert(static_cast<unsigned>(Opcode::i64_store32) - static_cast<unsigned>(Opcode::i32_store) == 8);
constexpr X64Emitter::MemoryForm X64Masm::kLoadForms[] = {
    {kMov},                                       // i32.load
    {kMov, true},                                 // i64.load
    {kFpLoad[0]},                                 // f32.load
    {kFpLoad[1]},                                 // f64.load
    {{.map = X64Op::k0F, .opcode = 0xBE}},        // i32.load8_s
    {{.map = X64Op::k0F, .opcode = 0xB6}},        // i32.load8_u
    {{.map = X64Op::k0F, .opcode = 0xBF}},        // i32.load16_s
    {{.map = X64Op::k0F, .opcode = 0xB7}},        // i32.load16_u
    {{.map = X64Op::k0F, .opcode = 0xBE}, true},  // i64.load8_s
    {{.map = X64Op::k0F, .opcode = 0xB6}},        // i64.load8_u
    {{.map = X64Op::k0F, .opcode = 0xBF}, true},  // i64.load16_s
    {{.map = X64Op::k0F, .opcode = 0xB7}},        // i64.load16_u
    {{.opcode = 0x63}, true},                     // i64.load32_s
    {kMov},                                       // i64.load32_u
};
constexpr X64Emitter::MemoryForm X64Masm::kStoreForms[] = {
    {{.opcode = 0x89}},         // i32.store
    {{.opcode = 0x89}, true},   // i64.store
    {kFpStore[0]},              // f32.store
    {kFpStore[1]},              // f64.store
    {kMovStore8, false, true},  // i32.store8
    {kMovStore16},              // i32.store16
    {kMovStore8, false, true},  // i64.store8
    {kMovStore16},              // i64.store16
    {{.opcode = 0x89}},         // i64.store32
};

uint32_t X64Masm::store_imm(Opcode op, Address address, uint64_t value) {
  const uint32_t at = offset();
  switch (op) {
    case Opcode::i32_store8:
    case Opcode::i64_store8:
      rm(kMovImm8, false, 0, address);
      byte(static_cast<uint8_t>(value));
      return at;
    case Opcode::i32_store16:
    case Opcode::i64_store16:
      rm(kMovImm16, false, 0, address);
      word(static_cast<uint16_t>(value));
      return at;
    case Opcode::i32_store:
    case Opcode::f32_store:
    case Opcode::i64_store32:
      rm(kMovImm, false, 0, address);
      dword(static_cast<uint32_t>(value));
      return at;
    case Opcode::i64_store:
    case Opcode::f64_store: return store_imm64(address, value);
    default: not_implemented(op); return at;
  }
}

uint32_t X64Masm::store_imm64(Address address, uint64_t value) {
  if (!fits_int32(value)) {
    move_imm_keeping_flags(kScratch, value);
    return store_gp(Width::w64, address, kScratch);
  }
  const uint32_t at = offset();
  rm(kMovImm, true, 0, address);
  dword(static_cast<uint32_t>(value));
  return at;
}

void X64Masm::store_slot_imm(Address address, uint64_t value) { store_imm64(address, value); }

void X64Masm::copy_slot(Address to, Address from) {
  load_gp(Width::w64, kScratch, from);
  store_gp(Width::w64, to, kScratch);
}
void X64Masm::copy_slot_pair(Address to, Address from) {
  load_fp(FpKind::v128, kFpScratch, from);
  store_fp(FpKind::v128, to, kFpScratch);
}

void X64Masm::add_to_memory(Width width, Address address, int32_t value) {
  const bool small = value == static_cast<int8_t>(value);
  rm({.opcode = static_cast<uint8_t>(small ? 0x83 : 0x81)}, wide(width), 0, address);
  small ? byte(static_cast<uint8_t>(value)) : dword(static_cast<uint32_t>(value));
}

// --- Control ---------------------------------------------------------------------------------------------------------

void X64Masm::jump(Label target) { jmp(target); }
void X64Masm::jump_reg(Gp target) { rr(kGroup5, false, 4, target.id); }
void X64Masm::jump_mem(Address target) { rm(kGroup5, false, 4, target); }

void X64Masm::jump_table(Gp index, std::span<const Label> targets) {
  lea_jump_table(kScratch, targets);
  rm({.opcode = 0x63}, true, index.id, at(kScratch, index, 2));
  rr({.opcode = 0x03}, true, kScratch.id, index.id);
  jump_reg(kScratch);
}

uint32_t X64Masm::call_reg(Gp target) {
  rr(kGroup5, false, 2, target.id);
  return offset();
}
uint32_t X64Masm::call_label(Label target) {
  call(target);
  return offset();
}
void X64Masm::label_address(Gp d, Label label) { lea_label(d, label); }

void X64Masm::push(Gp r) {
  ensure();
  if (r.id >= 8) byte(0x41);
  byte(static_cast<uint8_t>(0x50 | (r.id & 7)));
}
void X64Masm::pop(Gp r) {
  ensure();
  if (r.id >= 8) byte(0x41);
  byte(static_cast<uint8_t>(0x58 | (r.id & 7)));
}
void X64Masm::ret() {
  ensure();
  byte(0xC3);
}

uint32_t X64Masm::trap(TrapCode code, Address stub) {
  move_imm(Width::w32, kGpArguments[0], static_cast<uint64_t>(code));
  return call_mem(stub);
}

void X64Masm::unreachable() {
  ensure();
  byte(0x0F);
  byte(0x0B);
}

}  // namespace arris::masm
