// References held by the host. Objects on the garbage-collected heap get one root in the runtime, shared by all copies of the
// Ref; the other references (null, i31, functions) are plain bits.
#include "arris/ref.h"

#include <cstring>

#include "base/check.h"
#include "engine/access.h"

namespace arris::api {

using arris::runtime::HeapObject;
using detail::Access;
using detail::RootNode;
using detail::StoreState;

namespace {

ValType exactly(uint32_t canonical_id) { return ValType::ref(HeapType::concrete(canonical_id), false); }
ValType exactly(AbstractHeap heap) { return ValType::ref(heap, false); }

RootNode* new_root(StoreState* store, uint64_t bits) {
  auto* node = new RootNode{store, 1, store->store.add_root(bits), nullptr, store->roots};
  if (store->roots != nullptr) store->roots->previous = node;
  store->roots = node;
  return node;
}

Ref rooted(StoreState* store, ValType type, const void* object) {
  auto bits = static_cast<uint64_t>(reinterpret_cast<uintptr_t>(object));
  return Access::ref(type, bits, new_root(store, bits));
}

template <class T>
T* object(uint64_t bits) {
  return reinterpret_cast<T*>(static_cast<uintptr_t>(bits));
}

}  // namespace

namespace detail {

Ref ref_from_slot(StoreState* store, uint64_t bits, ValType static_type) {
  HeapType heap = static_type.heap();
  if (bits == 0) return Ref::null(heap);
  switch (store->registry().top_of(heap)) {
    case AbstractHeap::func: {
      auto* func = object<const arris::runtime::FuncInstance>(bits);
      return Access::ref(exactly(func->type->id.value), bits, nullptr);
    }
    case AbstractHeap::exn: return rooted(store, exactly(AbstractHeap::exn), object<void>(bits));
    case AbstractHeap::extern_: {
      ValType type = exactly(AbstractHeap::extern_);
      return arris::runtime::is_i31(bits) ? Access::ref(type, bits, nullptr) : rooted(store, type, object<void>(bits));
    }
    default: break;
  }
  if (arris::runtime::is_i31(bits)) return Access::ref(exactly(AbstractHeap::i31), bits, nullptr);
  const arris::CanonicalType* type = object<HeapObject>(bits)->type;
  bool is_host = type == &store->store.heap().host_object_type();
  return rooted(store, is_host ? exactly(AbstractHeap::any) : exactly(type->id.value), object<void>(bits));
}

bool ref_to_slot(const StoreState* store, const Ref& ref, ValType type, uint64_t* slot) {
  uint64_t bits = Access::bits(ref);
  *slot = bits;
  if (bits == 0) return type.is_nullable();
  if (const RootNode* node = Access::node(ref); node != nullptr && node->store != store) return false;
  if (!store->registry().is_subtype(ref.type(), type)) return false;
  if (!ref.is_func()) return true;
  auto* func = object<const arris::runtime::FuncInstance>(bits);
  // Every host function is made by Func, so its environment is a HostEnvironment.
  const void* owner = func->host == nullptr ? static_cast<const void*>(func->instance->store)
                                            : &static_cast<HostEnvironment*>(func->host_environment)->store->store;
  return owner == &store->store;
}

}  // namespace detail

Ref::Ref(const Ref& other) : type_(other.type_), bits_(other.bits_), node_(other.node_) {
  if (node_ != nullptr) ++node_->count;
}

Ref::Ref(Ref&& other) noexcept : type_(other.type_), bits_(other.bits_), node_(other.node_) {
  other.type_ = ValType::ref(AbstractHeap::bottom, true);
  other.bits_ = 0;
  other.node_ = nullptr;
}

Ref& Ref::operator=(const Ref& other) {
  if (this != &other) *this = Ref(other);
  return *this;
}

Ref& Ref::operator=(Ref&& other) noexcept {
  std::swap(type_, other.type_);
  std::swap(bits_, other.bits_);
  std::swap(node_, other.node_);
  return *this;
}

void Ref::release() {
  if (--node_->count != 0) return;
  if (StoreState* store = node_->store; store != nullptr) {
    store->store.remove_root(node_->handle);
    (node_->previous != nullptr ? node_->previous->next : store->roots) = node_->next;
    if (node_->next != nullptr) node_->next->previous = node_->previous;
  }
  delete node_;
}

Ref Ref::null(HeapType heap) { return Ref(ValType::ref(heap, true), 0, nullptr); }

Ref Ref::i31(int32_t value) {
  return Ref(exactly(AbstractHeap::i31), arris::runtime::make_i31(static_cast<uint32_t>(value)), nullptr);
}

Ref Ref::func(const Func& func) {
  const arris::runtime::FuncInstance* instance = Access::instance(func);
  return Ref(exactly(instance->type->id.value), reinterpret_cast<uintptr_t>(instance), nullptr);
}

std::expected<Ref, Trap> Ref::host(StoreRef store, uint64_t value) {
  StoreState* state = Access::state(store);
  HeapObject* made = state->store.heap().allocate_host_object(value);
  if (made == nullptr) return std::unexpected(Trap(TrapCode::gc_heap_exhausted));
  return rooted(state, exactly(AbstractHeap::extern_), made);
}

std::expected<Ref, Trap> Ref::host(StoreRef store, void* value) {
  return host(store, static_cast<uint64_t>(reinterpret_cast<uintptr_t>(value)));
}

std::expected<Ref, Trap> Ref::exception(StoreRef store, const Tag& tag, std::span<const Val> payload) {
  StoreState* state = Access::state(store);
  const arris::CanonicalType& type = *Access::instance(tag)->type;
  if (Access::owner(tag) != state) return std::unexpected(Trap("the exception's tag belongs to another store"));
  if (payload.size() != type.func.params.size())
    return std::unexpected(Trap("the exception's payload has another number of values than its tag"));
  std::vector<uint64_t> slots(type.param_slots);
  uint64_t* next = slots.data();
  for (size_t i = 0; i < payload.size(); ++i) {
    if (!detail::val_to_slots(state, payload[i], type.func.params[i], next))
      return std::unexpected(Trap("value " + std::to_string(i) + " of the exception's payload does not match its tag"));
    next += type.func.params[i].slots();
  }
  // The payload's Vals keep its references alive through a collection here.
  arris::runtime::ExceptionObject* made =
      state->store.heap().allocate_exception(Access::instance(tag), type.param_slots);
  if (made == nullptr) return std::unexpected(Trap(TrapCode::gc_heap_exhausted));
  if (!slots.empty()) std::memcpy(made->payload(), slots.data(), slots.size() * sizeof(uint64_t));
  return rooted(state, exactly(AbstractHeap::exn), made);
}

bool Ref::is_i31() const { return !is_null() && type_.heap() == HeapType(AbstractHeap::i31); }
bool Ref::is_struct() const {
  return node_ != nullptr && type_.heap().is_concrete() &&
         object<HeapObject>(bits_)->type->kind == arris::CompositeKind::struct_;
}
bool Ref::is_array() const {
  return node_ != nullptr && type_.heap().is_concrete() &&
         object<HeapObject>(bits_)->type->kind == arris::CompositeKind::array;
}
bool Ref::is_func() const { return !is_null() && node_ == nullptr && type_.heap().is_concrete(); }
bool Ref::is_exn() const { return !is_null() && type_.heap() == HeapType(AbstractHeap::exn); }
bool Ref::is_extern() const { return !is_null() && type_.heap() == HeapType(AbstractHeap::extern_); }
bool Ref::is_any() const { return !is_null() && !is_extern() && !is_exn() && !is_func(); }
bool Ref::is_host() const {
  if (node_ == nullptr || type_.heap().is_concrete() || is_exn()) return false;
  return object<HeapObject>(bits_)->type == &node_->store->store.heap().host_object_type();
}

int32_t Ref::i31_s() const { return arris::runtime::i31_get_s(bits_); }
uint32_t Ref::i31_u() const { return arris::runtime::i31_get_u(bits_); }
uint64_t Ref::host_value() const { return is_host() ? object<arris::runtime::HostObject>(bits_)->value : 0; }

std::optional<Func> Ref::as_func() const {
  if (!is_func()) return std::nullopt;
  auto* func = object<const arris::runtime::FuncInstance>(bits_);
  if (func->host != nullptr)
    return Access::func(static_cast<detail::HostEnvironment*>(func->host_environment)->store, func);
  return Access::func(static_cast<StoreState*>(func->instance->store->options().embedder), func);
}

Ref Ref::to_extern() const {
  if (is_null()) return null(AbstractHeap::extern_);
  Ref converted = *this;
  if (is_any()) converted.type_ = exactly(AbstractHeap::extern_);
  return converted;
}

Ref Ref::to_any() const {
  if (is_null()) return null(AbstractHeap::any);
  if (!is_extern()) return *this;
  Ref converted = *this;
  if (arris::runtime::is_i31(bits_)) {
    converted.type_ = exactly(AbstractHeap::i31);
  } else {
    converted.type_ = is_host() ? exactly(AbstractHeap::any) : exactly(object<HeapObject>(bits_)->type->id.value);
  }
  return converted;
}

Tag Ref::exception_tag() const {
  CHECK(is_exn());
  auto* tag = const_cast<arris::runtime::TagInstance*>(object<arris::runtime::ExceptionObject>(bits_)->tag);
  return Access::tag(node_->store, tag);
}

std::vector<Val> Ref::exception_payload() const {
  std::vector<Val> values;
  if (!is_exn()) return values;
  auto* exception = object<arris::runtime::ExceptionObject>(bits_);
  const uint64_t* next = exception->payload();
  for (ValType type : exception->tag->type->func.params) {
    values.push_back(detail::val_from_slots(node_->store, next, type));
    next += type.slots();
  }
  return values;
}

uint32_t Ref::length() const {
  if (is_array()) return object<arris::runtime::ArrayObject>(bits_)->length;
  if (is_struct()) return static_cast<uint32_t>(object<HeapObject>(bits_)->type->fields.size());
  return 0;
}

std::optional<Val> Ref::get(uint32_t index) const {
  if (index >= length()) return std::nullopt;
  const arris::CanonicalType& type = *object<HeapObject>(bits_)->type;
  bool array = type.kind == arris::CompositeKind::array;
  ValType storage = type.fields[array ? 0 : index].storage;
  const uint8_t* bytes =
      array ? object<arris::runtime::ArrayObject>(bits_)->elements() + size_t{index} * type.element_size
            : object<arris::runtime::StructObject>(bits_)->field(type.field_offsets[index]);
  uint64_t slots[2] = {};
  std::memcpy(slots, bytes, arris::storage_size_bytes(storage));
  return detail::val_from_slots(node_->store, slots, storage.is_packed() ? kI32 : storage);
}

}  // namespace arris::api
