// X64Masm: vectors lane by lane: splats, extraction and insertion, memory forms, shifts, shuffles.
#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "masm/x64_asmjit.h"
#include "masm/x64_simd.h"

namespace arris::masm {

namespace {

constexpr Fp t = X64Registers::kFpScratch, u = X64Registers::kFpScratch2;
constexpr uint64_t splat8(uint64_t x) { return x * 0x0101010101010101; }

constexpr X64Insn kPshufd = INSN(Pshufd, Vpshufd), kPshufb = INSN(Pshufb, Vpshufb), kPshuflw = INSN(Pshuflw, Vpshuflw);
constexpr X64Insn kInsert[] = {INSN(Pinsrb, Vpinsrb), INSN(Pinsrw, Vpinsrw), INSN(Pinsrd, Vpinsrd),
                               INSN(Pinsrq, Vpinsrq)};
constexpr X64Insn kExtract[] = {INSN(Pextrb, Vpextrb), INSN(Pextrw, Vpextrw), INSN(Pextrd, Vpextrd),
                                INSN(Pextrq, Vpextrq)};

}  // namespace

// --- Splats, lanes ---------------------------------------------------------------------------------------------------

// Spreads the lowest lane of d.
void X64Masm::spread_lane(unsigned size_log2, Fp d) {
  switch (size_log2) {
    case 0: v_zero(t); return v3(kPshufb, d, d, t);
    case 1: v2_imm(kPshuflw, d, d, 0); return v2_imm(kPshufd, d, d, 0);
    case 2: return v2_imm(kPshufd, d, d, 0);
    default: return v2_imm(kPshufd, d, d, 0x44);
  }
}

void X64Masm::splat(Opcode op, Fp d, Reg a) {
  switch (op) {
    case Opcode::f32x4_splat: return v2_imm(kPshufd, d, a.fp(), 0);
    case Opcode::f64x2_splat: return v2_imm(kPshufd, d, a.fp(), 0x44);
    case Opcode::i64x2_splat: move_gp_to_fp(Width::w64, d, a.gp()); return spread_lane(3, d);
    default:
      move_gp_to_fp(Width::w32, d, a.gp());
      return spread_lane(op == Opcode::i8x16_splat ? 0 : op == Opcode::i16x8_splat ? 1 : 2, d);
  }
}

void X64Masm::extract_lane(Opcode op, Reg d, Fp a, uint8_t lane) {
  switch (op) {
    case Opcode::i8x16_extract_lane_u: return v_extract(kExtract[0], d.gp(), a, lane);
    case Opcode::i8x16_extract_lane_s:
      v_extract(kExtract[0], d.gp(), a, lane);
      return extend(kExtend8To32, d.gp(), d.gp());
    case Opcode::i16x8_extract_lane_u: return v_extract(kExtract[1], d.gp(), a, lane);
    case Opcode::i16x8_extract_lane_s:
      v_extract(kExtract[1], d.gp(), a, lane);
      return extend(kExtend16To32, d.gp(), d.gp());
    case Opcode::i32x4_extract_lane:
      return lane == 0 ? move_fp_to_gp(Width::w32, d.gp(), a) : v_extract(kExtract[2], d.gp(), a, lane);
    case Opcode::i64x2_extract_lane:
      return lane == 0 ? move_fp_to_gp(Width::w64, d.gp(), a) : v_extract(kExtract[3], d.gp(), a, lane);
    case Opcode::f32x4_extract_lane:
      return lane == 0 ? move_fp(FpKind::v128, d.fp(), a) : v2_imm(kPshufd, d.fp(), a, lane);
    case Opcode::f64x2_extract_lane:
      return lane == 0 ? move_fp(FpKind::v128, d.fp(), a) : v2_imm(kPshufd, d.fp(), a, 0xEE);
    default: return not_implemented(op);
  }
}

void X64Masm::replace_lane(Opcode op, Fp d, Fp a, Reg x, uint8_t lane) {
  switch (op) {
    case Opcode::i8x16_replace_lane: return v_insert(kInsert[0], d, a, x.gp(), lane);
    case Opcode::i16x8_replace_lane: return v_insert(kInsert[1], d, a, x.gp(), lane);
    case Opcode::i32x4_replace_lane: return v_insert(kInsert[2], d, a, x.gp(), lane);
    case Opcode::i64x2_replace_lane: return v_insert(kInsert[3], d, a, x.gp(), lane);
    case Opcode::f32x4_replace_lane:
      return v3_imm(INSN(Insertps, Vinsertps), d, a, x.fp(), static_cast<uint8_t>(lane << 4));
    case Opcode::f64x2_replace_lane: return v3(lane == 0 ? INSN(Movsd, Vmovsd) : INSN(Movlhps, Vmovlhps), d, a, x.fp());
    default: return not_implemented(op);
  }
}

// --- Memory ----------------------------------------------------------------------------------------------------------

uint32_t X64Masm::load_vector(Opcode op, Fp d, Address address) {
  switch (op) {
    case Opcode::v128_load8x8_s: return v_load(INSN(Pmovsxbw, Vpmovsxbw), d, address);
    case Opcode::v128_load8x8_u: return v_load(INSN(Pmovzxbw, Vpmovzxbw), d, address);
    case Opcode::v128_load16x4_s: return v_load(INSN(Pmovsxwd, Vpmovsxwd), d, address);
    case Opcode::v128_load16x4_u: return v_load(INSN(Pmovzxwd, Vpmovzxwd), d, address);
    case Opcode::v128_load32x2_s: return v_load(INSN(Pmovsxdq, Vpmovsxdq), d, address);
    case Opcode::v128_load32x2_u: return v_load(INSN(Pmovzxdq, Vpmovzxdq), d, address);
    case Opcode::v128_load64_splat: return v_load(INSN(Movddup, Vmovddup), d, address);
    case Opcode::v128_load: return load_fp(FpKind::v128, d, address);
    case Opcode::v128_load32_zero: return load_fp(FpKind::f32, d, address);
    case Opcode::v128_load64_zero: return load_fp(FpKind::f64, d, address);
    case Opcode::v128_load32_splat: {
      const uint32_t at = load_fp(FpKind::f32, d, address);
      spread_lane(2, d);
      return at;
    }
    case Opcode::v128_load8_splat:
    case Opcode::v128_load16_splat: {
      const bool byte_lane = op == Opcode::v128_load8_splat;
      const uint32_t at = load(byte_lane ? Opcode::i32_load8_u : Opcode::i32_load16_u, kScratch, address);
      move_gp_to_fp(Width::w32, d, kScratch);
      spread_lane(byte_lane ? 0 : 1, d);
      return at;
    }
    default: not_implemented(op); return 0;
  }
}

uint32_t X64Masm::load_lane(Opcode op, Fp d, Address address, Fp v, uint8_t lane) {
  switch (op) {
    case Opcode::v128_load8_lane: return v_insert_mem(kInsert[0], d, v, address, lane);
    case Opcode::v128_load16_lane: return v_insert_mem(kInsert[1], d, v, address, lane);
    case Opcode::v128_load32_lane: return v_insert_mem(kInsert[2], d, v, address, lane);
    case Opcode::v128_load64_lane: return v_insert_mem(kInsert[3], d, v, address, lane);
    default: not_implemented(op); return 0;
  }
}

uint32_t X64Masm::store_lane(Opcode op, Address address, Fp v, uint8_t lane) {
  switch (op) {
    case Opcode::v128_store8_lane: return v_extract_mem(kExtract[0], address, v, lane);
    case Opcode::v128_store16_lane: return v_extract_mem(kExtract[1], address, v, lane);
    case Opcode::v128_store32_lane:
      return lane == 0 ? store_fp(FpKind::f32, address, v) : v_extract_mem(kExtract[2], address, v, lane);
    case Opcode::v128_store64_lane:
      return lane == 0 ? store_fp(FpKind::f64, address, v) : v_extract_mem(kExtract[3], address, v, lane);
    default: not_implemented(op); return 0;
  }
}

// --- Shifts ----------------------------------------------------------------------------------------------------------

namespace {

enum class Direction : uint8_t { left, right_signed, right_unsigned };

struct ShiftRow {
  Opcode op;
  uint8_t lane_log2;  // of the lane's bytes
  Direction direction;
  X64Insn insn;  // of lanes of two bytes for i8x16
};

constexpr ShiftRow kShiftRows[] = {
    {Opcode::i8x16_shl, 0, Direction::left, INSN(Psllw, Vpsllw)},
    {Opcode::i8x16_shr_s, 0, Direction::right_signed, INSN(Psraw, Vpsraw)},
    {Opcode::i8x16_shr_u, 0, Direction::right_unsigned, INSN(Psrlw, Vpsrlw)},
    {Opcode::i16x8_shl, 1, Direction::left, INSN(Psllw, Vpsllw)},
    {Opcode::i16x8_shr_s, 1, Direction::right_signed, INSN(Psraw, Vpsraw)},
    {Opcode::i16x8_shr_u, 1, Direction::right_unsigned, INSN(Psrlw, Vpsrlw)},
    {Opcode::i32x4_shl, 2, Direction::left, INSN(Pslld, Vpslld)},
    {Opcode::i32x4_shr_s, 2, Direction::right_signed, INSN(Psrad, Vpsrad)},
    {Opcode::i32x4_shr_u, 2, Direction::right_unsigned, INSN(Psrld, Vpsrld)},
    {Opcode::i64x2_shl, 3, Direction::left, INSN(Psllq, Vpsllq)},
    {Opcode::i64x2_shr_s, 3, Direction::right_signed, INSN(Psrlq, Vpsrlq)},
    {Opcode::i64x2_shr_u, 3, Direction::right_unsigned, INSN(Psrlq, Vpsrlq)},
};

const ShiftRow* shift_row(Opcode op) {
  const auto* row = std::ranges::find(kShiftRows, op, &ShiftRow::op);
  return row == std::end(kShiftRows) ? nullptr : row;
}

constexpr X64Insn kPackuswb = INSN(Packuswb, Vpackuswb), kPacksswb = INSN(Packsswb, Vpacksswb);
constexpr X64Insn kPunpcklbw = INSN(Punpcklbw, Vpunpcklbw), kPunpckhbw = INSN(Punpckhbw, Vpunpckhbw);
constexpr X64Insn kPand = INSN(Pand, Vpand), kPxor = INSN(Pxor, Vpxor), kPsubq = INSN(Psubq, Vpsubq);

}  // namespace

bool X64Masm::is_vector_shift(Opcode op) {
  return info(op).prefix == kPrefixSimd && info(op).signature == "Vi:V" && info(op).immediates == Immediates::none;
}

// Bytes have no shifts of their own. Signed: each byte as the upper half of a word. Others: shift words, and mask off what came
// from the neighbour: before a left shift, after a right one, with the same mask.
void X64Masm::vector_shift(Opcode op, Fp d, Fp a, Gp count) {
  const ShiftRow* row = shift_row(op);
  if (!row) return not_implemented(op);
  move(Width::w32, kScratch, count);
  alu_imm_in_place(Width::w32, kAluAnd, kScratch, (8 << row->lane_log2) - 1);
  if (row->lane_log2 == 0) {
    alu_imm_in_place(Width::w32, kAluAdd, kScratch, 8);
    move_gp_to_fp(Width::w32, u, kScratch);
    if (row->direction == Direction::right_signed) {
      v3(kPunpckhbw, t, a, a);
      v3(kPunpcklbw, d, a, a);
      v3(row->insn, t, t, u);
      v3(row->insn, d, d, u);
      return v3(kPacksswb, d, d, t);
    }
    v_ones(t);
    v3(INSN(Psrlw, Vpsrlw), t, t, u);  // 0xFF >> count in each word
    v3(kPackuswb, t, t, t);
    alu_imm_in_place(Width::w32, kAluSub, kScratch, 8);
    move_gp_to_fp(Width::w32, u, kScratch);
    if (row->direction == Direction::left) {
      v3(kPand, d, a, t);
      return v3(row->insn, d, d, u);
    }
    v3(row->insn, d, a, u);
    return v3(kPand, d, d, t);
  }
  move_gp_to_fp(Width::w32, u, kScratch);
  v3(row->insn, d, a, u);
  if (row->lane_log2 == 3 && row->direction == Direction::right_signed) {
    // There is no arithmetic shift of 64-bit lanes: extend the sign from where it went.
    v_constant(t, uint64_t{1} << 63, uint64_t{1} << 63);
    v3(row->insn, t, t, u);
    v3(kPxor, d, d, t);
    v3(kPsubq, d, d, t);
  }
}

void X64Masm::vector_shift_imm(Opcode op, Fp d, Fp a, uint64_t constant) {
  const ShiftRow* row = shift_row(op);
  if (!row) return not_implemented(op);
  const auto count = static_cast<uint8_t>(constant & ((uint64_t{8} << row->lane_log2) - 1));
  if (count == 0) return move_fp(FpKind::v128, d, a);
  if (row->lane_log2 == 0) {
    if (row->direction == Direction::right_signed) {
      v3(kPunpckhbw, t, a, a);
      v3(kPunpcklbw, d, a, a);
      v_shift(row->insn, t, t, count + 8);
      v_shift(row->insn, d, d, count + 8);
      return v3(kPacksswb, d, d, t);
    }
    const uint64_t mask = splat8(0xFFu >> count);
    if (row->direction == Direction::left) {
      v3_constant(kPand, d, a, mask, mask);
      return v_shift(row->insn, d, d, count);
    }
    v_shift(row->insn, d, a, count);
    return v3_constant(kPand, d, d, mask, mask);
  }
  v_shift(row->insn, d, a, count);
  if (row->lane_log2 == 3 && row->direction == Direction::right_signed) {
    const uint64_t sign = uint64_t{1} << (63 - count);
    v_constant(t, sign, sign);
    v3(kPxor, d, d, t);
    v3(kPsubq, d, d, t);
  }
}

// --- Shuffles --------------------------------------------------------------------------------------------------------

namespace {

using Lanes = std::array<uint8_t, 16>;

// Interleavings: the low or high halves of both operands, by lanes of 1, 2, 4, 8 bytes.
constexpr X64Insn kUnpack[2][4] = {
    {kPunpcklbw, INSN(Punpcklwd, Vpunpcklwd), INSN(Punpckldq, Vpunpckldq), INSN(Punpcklqdq, Vpunpcklqdq)},
    {kPunpckhbw, INSN(Punpckhwd, Vpunpckhwd), INSN(Punpckhdq, Vpunpckhdq), INSN(Punpckhqdq, Vpunpckhqdq)}};

constexpr Lanes interleaving(bool high, unsigned size_log2) {
  Lanes lanes{};
  const unsigned size = 1u << size_log2;
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned lane = i / size;
    lanes[i] = static_cast<uint8_t>((high ? 8 : 0) + lane / 2 * size + i % size + (lane % 2 ? 16 : 0));
  }
  return lanes;
}

// The lanes as four selectors of 4-byte lanes (0..7), if they are that coarse.
bool as_dwords(const Lanes& lanes, uint8_t dwords[4]) {
  for (unsigned i = 0; i < 4; ++i) {
    dwords[i] = lanes[4 * i] / 4;
    for (unsigned j = 0; j < 4; ++j) {
      if (lanes[4 * i + j] != dwords[i] * 4 + j) return false;
    }
  }
  return true;
}
uint8_t selector(const uint8_t dwords[4]) {
  return static_cast<uint8_t>((dwords[0] & 3) | (dwords[1] & 3) << 2 | (dwords[2] & 3) << 4 | (dwords[3] & 3) << 6);
}

Lanes exchanged(Lanes lanes) {
  for (uint8_t& lane : lanes) lane ^= 16;
  return lanes;
}

}  // namespace

// The patterns that one instruction does, of a and b in this order. False if it is none of them.
bool X64Masm::shuffle_in_one(Fp d, Fp a, Fp b, const uint8_t raw[16]) {
  Lanes lanes;
  std::copy_n(raw, 16, lanes.begin());
  for (unsigned size_log2 = 0; size_log2 < 4; ++size_log2) {
    for (bool high : {false, true}) {
      if (lanes == interleaving(high, size_log2)) return v3(kUnpack[high][size_log2], d, a, b), true;
    }
  }
  bool consecutive = true;
  for (unsigned i = 0; i < 16; ++i) consecutive &= lanes[i] == lanes[0] + i;
  if (consecutive) return v3_imm(INSN(Palignr, Vpalignr), d, b, a, lanes[0]), true;
  uint8_t dwords[4];
  if (as_dwords(lanes, dwords) && dwords[0] < 4 && dwords[1] < 4 && dwords[2] >= 4 && dwords[3] >= 4) {
    return v3_imm(INSN(Shufps, Vshufps), d, a, b, selector(dwords)), true;
  }
  uint8_t from_b = 0;
  for (unsigned i = 0; i < 8; ++i) {
    if (lanes[2 * i] % 16 != 2 * i || lanes[2 * i + 1] != lanes[2 * i] + 1) return false;
    if (lanes[2 * i] >= 16) from_b |= 1u << i;
  }
  return v3_imm(INSN(Pblendw, Vpblendw), d, a, b, from_b), true;
}

void X64Masm::shuffle(Fp d, Fp a, Fp b, const uint8_t raw[16]) {
  Lanes lanes;
  std::copy_n(raw, 16, lanes.begin());
  if (std::ranges::none_of(lanes, [](uint8_t lane) { return lane < 16; })) {
    a = b;
    for (uint8_t& lane : lanes) lane -= 16;
  } else if (a == b) {
    for (uint8_t& lane : lanes) lane &= 15;
  }
  uint64_t halves[2];
  if (std::ranges::all_of(lanes, [](uint8_t lane) { return lane < 16; })) {
    uint8_t dwords[4];
    if (as_dwords(lanes, dwords)) {
      return selector(dwords) == 0xE4 ? move_fp(FpKind::v128, d, a) : v2_imm(kPshufd, d, a, selector(dwords));
    }
    std::memcpy(halves, lanes.data(), 16);
    return v3_constant(kPshufb, d, a, halves[0], halves[1]);
  }
  if (shuffle_in_one(d, a, b, lanes.data()) || shuffle_in_one(d, b, a, exchanged(lanes).data())) return;
  // Each operand's lanes in place and zeros elsewhere, united.
  const auto masked = [&](uint8_t first, Fp target, Fp source) {
    Lanes mask;
    for (unsigned i = 0; i < 16; ++i) mask[i] = lanes[i] - first < 16u ? static_cast<uint8_t>(lanes[i] - first) : 0x80;
    std::memcpy(halves, mask.data(), 16);
    v3_constant(kPshufb, target, source, halves[0], halves[1]);
  };
  masked(16, t, b);
  masked(0, d, a);
  v3(INSN(Por, Vpor), d, d, t);
}

}  // namespace arris::masm
