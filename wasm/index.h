// Index spaces as types, so that a function index is never used where a type index is meant. Spec: syntax/modules, indices.
#pragma once

#include <cstdint>

namespace arris {

inline constexpr uint32_t kNoIndex = 0xFFFFFFFF;

template <class Tag>
struct Index {
  uint32_t value = kNoIndex;
  constexpr Index() = default;
  constexpr explicit Index(uint32_t v) : value(v) {}
  constexpr bool valid() const { return value != kNoIndex; }
  friend constexpr bool operator==(Index, Index) = default;
  friend constexpr auto operator<=>(Index, Index) = default;
};

using TypeIndex = Index<struct TypeIndexTag>;
using FuncIndex = Index<struct FuncIndexTag>;
using TableIndex = Index<struct TableIndexTag>;
using MemoryIndex = Index<struct MemoryIndexTag>;
using GlobalIndex = Index<struct GlobalIndexTag>;
using TagIndex = Index<struct TagIndexTag>;
using ElemIndex = Index<struct ElemIndexTag>;
using DataIndex = Index<struct DataIndexTag>;
using LocalIndex = Index<struct LocalIndexTag>;
// Identity of a defined type across modules of one engine (wasm/type_registry.h).
using CanonicalTypeId = Index<struct CanonicalTypeIdTag>;

}  // namespace arris
