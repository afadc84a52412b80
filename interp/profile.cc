#include "interp/profile.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/leb128.h"
#include "wasm/opcodes.h"

namespace arris::interp {
namespace {

constexpr unsigned kLongestRun = 4;
constexpr unsigned kBitsPerCode = 12;
constexpr uint8_t kFurthestNext = 20;  // bytes; what is further away has been jumped to

// Prefixed opcodes behind the plain ones.
unsigned code_at(const uint8_t* ip) {
  if (!is_prefix(*ip)) return *ip;
  const uint8_t* p = ip + 1;
  return static_cast<unsigned>(*ip - kPrefixGc + 1) * 0x200 + read_uleb<uint32_t>(p);
}

std::string name_of(unsigned code) {
  switch (code) {
#define INTERNAL(name, byte, original) \
  case byte: return #name;
#include "wasm/internal_opcodes.def"
#define QUICK(name, byte, ...) \
  case byte: return "[" #name "]";
#define QUICK_BLOCKS(name, byte) \
  case byte: return "[" #name "]";
#define QUICK_VECTOR(name, byte) \
  case byte: return "[" #name "]";
#include "interp/quicken.def"
    default: break;
  }
  const Opcode op = code < 0x200 ? find_opcode(0, code)
                                 : find_opcode(static_cast<uint8_t>(kPrefixGc - 1 + code / 0x200), code % 0x200);
  return op == Opcode::invalid ? "?" : std::string(info(op).mnemonic);
}

class Profile {
 public:
  void step(const uint8_t* ip) {
    const bool follows = last_ != nullptr && ip > last_ && ip - last_ <= kFurthestNext;
    run_ = follows ? run_ << kBitsPerCode | code_at(ip) : code_at(ip);
    length_ = follows ? std::min(length_ + 1, kLongestRun) : 1;
    last_ = ip;
    for (unsigned n = 1; n <= length_; ++n) {
      ++counts_[(run_ & ((uint64_t{1} << n * kBitsPerCode) - 1)) | uint64_t{n} << kLongestRun * kBitsPerCode];
    }
  }

  void write(const char* path) const {
    std::FILE* file = std::fopen(path, "w");
    if (file == nullptr) return;
    std::vector<std::pair<uint64_t, uint64_t>> runs;
    for (const auto& [run, count] : counts_) runs.emplace_back(count, run);
    std::ranges::sort(runs, std::greater());
    for (const auto& [count, run] : runs) {
      std::fprintf(file, "%llu", static_cast<unsigned long long>(count));
      for (uint64_t n = run >> kLongestRun * kBitsPerCode; n-- > 0;) {
        const auto code = static_cast<unsigned>(run >> n * kBitsPerCode & ((1u << kBitsPerCode) - 1));
        std::fprintf(file, " %s", name_of(code).c_str());
      }
      std::fputc('\n', file);
    }
    std::fclose(file);
  }

 private:
  std::unordered_map<uint64_t, uint64_t> counts_;
  const uint8_t* last_ = nullptr;
  uint64_t run_ = 0;
  unsigned length_ = 0;
};

Profile* profile = nullptr;

}  // namespace

void profile_step(const uint8_t* ip) {
  if (profile == nullptr) {
    profile = new Profile;
    std::atexit([] {
      if (const char* path = std::getenv("ARRIS_PROFILE")) profile->write(path);
    });
  }
  profile->step(ip);
}

}  // namespace arris::interp
