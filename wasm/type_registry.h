// TypeRegistry: one identity per defined type, across all modules of an engine. Spec: validation/types, type equivalence
// (iso-recursive: recursive groups are compared as wholes, "rolled up").
//
// Adding a group that is equal to one that is there yields the same ids. A group stays while somebody holds it: modules hold
// theirs, stores those of what the host made in them (TypeHolds), groups those they refer to. While a group is held, its ids and
// the addresses of its types are its own, lookups by id take no lock, and validator, interpreter and machine code may keep both.
// What nobody holds is freed, and later its ids are given to other types. At most limits::kMaxCanonicalTypes types of modules at
// a time. Thread-safe.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <deque>
#include <expected>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "wasm/error.h"
#include "wasm/limits.h"
#include "wasm/types.h"

namespace arris {

struct TypeGroup;  // type_registry.cc

// A defined type in canonical form: heap types inside it name CanonicalTypeIds. Immutable once published.
struct CanonicalType {
  // First members: read by machine code through runtime/layout.h.
  // display[d] is the ancestor at depth d; display[depth] is this type itself. So "is a subtype of T" is
  // `T->depth <= depth && display[T->depth] == T`: constant time.
  const CanonicalType* const* display = nullptr;
  uint32_t depth = 0;
  CanonicalTypeId id;
  CompositeKind kind = CompositeKind::func;
  bool is_final = true;

  CanonicalTypeId supertype;  // invalid if none
  FuncType func;              // kind == func
  std::vector<FieldType> fields;
  // Slots of all parameters and results on the value stack (v128 takes two).
  uint32_t param_slots = 0;
  uint32_t result_slots = 0;
  // struct: offset of every field from the object's start (after the header), and the object's size, both in bytes.
  // array: element size in bytes in element_size; elements start at kArrayElementsOffset.
  std::vector<uint32_t> field_offsets;
  std::vector<uint32_t> ref_offsets;  // struct: offsets of the fields the collector must trace
  uint32_t object_size = 0;
  uint32_t element_size = 0;
  bool has_ref_elements = false;

  std::vector<const CanonicalType*> display_storage;
  TypeGroup* group = nullptr;  // the registry's
};

// An object starts with its type pointer (8 bytes); an array continues with a u32 length and 4 unused bytes.
inline constexpr uint32_t kObjectHeaderBytes = 8;
inline constexpr uint32_t kArrayLengthOffset = 8;
inline constexpr uint32_t kArrayElementsOffset = 16;

class TypeRegistry {
 public:
  TypeRegistry();
  ~TypeRegistry();
  TypeRegistry(const TypeRegistry&) = delete;
  TypeRegistry& operator=(const TypeRegistry&) = delete;

  // Adds a recursive group of a module. `group` is in the module's type indices: indices below `first_index` are earlier
  // types, whose canonical ids are `earlier`; [first_index, first_index + group.size()) is the group itself. Appends the
  // group's ids to `out`, and holds the group once: the caller releases any one of these ids, when it likes. The caller has checked
  // that every index and supertype is in range and before its use, and holds the earlier types; whether a subtype matches its
  // supertype is the validator's business.
  // Errors: limit_exceeded (kMaxCanonicalTypes, kMaxSubtypeDepth).
  std::expected<void, ErrorCode> add_group(std::span<const SubType> group, uint32_t first_index,
                                           std::span<const CanonicalTypeId> earlier, std::vector<CanonicalTypeId>& out);

  // A function type on its own (host functions): a group of one final type without supertype. As add_group, but not refused.
  CanonicalTypeId add_func_type(const FuncType& canonical_type);

  // Holds the group of a type once more. False: there is no such type any more.
  bool hold(CanonicalTypeId id);
  // Gives up one hold for each id.
  void release(std::span<const CanonicalTypeId> ids);

  // How many types there are.
  size_t size() const;

  const CanonicalType& get(CanonicalTypeId id) const {
    uint32_t chunk = chunk_of(id.value);
    return *chunks_[chunk].load(std::memory_order_acquire)[id.value - first_of(chunk)];
  }

  // Subtyping on canonical types. Spec: validation/matching.
  bool is_subtype(CanonicalTypeId sub, CanonicalTypeId super) const {
    const CanonicalType& a = get(sub);
    const CanonicalType& b = get(super);
    return b.depth <= a.depth && a.display[b.depth] == &b;
  }
  bool is_subtype(HeapType sub, HeapType super) const;
  bool is_subtype(ValType sub, ValType super) const;
  // The top of a heap type's hierarchy: any, func, extern or exn.
  AbstractHeap top_of(HeapType type) const;

 private:
  // Pointers to types stand in chunks that never move, each twice as large as the one before: a small program touches one page.
  static constexpr uint32_t kFirstChunk = 64;
  static constexpr uint32_t chunk_of(uint32_t id) {
    return static_cast<uint32_t>(std::bit_width((id + kFirstChunk) / kFirstChunk)) - 1;
  }
  static constexpr uint32_t size_of(uint32_t chunk) { return kFirstChunk << chunk; }
  static constexpr uint32_t first_of(uint32_t chunk) { return size_of(chunk) - kFirstChunk; }
  static constexpr uint32_t kChunks = 16;
  using Chunk = std::atomic<const CanonicalType**>;

  using Groups = std::unordered_map<std::string, std::unique_ptr<TypeGroup>>;  // by serialised group

  TypeGroup& find_or_make(std::string&& key, std::span<const SubType> group, uint32_t first_index,
                          std::span<const CanonicalTypeId> earlier);
  uint32_t take_id();
  const CanonicalType*& slot_of(uint32_t id);
  void publish(CanonicalType& type);

  mutable std::mutex mutex_;
  Groups groups_;
  uint32_t next_id_ = 0;           // ids from here on were never used
  std::deque<uint32_t> free_ids_;  // the one that is free for longest in front
  CanonicalType gone_;             // what stands in the place of a freed type
  Chunk chunks_[kChunks]{};
};

// Holds on types of one registry, given up together. Not thread-safe.
class TypeHolds {
 public:
  TypeHolds() = default;
  explicit TypeHolds(std::shared_ptr<TypeRegistry> registry) : registry_(std::move(registry)) {}
  TypeHolds(TypeHolds&& other) noexcept = default;
  TypeHolds& operator=(TypeHolds&& other) noexcept {
    std::swap(registry_, other.registry_);
    std::swap(ids_, other.ids_);
    return *this;
  }
  ~TypeHolds() {
    if (!ids_.empty()) registry_->release(ids_);
  }

  // Takes over a hold from whoever has it.
  void adopt(CanonicalTypeId id) { ids_.push_back(id); }
  // Holds the defined types that a type given by the embedder names. Those that are gone become bottom: no value has such a type.
  ValType hold(ValType type);
  FuncType hold(FuncType type);

 private:
  std::shared_ptr<TypeRegistry> registry_;
  std::vector<CanonicalTypeId> ids_;
};

}  // namespace arris
