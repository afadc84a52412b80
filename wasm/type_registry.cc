// Canonicalisation: a group is serialised with references to earlier types as canonical ids and references into the group
// itself as positions; equal strings are equal groups. Ids of a group need not be neighbours: those that are free are used one by one.
#include "wasm/type_registry.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace arris {
namespace {

constexpr uint32_t kWithinGroup = 1u << 31;

class GroupWriter {
 public:
  GroupWriter(uint32_t first_index, std::span<const CanonicalTypeId> earlier)
      : first_(first_index), earlier_(earlier) {}

  void add(const SubType& t) {
    word(static_cast<uint32_t>(t.kind) | (t.is_final ? 0x100 : 0));
    word(t.supertype == kNoIndex ? kNoIndex : map_index(t.supertype));
    if (t.kind == CompositeKind::func) {
      list(t.func.params);
      list(t.func.results);
    } else {
      word(static_cast<uint32_t>(t.fields.size()));
      for (const FieldType& f : t.fields) {
        val_type(f.storage);
        word(f.is_mutable);
      }
    }
  }
  std::string take() { return std::move(out_); }

 private:
  void word(uint32_t w) { out_.append(reinterpret_cast<const char*>(&w), sizeof w); }
  uint32_t map_index(uint32_t index) const {
    return index >= first_ ? kWithinGroup | (index - first_) : earlier_[index].value;
  }
  void val_type(ValType t) {
    if (t.is_ref() && t.heap().is_concrete()) {
      word(static_cast<uint32_t>(t.code()) | 0x100);
      word(map_index(t.heap().index()));
    } else {
      word(static_cast<uint32_t>(t.code()));
      word(t.is_ref() ? t.heap().bits() : 0);
    }
  }
  void list(const ResultType& types) {
    word(static_cast<uint32_t>(types.size()));
    for (ValType t : types) val_type(t);
  }

  uint32_t first_;
  std::span<const CanonicalTypeId> earlier_;
  std::string out_;
};

// Lays a struct's fields out by declaration order, each at its natural alignment (at most 8: an object starts 8-aligned).
void lay_out(CanonicalType& t) {
  if (t.kind == CompositeKind::array) {
    t.element_size = storage_size_bytes(t.fields[0].storage);
    t.has_ref_elements = t.fields[0].storage.is_ref();
    return;
  }
  uint32_t offset = kObjectHeaderBytes;
  for (const FieldType& f : t.fields) {
    uint32_t size = storage_size_bytes(f.storage);
    uint32_t align = size > 8 ? 8 : size;
    offset = (offset + align - 1) & ~(align - 1);
    t.field_offsets.push_back(offset);
    if (f.storage.is_ref()) t.ref_offsets.push_back(offset);
    offset += size;
  }
  t.object_size = (offset + 7) & ~7u;
}

uint32_t count_slots(const ResultType& types) {
  uint32_t n = 0;
  for (ValType t : types) n += t.slots();
  return n;
}

}  // namespace

// ---- Groups ----------------------------------------------------------------------------------------------------------------

struct TypeGroup {
  const std::string* key = nullptr;  // in the registry's map
  uint64_t holds = 0;
  std::vector<std::unique_ptr<CanonicalType>> types;
  std::vector<TypeGroup*> uses;  // groups of types that these refer to: each held once
};

namespace {

// Makes the types of a group, with canonical ids instead of type indices.
class GroupMaker {
 public:
  GroupMaker(const TypeRegistry& registry, TypeGroup& group, uint32_t first_index,
             std::span<const CanonicalTypeId> earlier)
      : registry_(registry), group_(group), first_(first_index), earlier_(earlier) {}

  // Types refer to each other: first all get their ids, then they are filled in.
  void add_id(uint32_t id) {
    group_.types.push_back(std::make_unique<CanonicalType>());
    group_.types.back()->id = CanonicalTypeId(id);
    group_.types.back()->group = &group_;
  }

  void fill(CanonicalType& type, const SubType& sub) {
    type.kind = sub.kind;
    type.is_final = sub.is_final;
    if (sub.kind == CompositeKind::func) {
      for (ValType t : sub.func.params) type.func.params.push_back(map_type(t));
      for (ValType t : sub.func.results) type.func.results.push_back(map_type(t));
      type.param_slots = count_slots(type.func.params);
      type.result_slots = count_slots(type.func.results);
    } else {
      for (const FieldType& f : sub.fields) type.fields.push_back({map_type(f.storage), f.is_mutable});
      lay_out(type);
    }
    if (sub.supertype != kNoIndex) type.supertype = CanonicalTypeId(map_index(sub.supertype));
  }

  void hold_what_it_uses() {
    std::vector<TypeGroup*>& uses = group_.uses;
    std::sort(uses.begin(), uses.end());
    uses.erase(std::unique(uses.begin(), uses.end()), uses.end());
    uses.shrink_to_fit();
    for (TypeGroup* used : uses) ++used->holds;
  }

 private:
  uint32_t map_index(uint32_t index) {
    if (index >= first_) return group_.types[index - first_]->id.value;
    TypeGroup* used = registry_.get(earlier_[index]).group;
    if (group_.uses.empty() || group_.uses.back() != used) group_.uses.push_back(used);
    return earlier_[index].value;
  }
  ValType map_type(ValType t) {
    if (!t.is_ref() || !t.heap().is_concrete()) return t;
    return ValType::ref(HeapType::concrete(map_index(t.heap().index())), t.is_nullable());
  }

  const TypeRegistry& registry_;
  TypeGroup& group_;
  uint32_t first_;
  std::span<const CanonicalTypeId> earlier_;
};

// Ids rest before they are used again, so that one kept by mistake is likely to be found out.
constexpr size_t kRestingIds = 1000;

}  // namespace

TypeRegistry::TypeRegistry() {
  gone_.display_storage.push_back(&gone_);
  gone_.display = gone_.display_storage.data();
}

TypeRegistry::~TypeRegistry() {
  for (Chunk& chunk : chunks_) delete[] chunk.load(std::memory_order_relaxed);
}

size_t TypeRegistry::size() const {
  std::lock_guard lock(mutex_);
  return next_id_ - free_ids_.size();
}

uint32_t TypeRegistry::take_id() {
  static_assert(first_of(kChunks) >= HeapType::kMaxIndex && HeapType::kMaxIndex > limits::kMaxCanonicalTypes);
  if (free_ids_.size() <= kRestingIds && next_id_ < HeapType::kMaxIndex) return next_id_++;
  CHECK(!free_ids_.empty());  // only the embedder can have used them all, with host functions of 100,000 types
  uint32_t id = free_ids_.front();
  free_ids_.pop_front();
  return id;
}

const CanonicalType*& TypeRegistry::slot_of(uint32_t id) {
  Chunk& chunk = chunks_[chunk_of(id)];
  const CanonicalType** slots = chunk.load(std::memory_order_relaxed);
  if (!slots) {
    slots = new const CanonicalType*[size_of(chunk_of(id))]();
    chunk.store(slots, std::memory_order_release);
  }
  return slots[id - first_of(chunk_of(id))];
}

// Readers see it by whatever hands them the id.
void TypeRegistry::publish(CanonicalType& type) {
  if (type.supertype.valid()) {
    type.display_storage = get(type.supertype).display_storage;
    type.depth = static_cast<uint32_t>(type.display_storage.size());
  }
  type.display_storage.push_back(&type);
  type.display = type.display_storage.data();
  slot_of(type.id.value) = &type;
}

TypeGroup& TypeRegistry::find_or_make(std::string&& key, std::span<const SubType> group, uint32_t first_index,
                                      std::span<const CanonicalTypeId> earlier) {
  auto [at, is_new] = groups_.try_emplace(std::move(key));
  if (is_new) {
    at->second = std::make_unique<TypeGroup>();
    TypeGroup& made = *at->second;
    made.key = &at->first;
    GroupMaker maker(*this, made, first_index, earlier);
    for (size_t i = 0; i < group.size(); ++i) maker.add_id(take_id());
    for (size_t i = 0; i < group.size(); ++i) maker.fill(*made.types[i], group[i]);
    for (auto& type : made.types) publish(*type);
    maker.hold_what_it_uses();
  }
  ++at->second->holds;
  return *at->second;
}

std::expected<void, ErrorCode> TypeRegistry::add_group(std::span<const SubType> group, uint32_t first_index,
                                                       std::span<const CanonicalTypeId> earlier,
                                                       std::vector<CanonicalTypeId>& out) {
  if (group.empty()) return {};  // nothing to name it by, nothing to hold
  GroupWriter writer(first_index, earlier);
  for (const SubType& t : group) writer.add(t);
  std::string key = writer.take();

  std::lock_guard lock(mutex_);
  if (!groups_.contains(key)) {
    size_t count = next_id_ - free_ids_.size();
    if (count > limits::kMaxCanonicalTypes || group.size() > limits::kMaxCanonicalTypes - count)
      return std::unexpected(ErrorCode::limit_exceeded);
    std::vector<uint32_t> depths;
    for (const SubType& t : group) {
      uint32_t depth = 0;
      if (t.supertype != kNoIndex) {
        depth = 1 + (t.supertype >= first_index ? depths[t.supertype - first_index] : get(earlier[t.supertype]).depth);
      }
      if (depth > limits::kMaxSubtypeDepth) return std::unexpected(ErrorCode::limit_exceeded);
      depths.push_back(depth);
    }
  }
  for (auto& type : find_or_make(std::move(key), group, first_index, earlier).types) out.push_back(type->id);
  return {};
}

CanonicalTypeId TypeRegistry::add_func_type(const FuncType& canonical_type) {
  // Its heap types are canonical already: they become "earlier" types, each with an index of its own.
  SubType sub;
  std::vector<CanonicalTypeId> earlier;
  auto with_indices = [&](const ResultType& types) {
    ResultType out = types;
    for (ValType& t : out) {
      if (!t.is_ref() || !t.heap().is_concrete()) continue;
      earlier.emplace_back(t.heap().index());
      t = ValType::ref(HeapType::concrete(static_cast<uint32_t>(earlier.size() - 1)), t.is_nullable());
    }
    return out;
  };
  sub.func = {with_indices(canonical_type.params), with_indices(canonical_type.results)};
  uint32_t first_index = static_cast<uint32_t>(earlier.size());
  GroupWriter writer(first_index, earlier);
  writer.add(sub);
  std::lock_guard lock(mutex_);
  return find_or_make(writer.take(), {&sub, 1}, first_index, earlier).types[0]->id;
}

bool TypeRegistry::hold(CanonicalTypeId id) {
  std::lock_guard lock(mutex_);
  if (id.value >= next_id_) return false;
  const CanonicalType& type = get(id);
  if (&type == &gone_) return false;
  ++type.group->holds;
  return true;
}

void TypeRegistry::release(std::span<const CanonicalTypeId> ids) {
  std::vector<Groups::node_type> gone;  // destroyed after the lock is released
  std::vector<TypeGroup*> to_free;
  std::lock_guard lock(mutex_);
  auto give_up = [&](TypeGroup* group) {
    if (--group->holds == 0) to_free.push_back(group);
  };
  for (CanonicalTypeId id : ids) give_up(get(id).group);
  while (!to_free.empty()) {
    TypeGroup* group = to_free.back();
    to_free.pop_back();
    for (auto& type : group->types) {
      slot_of(type->id.value) = &gone_;
      free_ids_.push_back(type->id.value);
    }
    for (TypeGroup* used : group->uses) give_up(used);
    gone.push_back(groups_.extract(*group->key));
  }
}

ValType TypeHolds::hold(ValType type) {
  if (!type.is_ref() || !type.heap().is_concrete()) return type;
  CanonicalTypeId id(type.heap().index());
  if (!registry_->hold(id)) return ValType::ref(AbstractHeap::bottom, type.is_nullable());
  adopt(id);
  return type;
}

FuncType TypeHolds::hold(FuncType type) {
  for (ValType& t : type.params) t = hold(t);
  for (ValType& t : type.results) t = hold(t);
  return type;
}

// ---- Subtyping -------------------------------------------------------------------------------------------------------------

namespace {

bool abstract_is_subtype(AbstractHeap sub, AbstractHeap super) {
  using enum AbstractHeap;
  if (sub == super || sub == bottom) return true;
  switch (super) {
    case any: return sub == eq || sub == i31 || sub == struct_ || sub == array || sub == none;
    case eq: return sub == i31 || sub == struct_ || sub == array || sub == none;
    case i31:
    case struct_:
    case array: return sub == none;
    case func: return sub == nofunc;
    case extern_: return sub == noextern;
    case exn: return sub == noexn;
    default: return false;
  }
}

AbstractHeap heap_of(CompositeKind kind) {
  switch (kind) {
    case CompositeKind::func: return AbstractHeap::func;
    case CompositeKind::struct_: return AbstractHeap::struct_;
    case CompositeKind::array: return AbstractHeap::array;
  }
  return AbstractHeap::any;
}

}  // namespace

bool TypeRegistry::is_subtype(HeapType sub, HeapType super) const {
  if (sub == super) return true;
  if (sub.is_concrete()) {
    if (super.is_concrete()) return is_subtype(CanonicalTypeId(sub.index()), CanonicalTypeId(super.index()));
    return abstract_is_subtype(heap_of(get(CanonicalTypeId(sub.index())).kind), super.abstract());
  }
  if (!super.is_concrete()) return abstract_is_subtype(sub.abstract(), super.abstract());
  if (sub.abstract() == AbstractHeap::bottom) return true;
  CompositeKind kind = get(CanonicalTypeId(super.index())).kind;
  return sub.abstract() == (kind == CompositeKind::func ? AbstractHeap::nofunc : AbstractHeap::none);
}

bool TypeRegistry::is_subtype(ValType sub, ValType super) const {
  if (sub == super || sub.is_bottom()) return true;
  if (!sub.is_ref() || !super.is_ref()) return false;
  if (sub.is_nullable() && !super.is_nullable()) return false;
  return is_subtype(sub.heap(), super.heap());
}

AbstractHeap TypeRegistry::top_of(HeapType type) const {
  using enum AbstractHeap;
  AbstractHeap heap = type.is_concrete() ? heap_of(get(CanonicalTypeId(type.index())).kind) : type.abstract();
  switch (heap) {
    case func:
    case nofunc: return func;
    case extern_:
    case noextern: return extern_;
    case exn:
    case noexn: return exn;
    case bottom: return bottom;
    default: return any;
  }
}

}  // namespace arris
