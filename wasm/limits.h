// Every limit on what a guest can size, in one place. The first block follows the JavaScript embedding's limits, which
// toolchains already respect; the second is our own. docs/limits.md lists them for users.
// Exceeding one is an Error with ErrorCode phase `limit`, never a crash.
#pragma once

#include <cstdint>

namespace arris::limits {

inline constexpr uint64_t kMaxModuleBytes = uint64_t{1} << 30;
inline constexpr uint32_t kMaxTypes = 1'000'000;
inline constexpr uint32_t kMaxRecGroupTypes = 1'000'000;
inline constexpr uint32_t kMaxSubtypeDepth = 63;
inline constexpr uint32_t kMaxFunctions = 1'000'000;
inline constexpr uint32_t kMaxImports = 1'000'000;
inline constexpr uint32_t kMaxExports = 1'000'000;
inline constexpr uint32_t kMaxGlobals = 1'000'000;
inline constexpr uint32_t kMaxTags = 1'000'000;
inline constexpr uint32_t kMaxTables = 100'000;
inline constexpr uint32_t kMaxMemories = 100;
inline constexpr uint32_t kMaxDataSegments = 1'000'000;  // more than the JavaScript embedding's 100,000
inline constexpr uint32_t kMaxElemSegments = 10'000'000;
inline constexpr uint32_t kMaxFunctionParams = 1'000;
inline constexpr uint32_t kMaxFunctionResults = 1'000;
inline constexpr uint32_t kMaxFunctionLocals = 50'000;
inline constexpr uint32_t kMaxFunctionBytes = 7'654'321;
inline constexpr uint32_t kMaxStructFields = 10'000;
inline constexpr uint32_t kMaxArrayNewFixed = 10'000;
inline constexpr uint32_t kMaxNameBytes = 100'000;
inline constexpr uint64_t kMaxTableElements = 10'000'000;  // also the ceiling of table.grow

inline constexpr uint32_t kMaxControlDepth =
    1'000'000;  // nested blocks in one function (heap memory, not native stack)
inline constexpr uint32_t kMaxBrTableLabels = 1'000'000;
inline constexpr uint32_t kMaxOperandSlots = 1'000'000;  // operand stack of one frame, in 8-byte slots
inline constexpr uint32_t kMaxCanonicalTypes =
    4'000'000;  // distinct types in one engine (HeapType::kMaxIndex bounds it)

inline constexpr uint64_t kWasmPageBytes = 65'536;
inline constexpr uint64_t kMaxMemory32Pages = 65'536;
// A memory64 may declare any maximum the specification allows; growth beyond this fails like exhausted memory.
inline constexpr uint64_t kMaxMemory64Pages = uint64_t{1} << 18;  // 16 GiB

}  // namespace arris::limits
