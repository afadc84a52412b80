// Blocks of code: found by any pc in them, executable and not writable, given back when released.
#include "runtime/code_space.h"

#include <gtest/gtest.h>
#include <cstdio>
#include <cstring>
#include <string>
#include <thread>

namespace arris::runtime {
namespace {

const Module kModule;

const CodeBlock* publish(CodeSpace& space, std::initializer_list<uint8_t> bytes, uint64_t size) {
  auto pages = space.allocate(size);
  if (pages.empty()) return nullptr;
  std::memcpy(pages.data(), std::data(bytes), bytes.size());
  auto block = std::make_unique<CodeBlock>();
  block->module = &kModule;
  return space.publish(pages, std::move(block));
}

std::string permissions_of(const void* address) {
  std::string found;
  FILE* maps = std::fopen("/proc/self/maps", "r");
  if (maps == nullptr) return found;
  char line[512], flags[8];
  unsigned long begin, end;
  while (std::fgets(line, sizeof line, maps) != nullptr) {
    if (std::sscanf(line, "%lx-%lx %7s", &begin, &end, flags) != 3) continue;
    if (begin <= reinterpret_cast<uintptr_t>(address) && reinterpret_cast<uintptr_t>(address) < end) found = flags;
  }
  std::fclose(maps);
  return found;
}

TEST(CodeSpace, PublishesBlocksThatRunAndAreNotWritable) {
  auto space = CodeSpace::create(1 << 20);
  ASSERT_TRUE(space);
#if defined(__x86_64__)
  const CodeBlock* block = publish(*space, {0x8D, 0x47, 0x01, 0xC3}, 10'000);  // lea eax, [rdi + 1]; ret
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(reinterpret_cast<int (*)(int)>(block->begin)(41), 42);
#else
  const CodeBlock* block = publish(*space, {0}, 10'000);
  ASSERT_NE(block, nullptr);
#endif
  if (const std::string permissions = permissions_of(block->begin); !permissions.empty()) {  // the system tells
    EXPECT_EQ(permissions, "r-xp");
    EXPECT_EQ(permissions_of(block->begin + block->size), "---p");
  }
  const auto begin = reinterpret_cast<uintptr_t>(block->begin);
  EXPECT_EQ(space->find(begin), block);
  EXPECT_EQ(space->find(begin + 9'999), block);
  EXPECT_EQ(space->find(begin + block->size), nullptr);
  EXPECT_EQ(space->find(begin - 1), nullptr);
  space->release(block);
  EXPECT_EQ(space->find(begin), nullptr);
  EXPECT_EQ(space->used_bytes(), 0u);
}

TEST(CodeSpace, EndsAtItsCap) {
  auto space = CodeSpace::create(64 << 10);
  EXPECT_TRUE(space->allocate((64 << 10) + 1).empty());
  const CodeBlock* all = publish(*space, {0xC3}, 64 << 10);
  ASSERT_NE(all, nullptr);
  EXPECT_TRUE(space->allocate(1).empty());
  space->release(all);
  EXPECT_NE(all = publish(*space, {0xC3}, 1), nullptr);
  space->release(all);
}

TEST(CodeSpace, GivesEverythingBackAfterManyModules) {
  auto space = CodeSpace::create(1 << 20);
  std::vector<const CodeBlock*> held;
  for (int i = 0; i < 10'000; ++i) {
    const CodeBlock* block = publish(*space, {0xC3}, 1 + static_cast<uint64_t>(i) * 37 % 20'000);
    ASSERT_NE(block, nullptr) << i;
    held.push_back(block);
    if (held.size() == 16) {  // out of order
      space->release(held[static_cast<size_t>(i) % 16]);
      held.erase(held.begin() + i % 16);
    }
  }
  for (const CodeBlock* block : held) space->release(block);
  EXPECT_EQ(space->used_bytes(), 0u);
  auto whole = space->allocate(1 << 20);  // one run again
  EXPECT_EQ(whole.size(), 1u << 20);
  EXPECT_EQ(whole[0], 0);  // fresh
  space->give_up(whole);
}

TEST(CodeSpace, IsSharedByThreads) {
  auto space = CodeSpace::create(16 << 20);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 300; ++i) {
        const CodeBlock* block = publish(*space, {0xC3}, 5000);
        ASSERT_NE(block, nullptr);
        EXPECT_EQ(space->find(reinterpret_cast<uintptr_t>(block->begin) + 4999), block);
        space->release(block);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(space->used_bytes(), 0u);
}

TEST(CodeBlock, FindsInstructionsByReturnAddressAndByFault) {
  CodeBlock block;
  uint8_t code[64];
  block.begin = code;
  block.size = sizeof code;
  block.functions = {{0, 20, 7, 0, 0, 0, 0}, {32, 50, 8, 6, 0, 1, 1}, {64, 64, 0, 10, 0, 1, 1}};
  PcMapWriter map;
  for (const std::vector<PcEntry>& entries : {std::vector<PcEntry>{{5, 1}, {9, 2}, {9, 3}}, {{4, 6}, {18, 7}}}) {
    map.clear();
    for (const PcEntry& entry : entries) map.add(entry.native_offset, entry.wasm_offset);
    block.pc_maps.insert(block.pc_maps.end(), map.bytes().begin(), map.bytes().end());
  }
  block.landing_pads = {12};
  block.osr_entries = {{3, 40}};
  const auto at = [&](uint32_t offset) { return reinterpret_cast<uintptr_t>(code) + offset; };
  const CodeBlock::Function* first = block.find(at(3));
  const CodeBlock::Function* second = block.find(at(49));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->index, 7u);
  EXPECT_EQ(second->index, 8u);
  EXPECT_EQ(block.find(at(25)), nullptr);
  EXPECT_EQ(block.find(at(50)), nullptr);
  uint32_t wasm = 0;
  EXPECT_TRUE(block.find_call(*first, at(9), &wasm));
  EXPECT_EQ(wasm, 2u);
  EXPECT_TRUE(block.find_fault(*first, at(9), &wasm));
  EXPECT_EQ(wasm, 3u);
  EXPECT_TRUE(block.find_fault(*first, at(7), &wasm));
  EXPECT_EQ(wasm, 1u);
  EXPECT_FALSE(block.find_call(*first, at(7), &wasm));
  EXPECT_FALSE(block.find_fault(*first, at(4), &wasm));
  EXPECT_TRUE(block.find_call(*second, at(50), &wasm));
  EXPECT_EQ(wasm, 7u);
  EXPECT_EQ(block.landing_pad(*first, 0), code + 12);
  EXPECT_EQ(block.osr_entry(*first, 40), code + 3);
  EXPECT_EQ(block.osr_entry(*first, 41), nullptr);
}

}  // namespace
}  // namespace arris::runtime
