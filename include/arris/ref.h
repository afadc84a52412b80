// Ref: a reference value held by the host. Spec: exec/runtime, values.
//
// A Ref to a garbage-collected object roots it: the object lives, and keeps its identity, as long as any copy of the Ref. Null,
// i31 and function references need no root. A Ref belongs to one Store and to that Store's thread; it may outlive the Store,
// after which it only can be destroyed, copied and asked is_null().
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <vector>

#include "arris/detail/fwd.h"
#include "arris/types.h"

namespace arris::api {

class Ref {
 public:
  // Null, of no particular hierarchy: fits every nullable reference type.
  Ref() = default;
  static Ref null(HeapType heap = AbstractHeap::bottom);
  static Ref i31(int32_t value);  // takes the low 31 bits
  static Ref func(const Func& func);
  // A host value as externref; each call makes a new identity. Traps with gc_heap_exhausted.
  static std::expected<Ref, Trap> host(StoreRef store, uint64_t value);
  static std::expected<Ref, Trap> host(StoreRef store, void* value);
  // A new exception with this tag, not thrown yet. Payload types are checked (Trap host_error).
  static std::expected<Ref, Trap> exception(StoreRef store, const Tag& tag, std::span<const Val> payload);

  Ref(const Ref& other);
  Ref(Ref&& other) noexcept;
  Ref& operator=(const Ref& other);
  Ref& operator=(Ref&& other) noexcept;
  ~Ref() {
    if (node_ != nullptr) release();
  }

  // The most precise type known: the exact defined type of structs, arrays and functions, i31, extern, exn, any.
  ValType type() const { return type_; }
  bool is_null() const { return bits_ == 0; }
  bool is_i31() const;
  bool is_struct() const;
  bool is_array() const;
  bool is_eq() const { return is_i31() || is_struct() || is_array(); }
  bool is_func() const;
  bool is_exn() const;
  // In the extern hierarchy; is_any: in the any hierarchy. (extern.convert_any keeps the object and changes the hierarchy.)
  bool is_extern() const;
  bool is_any() const;
  // A host value, in either hierarchy.
  bool is_host() const;

  int32_t i31_s() const;        // only if is_i31()
  uint32_t i31_u() const;       // only if is_i31()
  uint64_t host_value() const;  // only if is_host()
  void* host_pointer() const {
    return reinterpret_cast<void*>(static_cast<uintptr_t>(host_value()));
  }  // NOLINT(performance-no-int-to-ptr)
  std::optional<Func> as_func() const;
  // extern.convert_any, any.convert_extern: the same object in the other hierarchy.
  Ref to_extern() const;
  Ref to_any() const;

  // Exceptions; only if is_exn() and not null.
  Tag exception_tag() const;
  std::vector<Val> exception_payload() const;

  // Structs and arrays. Packed fields read as i32, zero-extended. Absent: out of bounds.
  uint32_t length() const;  // fields of a struct, elements of an array; only if is_struct() or is_array()
  std::optional<Val> get(uint32_t index) const;

  // Identity (ref.eq for eq references; the same object for others).
  friend bool operator==(const Ref& a, const Ref& b) { return a.bits_ == b.bits_; }

 private:
  friend struct detail::Access;
  Ref(ValType type, uint64_t bits, detail::RootNode* node) : type_(type), bits_(bits), node_(node) {}
  void release();

  ValType type_ = ValType::ref(AbstractHeap::bottom, true);
  uint64_t bits_ = 0;
  detail::RootNode* node_ = nullptr;  // shared by copies; null if no root is needed
};

// Static types for host functions and typed calls. A plain Ref stands for externref there.
struct ExternRef : Ref {
  using Ref::Ref;
  ExternRef(Ref ref) : Ref(std::move(ref)) {}  // NOLINT
};
struct FuncRef : Ref {
  using Ref::Ref;
  FuncRef(Ref ref) : Ref(std::move(ref)) {}  // NOLINT
};
struct AnyRef : Ref {
  using Ref::Ref;
  AnyRef(Ref ref) : Ref(std::move(ref)) {}  // NOLINT
};
struct ExnRef : Ref {
  using Ref::Ref;
  ExnRef(Ref ref) : Ref(std::move(ref)) {}  // NOLINT
};

}  // namespace arris::api
