// Quickening of one body, backwards: at every instruction the superinstruction is chosen that leaves the fewest dispatches to the
// body's end. That depends on the instructions behind and on what it costs to go on from each of them; relative to one another
// there are only a few dozen such situations. The compiler works them out from quicken.def (`kAutomaton`), so what remains to be
// done per instruction is one step of a finite automaton, without branches, as what comes next in a program is hard to predict.
#include "interp/quicken.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "interp/vector_codes.h"
#include "wasm/opcodes.h"

namespace arris::interp {
namespace {

// Opcodes as quicken.def names them: the opcode byte, and bytes that stand for forms of instructions.
namespace code {
#define OP(id, prefix, byte, mnemonic, immediates, signature, feature) \
  [[maybe_unused]] constexpr uint8_t id = prefix == 0 ? byte : 0;
#include "wasm/opcodes.def"
#define INTERNAL(name, byte, original) [[maybe_unused]] constexpr uint8_t name = byte;
#include "wasm/internal_opcodes.def"
constexpr uint8_t i32_const_2 = 0xFF;
constexpr uint8_t i32_const_5 = 0xFE;
constexpr uint8_t i32_load_5 = 0xFD;
constexpr uint8_t i32_store_5 = 0xFC;
constexpr uint8_t i64_const_64 = 0xFB;
}  // namespace code

// ---- The sequences -------------------------------------------------------------------------------------------------------

struct Sequence {
  std::array<uint8_t, 4> opcodes;
  uint8_t length;
  uint8_t code;
};
template <class... Opcodes>
constexpr Sequence sequence(uint8_t code, Opcodes... opcodes) {
  return {{opcodes...}, sizeof...(opcodes), code};
}
constexpr Sequence kSequences[] = {
#define OP(id, prefix, byte, mnemonic, immediates, signature, feature)
#define QUICK(name, byte, ...)          \
  [] {                                  \
    using namespace code;               \
    return sequence(byte, __VA_ARGS__); \
  }(),
#include "interp/quicken.def"
};
#undef OP

// The opcodes that occur in sequences, numbered from 1. All others, instructions that the validator specialised, and those with
// long immediates are of kind 0, which no sequence has.
using Kind = uint8_t;
constexpr unsigned kMaxKinds = 48;

// The last ones need more than a step of the automaton.
constexpr Kind kBlock = kMaxKinds - 1;
constexpr Kind kVector = kMaxKinds - 2;       // any with the prefix 0xFD
constexpr Kind kVectorLocal = kMaxKinds - 3;  // local.get, local.set and local.tee of a v128, with an index of one byte
constexpr Kind kLongConst = kMaxKinds - 4;    // an i32.const of five bytes
constexpr Kind kLongLoad = kMaxKinds - 5;     // an i32.load with an offset of five bytes
constexpr Kind kLongStore = kMaxKinds - 6;
constexpr Kind kLongConst64 = kMaxKinds - 7;  // an i64.const of nine or ten bytes
constexpr Kind kFirstSpecial = kLongConst64;

constexpr auto kKinds = [] {
  std::array<Kind, 256> kinds{};
  Kind last = 0;
  kinds[code::i32_const_5] = kLongConst;
  kinds[code::i32_load_5] = kLongLoad;
  kinds[code::i32_store_5] = kLongStore;
  kinds[code::i64_const_64] = kLongConst64;
  for (const Sequence& s : kSequences) {
    for (unsigned i = 0; i < s.length; ++i) {
      if (kinds[s.opcodes[i]] == 0) kinds[s.opcodes[i]] = ++last;
    }
  }
  return kinds;
}();
static_assert(std::ranges::count_if(kKinds, [](Kind kind) { return kind >= kFirstSpecial; }) == 4);
constexpr Kind kLocalGet = kKinds[code::local_get];

// ---- The automaton -------------------------------------------------------------------------------------------------------

constexpr unsigned kMaxLength = 4;
constexpr unsigned kMaxStates = 128;

// Sequences as a tree of their kinds. Node 0 is the root.
struct Tree {
  static constexpr unsigned kNodes = 128;
  std::array<std::array<uint8_t, kMaxKinds>, kNodes> child{};
  std::array<uint8_t, kNodes> code{};
  unsigned size = 1;

  constexpr void add(const Sequence& s, unsigned from) {
    unsigned node = 0;
    for (unsigned i = from; i < s.length; ++i) {
      uint8_t& next = child[node][kKinds[s.opcodes[i]]];
      if (next == 0) next = static_cast<uint8_t>(size++);
      node = next;
    }
    if (from == 0) code[node] = s.code;
  }
};

// A situation: the kinds of the instructions behind, nearest first, as far as a sequence may go on with them; and the dispatches
// it takes to go on from the nearest, from the next but one ..., less those from the nearest.
struct Situation {
  std::array<Kind, kMaxLength> kinds{};
  std::array<int8_t, kMaxLength + 1> costs{};

  consteval uint64_t key() const {
    uint64_t key = 0;
    for (Kind kind : kinds) key = key << 8 | kind;
    for (int8_t cost : costs) key = key << 4 | (cost & 0xF);
    return key;
  }
};

struct Automaton {
  // By kind of the current instruction and state: the bits of its opcode that change, and the state before it.
  std::array<std::array<uint8_t, kMaxStates>, kMaxKinds> change{};
  std::array<std::array<uint8_t, kMaxStates>, kMaxKinds> next{};
  // Is a local.get next that is worth fusing with the blocks before it?
  std::array<bool, kMaxStates> get_is_next{};
  unsigned states = 0;
};

struct AutomatonBuilder {
  std::array<uint8_t, kMaxKinds> opcodes{};  // by kind
  Tree whole;                                // sequences
  Tree tails;                                // what may be behind the first instruction of a sequence
  std::array<Situation, kMaxStates> situations{};
  std::array<uint64_t, kMaxStates> keys{};
  Automaton automaton;

  consteval unsigned state_of(const Situation& situation) {
    const uint64_t key = situation.key();
    for (unsigned i = 0; i < automaton.states; ++i) {
      if (keys[i] == key) return i;
    }
    keys[automaton.states] = key;
    situations[automaton.states] = situation;
    automaton.get_is_next[automaton.states] = situation.kinds[0] == kLocalGet && situation.costs[1] < 0;
    return automaton.states++;
  }

  consteval void step(unsigned state, Kind kind) {
    const Situation after = situations[state];
    int8_t best = 1;
    uint8_t change = 0;
    unsigned node = whole.child[0][kind];
    // A form of the instruction by itself always replaces it.
    if (whole.code[node] != 0) change = whole.code[node] ^ opcodes[kind];
    for (unsigned i = 1; node != 0; ++i) {
      if (whole.code[node] != 0 && after.costs[i - 1] + 1 < best) {
        best = static_cast<int8_t>(after.costs[i - 1] + 1);
        change = whole.code[node] ^ opcodes[kind];
      }
      if (i == kMaxLength) break;
      node = after.kinds[i - 1] == 0 ? 0 : whole.child[node][after.kinds[i - 1]];
    }
    Situation here;
    node = tails.child[0][kind];
    for (unsigned i = 0; node != 0; ++i) {
      here.kinds[i] = i == 0 ? kind : after.kinds[i - 1];
      here.costs[i + 1] = static_cast<int8_t>(after.costs[i] - best);
      if (i + 1 == kMaxLength || after.kinds[i] == 0) break;
      node = tails.child[node][after.kinds[i]];
    }
    automaton.change[kind][state] = change;
    automaton.next[kind][state] = static_cast<uint8_t>(state_of(here));
  }

  consteval Automaton build() {
    for (unsigned byte = 0; byte < kKinds.size(); ++byte) opcodes[kKinds[byte]] = static_cast<uint8_t>(byte);
    opcodes[kKinds[code::i32_const_2]] = opcodes[kLongConst] = code::i32_const;
    opcodes[kLongLoad] = code::i32_load;
    opcodes[kLongStore] = code::i32_store;
    opcodes[kLongConst64] = code::i64_const;
    for (const Sequence& s : kSequences) {
      whole.add(s, 0);
      for (unsigned i = 1; i < s.length; ++i) tails.add(s, i);
    }
    state_of({});
    for (unsigned state = 0; state < automaton.states; ++state) {
      for (unsigned kind = 0; kind < kMaxKinds; ++kind) step(state, static_cast<Kind>(kind));
    }
    return automaton;
  }
};
constexpr Automaton kAutomaton = AutomatonBuilder().build();

#define QUICK(name, code, ...)
#define QUICK_BLOCKS(name, code) constexpr uint8_t k_##name = code;
#define QUICK_VECTOR(name, code) constexpr uint8_t k_##name = code;
#include "interp/quicken.def"

constexpr unsigned kBlockLength = 2;
constexpr unsigned kMaxBlocksSkipped = 31;  // their bytes as a block type read as one of a single byte

// ---- Instructions --------------------------------------------------------------------------------------------------------

// The length of an instruction whose immediates are of one byte each. Its length alone tells whether it has that form.
constexpr unsigned short_length(Opcode op) {
  switch (info(op).immediates) {
    case Immediates::none: return 1;
    case Immediates::block_type:
    case Immediates::label:
    case Immediates::func:
    case Immediates::local:
    case Immediates::global:
    case Immediates::i32:
    case Immediates::i64: return 2;
    case Immediates::mem_arg: return 3;
    default: return 0;
  }
}

// By opcode byte and length.
constexpr unsigned kLengths = 12;  // longer ones are all alike, and have none of the short forms
constexpr auto kKindOf = [] {
  std::array<std::array<Kind, kLengths>, 256> kinds{};
  for (unsigned byte = 0; byte < kinds.size(); ++byte) {
    const Opcode op = find_opcode(0, byte);
    if (op == Opcode::invalid || kKinds[byte] == 0) continue;
    kinds[byte][short_length(op)] = kKinds[byte];
  }
  kinds[code::block][2] = kBlock;
  for (Kind& kind : kinds[kPrefixSimd]) kind = kVector;
  kinds[code::i64_const][10] = kinds[code::i64_const][11] = kLongConst64;
  for (uint8_t byte : {code::local_get_v128, code::local_set_v128, code::local_tee_v128}) kinds[byte][2] = kVectorLocal;
  kinds[code::i32_const][6] = kLongConst;
  kinds[code::i32_load][7] = kLongLoad;
  kinds[code::i32_store][7] = kLongStore;
  kinds[code::i32_const][3] = kKinds[code::i32_const_2];
  return kinds;
}();

// ---- Vectors -------------------------------------------------------------------------------------------------------------

struct VectorTraits {
  bool pushes = false;  // a v128, as its last act, so that the next instruction finds it in the register
  bool takes = false;   // a v128 as its topmost operand, and has a form that takes it from there
};
constexpr auto kVectorTraits = [] {
  std::array<VectorTraits, kVectorOpcodes> traits{};
  for (unsigned code = 0; code < traits.size(); ++code) {
    const Opcode op = find_opcode(kPrefixSimd, code);
    if (op == Opcode::invalid) continue;
    const std::string_view signature = info(op).signature;
    const size_t colon = signature.find(':');
    if (colon == signature.npos) continue;
    traits[code] = {signature.substr(colon + 1) == "V", signature.substr(0, colon).ends_with('V')};
  }
  return traits;
}();

// Gives a vector instruction its quick form.
inline VectorTraits shorten_vector(uint8_t* p) {
  uint32_t code = p[1];
  if (code >= 0x80) {
    if (p[2] >= 0x80) return {};  // longer than it needs to be
    code = (code & 0x7F) | uint32_t{p[2]} << 7;
  }
  p[0] = k_simd;
  p[1] = kVectorNumber[code];
  return kVectorTraits[code];
}

// The same for a local.get, local.set or local.tee of a v128, too.
inline VectorTraits quicken_vector(uint8_t* p) {
  switch (*p) {
    case code::local_get_v128: return {true, false};
    case code::local_tee_v128: return {true, true};
    case code::local_set_v128: return {false, true};
    default: return shorten_vector(p);
  }
}

// What stands for `opcode` if its topmost operand is in the register.
constexpr uint8_t vector_form(uint8_t opcode) {
  switch (opcode) {
    case code::local_set_v128: return k_local_set_vector;
    case code::local_tee_v128: return k_local_tee_vector;
    default: return k_vector;
  }
}

// Replaces a number in five bytes by its value in four.
inline bool write_value(uint8_t* p) {
  uint64_t value = 0;
  for (unsigned i = 0; i < 5; ++i) value |= uint64_t{p[i] & 0x7Fu} << 7 * i;
  const uint32_t low = static_cast<uint32_t>(value);
  std::memcpy(p, &low, sizeof low);
  return true;
}

// Replaces a number in nine or ten bytes by its value in eight and, behind it, that length.
inline void write_value_64(uint8_t* p, uint8_t length) {
  uint64_t value = 0;
  for (unsigned i = 0; i < 9; ++i) value |= uint64_t{p[i] & 0x7Fu} << 7 * i;
  value |= uint64_t{(length == 10 ? p[9] : p[8] >> 6) & 1u} << 63;
  std::memcpy(p, &value, sizeof value);
  p[8] = length;
}

// The same for the offset of a load or store from memory 0.
inline bool write_offset(uint8_t* p) {
  // Alignment, then five bytes of which the last has four bits: no memory index, no offset of a 64-bit memory beyond 32 bits.
  if ((p[0] & 0xC0) != 0 || p[5] > 0x0F) return false;
  for (unsigned i = 1; i < 5; ++i) {
    if (p[i] < 0x80) return false;
  }
  return write_value(p + 1);
}

inline Kind kind_of(uint8_t opcode, uint32_t length) { return kKindOf[opcode][length < kLengths ? length : 0]; }

}  // namespace

void quicken(std::span<uint8_t> body, std::span<const uint32_t> starts) {
  uint8_t* const code = body.data();
  uint32_t end = static_cast<uint32_t>(body.size());
  uint8_t state = 0;
  unsigned blocks = 0;  // how many there are in a row, the current instruction included
  bool get_after_blocks = false;
  uint8_t* taker = nullptr;  // the instruction behind, if it could take its topmost operand from the register

  for (size_t i = starts.size(); i-- > 0;) {
    const uint32_t start = starts[i];
    const uint8_t opcode = code[start];
    const uint32_t length = end - start;
    const Kind kind = kind_of(opcode, length);
    end = start;
    if (kind < kFirstSpecial) [[likely]] {
      blocks = 0;
      taker = nullptr;
      code[start] = opcode ^ kAutomaton.change[kind][state];
    } else if (kind == kBlock) {
      taker = nullptr;
      if (blocks == 0 || blocks == kMaxBlocksSkipped) {
        get_after_blocks = blocks == 0 && kAutomaton.get_is_next[state];
        blocks = 0;
      }
      if (++blocks > 1 || get_after_blocks) {
        code[start] = get_after_blocks ? k_blocks_get : k_blocks;
        code[start + 1] = static_cast<uint8_t>(blocks * kBlockLength);
      }
    } else if (kind == kLongConst64) {
      blocks = 0;
      taker = nullptr;
      // By itself it stays as it is, and then nobody looks for its value elsewhere.
      if (const uint8_t change = kAutomaton.change[kind][state]; change != 0) {
        write_value_64(code + start + 1, static_cast<uint8_t>(length - 1));
        code[start] = opcode ^ change;
      }
    } else if (kind <= kLongConst) {
      blocks = 0;
      taker = nullptr;
      uint8_t* const immediate = code + start + 1;
      if (kind == kLongConst ? write_value(immediate) : write_offset(immediate))
        code[start] = opcode ^ kAutomaton.change[kind][state];
    } else {
      // Only by falling out of this instruction is the next one reached: a branch's target is behind an `end` or `else`, or a `loop`.
      blocks = 0;
      const VectorTraits traits = quicken_vector(code + start);
      if (traits.pushes && taker != nullptr) *taker = vector_form(*taker);
      taker = traits.takes ? code + start : nullptr;
    }
    state = kAutomaton.next[kind][state];
  }
}

}  // namespace arris::interp
