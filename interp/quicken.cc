// Two passes per function. The first finds where the instructions start; the second goes backwards and chooses at every
// instruction the superinstruction that leaves the fewest dispatches to the end of the function.
#include "interp/quicken.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>
#include <thread>
#include <vector>

#include "wasm/instruction_reader.h"
#include "wasm/opcodes.h"

namespace arris::interp {
namespace {

// Opcodes as quicken.def names them: the opcode byte, and a byte that stands for a form of an instruction.
namespace code {
#define OP(id, prefix, byte, mnemonic, immediates, signature, feature) \
  [[maybe_unused]] constexpr uint8_t id = prefix == 0 ? byte : 0;
#include "wasm/opcodes.def"
constexpr uint8_t i32_const_2 = 0xFF;
}  // namespace code

// ---- The sequences -------------------------------------------------------------------------------------------------------

// The opcodes that occur in sequences, numbered from 1. All others, instructions that the validator specialised, and those with
// long immediates are of kind 0, which no sequence has.
using Kind = uint8_t;
constexpr unsigned kMaxKinds = 32;

struct Pattern {
  std::array<uint8_t, 4> opcodes;
  uint8_t length;
  uint8_t code;
};
template <class... Opcodes>
constexpr Pattern pattern(uint8_t code, Opcodes... opcodes) {
  return {{opcodes...}, sizeof...(opcodes), code};
}
constexpr Pattern kDeclared[] = {
#define OP(id, prefix, byte, mnemonic, immediates, signature, feature)
#define QUICK(name, byte, ...)         \
  [] {                                 \
    using namespace code;              \
    return pattern(byte, __VA_ARGS__); \
  }(),
#include "interp/quicken.def"
};
#undef OP

constexpr auto kKinds = [] {
  std::array<Kind, 256> kinds{};
  Kind last = 0;
  kinds[code::block] = ++last;
  for (const Pattern& p : kDeclared) {
    for (unsigned i = 0; i < p.length; ++i) {
      if (kinds[p.opcodes[i]] == 0) kinds[p.opcodes[i]] = ++last;
    }
  }
  return kinds;
}();
static_assert(std::ranges::max(kKinds) < kMaxKinds);
constexpr Kind kBlock = kKinds[code::block];
constexpr Kind kLocalGet = kKinds[code::local_get];

// A sequence as the low bytes of a word.
struct Sequence {
  uint32_t kinds;
  uint32_t mask;
  uint8_t length;
  uint8_t code;
};
constexpr unsigned pair_of(Kind first, Kind second) { return first * kMaxKinds + second; }

// Those that begin with the same two kinds stand together.
constexpr auto kSequences = [] {
  std::array<Sequence, std::size(kDeclared)> sequences{};
  for (unsigned i = 0; i < sequences.size(); ++i) {
    const Pattern& p = kDeclared[i];
    sequences[i] = {0, 0, p.length, p.code};
    for (unsigned j = 0; j < p.length; ++j) {
      sequences[i].kinds |= uint32_t{kKinds[p.opcodes[j]]} << 8 * j;
      sequences[i].mask |= uint32_t{0xFF} << 8 * j;
    }
  }
  std::ranges::sort(sequences, {}, [](const Sequence& s) { return s.kinds & 0xFFFF; });
  return sequences;
}();

struct Range {
  uint8_t begin = 0;
  uint8_t end = 0;
};
constexpr auto kSequencesOf = [] {
  std::array<Range, kMaxKinds * kMaxKinds> ranges{};
  for (unsigned i = 0; i < kSequences.size(); ++i) {
    Range& range = ranges[pair_of(kSequences[i].kinds & 0xFF, kSequences[i].kinds >> 8 & 0xFF)];
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

// ---- Instructions --------------------------------------------------------------------------------------------------------

// The length of an instruction in its usual form, which it has if its first four bytes have none of the bits `unusual`.
struct Form {
  uint32_t unusual = 0xFF;  // the opcode itself: always looked at more closely
  uint8_t length = 0;
  Kind kind = 0;
};

constexpr Form form_of(Opcode op) {
  switch (info(op).immediates) {
    case Immediates::none: return {0, 1};
    case Immediates::block_type: return {0x3F00, 2};  // empty, 0x40, or type 0
    case Immediates::label:
    case Immediates::func:
    case Immediates::local:
    case Immediates::global:
    case Immediates::i32:
    case Immediates::i64: return {0x8000, 2};
    case Immediates::mem_arg: return {0x80C000, 3};  // no memory index, a short alignment, a short offset
    case Immediates::f32: return {0, 5};
    case Immediates::f64: return {0, 9};
    default: return {};
  }
}

constexpr auto kForms = [] {
  std::array<Form, 256> forms{};
  for (unsigned byte = 0; byte < forms.size(); ++byte) {
    const Opcode op = find_opcode(0, byte);
    if (op == Opcode::invalid || is_prefix(static_cast<uint8_t>(byte))) continue;
    forms[byte] = form_of(op);
    forms[byte].kind = kKinds[byte];
  }
#define INTERNAL(name, byte, original) forms[byte] = form_of(Opcode::original);
#include "wasm/internal_opcodes.def"
  return forms;
}();

static_assert(std::endian::native == std::endian::little);

class Quickener {
 public:
  explicit Quickener(Module& module) : module_(module) {}

  void quicken(const FuncCode& func) {
    code_ = module_.code.get() + (func.code - module_.code.get());
    pristine_ = module_.bytes.data() + module_.offset_of(func.code);
    find_instructions(func.code_size);
    choose();
  }

 private:
  struct Place {
    uint32_t offset;
    uint32_t cost;  // dispatches from here to the end
  };
  static constexpr unsigned kLookahead = sizeof(uint32_t);

  // Fills kinds_ and places_.
  void find_instructions(uint32_t size) {
    if (kinds_.size() < size_t{size} + kLookahead) {
      kinds_.resize(std::max<size_t>(size + size / 2, 2048) + kLookahead);
      places_.resize(kinds_.size());
    }
    Kind* kind = kinds_.data();
    Place* place = places_.data();
    for (uint32_t offset = 0; offset < size;) {
      place++->offset = offset;
      uint32_t bytes = 0;
      if (size - offset >= sizeof bytes) [[likely]] {
        std::memcpy(&bytes, code_ + offset, sizeof bytes);
      } else {
        std::memcpy(&bytes, code_ + offset, size - offset);  // behind is another function, perhaps another thread's
      }
      const Form& form = kForms[bytes & 0xFF];
      if ((bytes & form.unusual) == 0) [[likely]] {
        *kind++ = form.kind;
        offset += form.length;
      } else {
        *kind++ = read_unusual(offset);
      }
    }
    count_ = static_cast<uint32_t>(place - places_.data());
    std::memset(kind, 0, kLookahead);
    place->cost = 0;
  }

  // Steps over the instruction at `offset`.
  Kind read_unusual(uint32_t& offset) const {
    const uint8_t* const start = pristine_ + offset;
    const uint8_t* p = start;
    read_instruction(p);
    offset += static_cast<uint32_t>(p - start);
    if (*start == code::i32_const && p == start + 3) return kKinds[code::i32_const_2];
    // Two bytes are enough for a block type only if it is one value type or a type index.
    if (*start == code::block || *start == code::loop) return p == start + 2 ? kKinds[*start] : 0;
    return 0;
  }

  void choose() {
    unsigned blocks = 0;  // how many start at k in a row
    for (uint32_t k = count_; k-- > 0;) {
      const Kind first = kinds_[k];
      if (first == kBlock) {
        blocks = blocks == kMaxBlocksSkipped ? 1 : blocks + 1;
        skip_blocks(k, blocks);
        continue;
      }
      blocks = 0;
      Place* const place = &places_[k];
      uint32_t best = place[1].cost + 1;
      uint8_t chosen = 0;
      uint32_t next;
      std::memcpy(&next, &kinds_[k], sizeof next);
      const Range range = kSequencesOf[pair_of(first, kinds_[k + 1])];
      for (unsigned i = range.begin; i < range.end; ++i) {
        const Sequence& candidate = kSequences[i];
        if ((next & candidate.mask) != candidate.kinds) continue;
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
    const Place* const after = &places_[k + blocks];
    const bool get = kinds_[k + blocks] == kLocalGet && after[1].cost < after->cost;
    place.cost = 1 + (get ? after[1].cost : after->cost);
    if (blocks == 1 && !get) return;
    code_[place.offset] = get ? k_blocks_get : k_blocks;
    code_[place.offset + 1] = static_cast<uint8_t>(blocks * kBlockLength);
  }

  Module& module_;
  uint8_t* code_ = nullptr;
  const uint8_t* pristine_ = nullptr;
  uint32_t count_ = 0;
  // By instruction; kept from function to function.
  std::vector<Kind> kinds_;
  std::vector<Place> places_;
};

constexpr uint32_t kBytesPerThread = 1u << 20;  // below this a thread costs more than it saves

}  // namespace

void quicken_module(Module& module, unsigned threads) {
  const uint32_t count = static_cast<uint32_t>(module.func_codes.size());
  const unsigned parts =
      std::clamp<unsigned>((module.code_end - module.code_begin) / kBytesPerThread, 1, std::max(threads, 1u));
  constexpr uint32_t kFuncsAtOnce = 256;
  std::atomic<uint32_t> next = 0;
  auto work = [&] {
    Quickener quickener(module);
    for (uint32_t i; (i = next.fetch_add(kFuncsAtOnce)) < count;) {
      for (uint32_t j = i; j < std::min(i + kFuncsAtOnce, count); ++j) quickener.quicken(module.func_codes[j]);
    }
  };
  std::vector<std::thread> workers;
  for (unsigned i = 1; i < parts; ++i) workers.emplace_back(work);
  work();
  for (std::thread& worker : workers) worker.join();
}

}  // namespace arris::interp
