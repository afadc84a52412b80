// Canonicalisation: a group is serialised with references to earlier types as canonical ids and references into the group
// itself as positions; equal strings are equal groups.
#include "wasm/type_registry.h"

#include <cstring>

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

TypeRegistry::TypeRegistry() = default;

TypeRegistry::~TypeRegistry() {
  for (Chunk& chunk : chunks_) delete[] chunk.load(std::memory_order_relaxed);
}

std::unique_ptr<CanonicalType> TypeRegistry::make_type(const SubType& sub, uint32_t first_index, uint32_t first_id,
                                                       std::span<const CanonicalTypeId> earlier) const {
  auto map_index = [&](uint32_t index) {
    return index >= first_index ? first_id + (index - first_index) : earlier[index].value;
  };
  auto map_type = [&](ValType t) {
    if (!t.is_ref() || !t.heap().is_concrete()) return t;
    return ValType::ref(HeapType::concrete(map_index(t.heap().index())), t.is_nullable());
  };
  auto type = std::make_unique<CanonicalType>();
  type->kind = sub.kind;
  type->is_final = sub.is_final;
  if (sub.kind == CompositeKind::func) {
    for (ValType t : sub.func.params) type->func.params.push_back(map_type(t));
    for (ValType t : sub.func.results) type->func.results.push_back(map_type(t));
    type->param_slots = count_slots(type->func.params);
    type->result_slots = count_slots(type->func.results);
  } else {
    for (const FieldType& f : sub.fields) type->fields.push_back({map_type(f.storage), f.is_mutable});
    lay_out(*type);
  }
  if (sub.supertype != kNoIndex) type->supertype = CanonicalTypeId(map_index(sub.supertype));
  return type;
}

void TypeRegistry::publish(std::unique_ptr<CanonicalType> type) {
  static_assert(first_of(kChunks) >= limits::kMaxCanonicalTypes);
  uint32_t id = count_;
  type->id = CanonicalTypeId(id);
  if (type->supertype.valid()) {
    type->display_storage = get(type->supertype).display_storage;
    type->depth = static_cast<uint32_t>(type->display_storage.size());
  }
  type->display_storage.push_back(type.get());
  type->display = type->display_storage.data();
  uint32_t position = id - first_of(chunk_of(id));
  Chunk& chunk = chunks_[chunk_of(id)];
  const CanonicalType** slots = chunk.load(std::memory_order_relaxed);
  if (!slots) {
    slots = new const CanonicalType*[size_of(chunk_of(id))]();
    slots[position] = type.get();
    chunk.store(slots, std::memory_order_release);
  } else {
    slots[position] = type.get();  // published to readers by whatever hands them the id
  }
  types_.push_back(std::move(type));
  ++count_;
}

std::expected<void, ErrorCode> TypeRegistry::add_group(std::span<const SubType> group, uint32_t first_index,
                                                       std::span<const CanonicalTypeId> earlier,
                                                       std::vector<CanonicalTypeId>& out) {
  GroupWriter writer(first_index, earlier);
  for (const SubType& t : group) writer.add(t);
  std::string key = writer.take();

  std::lock_guard lock(mutex_);
  auto found = groups_.find(key);
  if (found == groups_.end()) {
    if (group.size() > limits::kMaxCanonicalTypes - count_) return std::unexpected(ErrorCode::limit_exceeded);
    uint32_t first_id = count_;
    // Depths first: nothing may be published if one of them is over the limit.
    std::vector<uint32_t> depths;
    for (const SubType& t : group) {
      uint32_t depth = 0;
      if (t.supertype != kNoIndex) {
        depth = 1 + (t.supertype >= first_index ? depths[t.supertype - first_index] : get(earlier[t.supertype]).depth);
      }
      if (depth > limits::kMaxSubtypeDepth) return std::unexpected(ErrorCode::limit_exceeded);
      depths.push_back(depth);
    }
    for (const SubType& t : group) publish(make_type(t, first_index, first_id, earlier));
    found = groups_.emplace(std::move(key), first_id).first;
  }
  for (uint32_t i = 0; i < group.size(); ++i) out.push_back(CanonicalTypeId(found->second + i));
  return {};
}

CanonicalTypeId TypeRegistry::add_func_type(const FuncType& canonical_type) {
  SubType sub;
  sub.func = canonical_type;
  // Its heap types are canonical already: present them as "earlier" types under the identity mapping.
  std::vector<CanonicalTypeId> identity;
  uint32_t limit = 0;
  auto note = [&](const ResultType& types) {
    for (ValType t : types) {
      if (t.is_ref() && t.heap().is_concrete() && t.heap().index() >= limit) limit = t.heap().index() + 1;
    }
  };
  note(canonical_type.params);
  note(canonical_type.results);
  for (uint32_t i = 0; i < limit; ++i) identity.push_back(CanonicalTypeId(i));
  std::vector<CanonicalTypeId> out;
  auto added = add_group({&sub, 1}, limit, identity, out);
  return added ? out[0] : CanonicalTypeId();
}

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
