// Two passes per function. The first finds where the instructions start; the second goes backwards and chooses at every
// instruction the superinstruction that leaves the fewest dispatches to the end of the function.
#include "interp/quicken.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "wasm/instruction_reader.h"
#include "wasm/opcodes.h"

namespace arris::interp {
namespace {

// What follows an opcode byte, as far as the first pass needs to know.
enum class Shape : uint8_t { bare, one_leb, two_lebs, block_type, bytes_4, bytes_8, other };

constexpr Shape shape_of(Opcode op) {
  if (op == Opcode::invalid) return Shape::other;
  switch (info(op).immediates) {
    case Immediates::none: return Shape::bare;
    case Immediates::label:
    case Immediates::func:
    case Immediates::local:
    case Immediates::global:
    case Immediates::i32:
    case Immediates::i64: return Shape::one_leb;
    case Immediates::mem_arg: return Shape::two_lebs;
    case Immediates::block_type: return Shape::block_type;
    case Immediates::f32: return Shape::bytes_4;
    case Immediates::f64: return Shape::bytes_8;
    default: return Shape::other;
  }
}

constexpr auto kShapes = [] {
  std::array<Shape, 256> shapes{};
  for (unsigned byte = 0; byte < 256; ++byte)
    shapes[byte] = is_prefix(static_cast<uint8_t>(byte)) ? Shape::other : shape_of(find_opcode(0, byte));
  return shapes;
}();

// Names of opcodes in the sequences: opcode bytes, and codes that stand for forms of instructions.
namespace code {
#define OP(id, prefix, byte, mnemonic, immediates, signature, feature) \
  [[maybe_unused]] constexpr uint8_t id = prefix == 0 ? byte : 0;
#include "wasm/opcodes.def"
constexpr uint8_t i32_const_2 = 0xFF;
constexpr uint8_t no_match = 0;  // `unreachable`, or anything with immediates that are too long
}  // namespace code

// A sequence of opcodes as the low bytes of a word.
struct Pattern {
  uint64_t sequence;
  uint64_t mask;
  uint8_t code;
  uint8_t length;
};

template <class... Codes>
constexpr Pattern pattern(uint8_t quick, Codes... codes) {
  Pattern made{0, 0, quick, sizeof...(codes)};
  unsigned shift = 0;
  ((made.sequence |= uint64_t{codes} << shift, made.mask |= uint64_t{0xFF} << shift, shift += 8), ...);
  return made;
}

// By first opcode, so that each has a range of its own.
constexpr auto kPatterns = [] {
  using namespace code;
  std::array patterns{
#define QUICK(name, code, ...) pattern(code, __VA_ARGS__),
#include "interp/quicken.def"
  };
  std::sort(patterns.begin(), patterns.end(),
            [](const Pattern& a, const Pattern& b) { return (a.sequence & 0xFF) < (b.sequence & 0xFF); });
  return patterns;
}();

struct PatternRange {
  uint8_t begin = 0;
  uint8_t end = 0;
};
constexpr auto kPatternsOf = [] {
  std::array<PatternRange, 256> ranges{};
  for (unsigned i = 0; i < kPatterns.size(); ++i) {
    PatternRange& range = ranges[kPatterns[i].sequence & 0xFF];
    if (range.end == 0) range.begin = static_cast<uint8_t>(i);
    range.end = static_cast<uint8_t>(i + 1);
  }
  return ranges;
}();

#define QUICK(name, code, ...)
#define QUICK_BLOCKS(name, code) constexpr uint8_t k_##name = code;
#include "interp/quicken.def"

constexpr unsigned kBlockLength = 2;
constexpr unsigned kMaxBlocksSkipped = 31;  // their bytes as a block type read as one of a single byte

static_assert(std::endian::native == std::endian::little);

class Quickener {
 public:
  explicit Quickener(Module& module) : module_(module) {}

  void quicken(const FuncCode& func) {
    code_ = module_.code.get() + (func.code - module_.code.get());
    find_instructions(module_.bytes.data() + module_.offset_of(func.code), func.code_size);
    choose();
  }

 private:
  struct Place {
    uint32_t offset;
    uint32_t cost;  // dispatches from here to the end
  };
  static constexpr unsigned kLookahead = 8;

  // Fills opcodes_ and places_. An instruction that the validator specialised, or with immediates of more than a byte, gets an
  // opcode that no sequence has.
  void find_instructions(const uint8_t* begin, uint32_t size) {
    if (opcodes_.size() < size_t{size} + kLookahead) {
      opcodes_.resize(std::max<size_t>(size + size / 2, 4096) + kLookahead);
      places_.resize(opcodes_.size());
    }
    const uint8_t* const end = begin + size;
    const uint8_t* p = begin;
    uint8_t* opcode = opcodes_.data();
    Place* place = places_.data();
    while (p < end) {
      const uint32_t offset = static_cast<uint32_t>(p - begin);
      place++->offset = offset;
      *opcode++ = read_form(p, code_[offset]);
    }
    count_ = static_cast<uint32_t>(place - places_.data());
    std::memset(opcode, code::no_match, kLookahead);
    place->cost = 0;
  }

  // Steps over the instruction at `p`, whose first byte in the code copy is `copied`.
  static uint8_t read_form(const uint8_t*& p, uint8_t copied) {
    switch (kShapes[*p]) {
      case Shape::bare: p += 1; return copied;
      case Shape::one_leb:
        p += 2;
        if (p[-1] < 0x80) [[likely]]
          return copied;
        if (copied == code::i32_const && p[0] < 0x80) return ++p, code::i32_const_2;
        while (*p++ >= 0x80) {}
        return code::no_match;
      case Shape::two_lebs:
        // No memory index (0x40), and neither immediate longer than a byte.
        if ((p[1] & 0xC0) == 0 && p[2] < 0x80) [[likely]]
          return p += 3, copied;
        break;
      case Shape::block_type:
        if (p[1] == 0x40 || (p[1] < 0x80 && p[1] >= static_cast<uint8_t>(TypeCode::f64))) return p += 2, copied;
        break;
      case Shape::bytes_4: p += 5; return copied;
      case Shape::bytes_8: p += 9; return copied;
      case Shape::other: break;
    }
    read_instruction(p);
    return code::no_match;
  }

  void choose() {
    unsigned blocks = 0;  // how many start at k in a row
    for (uint32_t k = count_; k-- > 0;) {
      const uint8_t first = opcodes_[k];
      Place* const place = &places_[k];
      if (first == code::block) {
        blocks = blocks == kMaxBlocksSkipped ? 1 : blocks + 1;
        skip_blocks(k, blocks);
        continue;
      }
      blocks = 0;
      uint32_t best = place[1].cost + 1;
      uint8_t chosen = 0;
      uint64_t next;
      std::memcpy(&next, &opcodes_[k], sizeof next);
      const PatternRange range = kPatternsOf[first];
      for (unsigned i = range.begin; i < range.end; ++i) {
        const Pattern& candidate = kPatterns[i];
        if ((next & candidate.mask) != candidate.sequence) continue;
        const uint32_t cost = place[candidate.length].cost + 1;
        if (cost < best) {
          best = cost;
          chosen = candidate.code;
        }
      }
      place->cost = best;
      if (chosen != 0) code_[place->offset] = chosen;
    }
  }

  void skip_blocks(uint32_t k, unsigned blocks) {
    Place& place = places_[k];
    const Place& after = places_[k + blocks];
    const bool get = opcodes_[k + blocks] == code::local_get && (&after)[1].cost < after.cost;
    place.cost = 1 + (get ? (&after)[1].cost : after.cost);
    if (blocks == 1 && !get) return;
    code_[place.offset] = get ? k_blocks_get : k_blocks;
    code_[place.offset + 1] = static_cast<uint8_t>(blocks * kBlockLength);
  }

  Module& module_;
  uint8_t* code_ = nullptr;
  uint32_t count_ = 0;
  // By instruction; kept from function to function.
  std::vector<uint8_t> opcodes_;
  std::vector<Place> places_;
};

}  // namespace

void quicken_module(Module& module) {
  Quickener quickener(module);
  for (const FuncCode& func : module.func_codes) quickener.quicken(func);
}

}  // namespace arris::interp
