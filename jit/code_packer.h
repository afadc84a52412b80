// CodePacker: puts compiled functions one behind the other into blocks of code memory. For ModuleCode; each compiling thread has one.
//
// A function is copied to its place as it is added, by the thread that compiled it, while its bytes are in the cache; nothing else
// is kept of it. Nothing is executable yet: ModuleCode publishes the blocks when all is well, otherwise they are given up.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "jit/compiled_function.h"
#include "runtime/code_space.h"

namespace arris::jit {

class CodePacker {
 public:
  // Written, not sealed.
  struct Block {
    std::span<uint8_t> pages;
    std::unique_ptr<runtime::CodeBlock> code;
    std::vector<uint32_t> entry_offsets;  // by position in code->functions: of the entry in the block
  };

  // `expected_bytes`: how much machine code there may be in all; a guess.
  CodePacker(runtime::CodeSpace& space, const Module& module, uint64_t expected_bytes)
      : space_(space), module_(module), expected_bytes_(expected_bytes) {}
  ~CodePacker();
  CodePacker(const CodePacker&) = delete;
  CodePacker& operator=(const CodePacker&) = delete;

  // `index` counts defined functions; positions become the block's, all else stays relative to the function. False: no room.
  bool add(uint32_t index, const CompiledFunction& function);
  // The same for one that has pages of its own: the only one.
  bool add_alone(uint32_t index, const CompiledFunction& function);
  // Afterwards the blocks are whoever takes them's.
  std::vector<Block> finish();

 private:
  bool open(uint64_t bytes);
  void put(uint32_t index, const CompiledFunction& function, uint64_t begin);
  void close();

  runtime::CodeSpace& space_;
  const Module& module_;
  uint64_t expected_bytes_;
  uint64_t end_ = 0;  // of the code in the last block; 0: none is open
  std::vector<Block> blocks_;
};

}  // namespace arris::jit
