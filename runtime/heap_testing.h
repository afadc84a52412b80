// What the heap's tests share: types of many shapes, roots, and how long the long ones may take.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/heap.h"

namespace arris::runtime {

#if defined(__SANITIZE_ADDRESS__)
#define ARRIS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARRIS_ASAN 1
#endif
#endif
#ifndef ARRIS_ASAN
#define ARRIS_ASAN 0
#endif

// Long tests run in full only where they are quick.
#if defined(NDEBUG) && !ARRIS_ASAN
constexpr uint32_t kScale = 1;
#else
constexpr uint32_t kScale = 20;
#endif

inline uint64_t ref(const HeapObject* object) { return reinterpret_cast<uint64_t>(object); }

struct Roots : RootProvider {
  std::vector<uint64_t> precise;
  std::vector<uint64_t> conservative;
  void visit_roots(RootVisitor& visitor) override {
    for (uint64_t r : precise) visitor.visit_reference(r);
    visitor.visit_conservatively(conservative.data(), conservative.data() + conservative.size());
  }
};

class HeapTest : public testing::Test {
 protected:
  const CanonicalType& add(CompositeKind kind, std::vector<ValType> fields) {
    SubType sub;
    sub.kind = kind;
    for (ValType type : fields) sub.fields.push_back({type, true});
    std::vector<CanonicalTypeId> ids;
    EXPECT_TRUE(registry_.add_group({&sub, 1}, 0, {}, ids));
    return registry_.get(ids.at(0));
  }
  const CanonicalType& add_struct(std::vector<ValType> fields) {
    return add(CompositeKind::struct_, std::move(fields));
  }
  const CanonicalType& add_array(ValType element) { return add(CompositeKind::array, {element}); }
  // A struct of `bytes` in all, with one i64 or nothing but i64 fields.
  const CanonicalType& struct_of_size(uint32_t bytes) { return add_struct(std::vector<ValType>(bytes / 8 - 1, kI64)); }

  static uint64_t& field(HeapObject* object, uint32_t index) { return reinterpret_cast<uint64_t*>(object + 1)[index]; }
  static uint64_t& element(ArrayObject* array, uint32_t index) {
    return reinterpret_cast<uint64_t*>(array->elements())[index];
  }

  TypeRegistry registry_;
  Roots roots_;
  const CanonicalType& leaf_ = add_struct({kI64});
  const CanonicalType& node_ = add_struct({kAnyRef, kI64});  // 24 bytes
  const CanonicalType& pair_ = add_struct({kAnyRef, kAnyRef});
  const CanonicalType& bytes_ = add_array(TypeCode::i8);
  const CanonicalType& refs_ = add_array(kAnyRef);
  const CanonicalType& vectors_ = add_array(kV128);
};

inline HeapOptions limit(uint64_t bytes) { return {.limit_bytes = bytes}; }

}  // namespace arris::runtime
