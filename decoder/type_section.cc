// The type section: recursive groups, canonicalised one by one as they are read. A type may refer to earlier types and to its
// own group only, and its supertype must stand before it; that is what lets equal groups be found without a graph search.
#include "decoder/sections.h"
#include "decoder/type_reader.h"
#include "wasm/limits.h"

namespace arris::decoder {
namespace {

constexpr uint8_t kRec = 0x4E;
constexpr uint8_t kSubFinal = 0x4F;
constexpr uint8_t kSub = 0x50;
constexpr uint8_t kArray = 0x5E;
constexpr uint8_t kStruct = 0x5F;
constexpr uint8_t kFunc = 0x60;

ResultType read_result_type(Cursor& in, Features features, uint32_t limit, const char* what) {
  ResultType types;
  uint32_t count = read_count(in, limit, what);
  for (uint32_t i = 0; i < count && in.ok(); ++i) types.push_back(read_val_type(in, features));
  return types;
}

FieldType read_field_type(Cursor& in, Features features) {
  FieldType field;
  field.storage = read_storage_type(in, features);
  field.is_mutable = read_mutability(in);
  return field;
}

void read_composite_type(Cursor& in, Features features, SubType& type) {
  const uint8_t* start = in.position();
  uint8_t form = in.u8();
  if (form & 0x80) in.fail(ErrorCode::integer_too_long, start);  // forms are signed integers of 7 bits
  bool gc = features.has(Feature::gc);
  if (form == kFunc) {
    type.kind = CompositeKind::func;
    type.func.params = read_result_type(in, features, limits::kMaxFunctionParams, "parameters");
    const uint8_t* results = in.position();
    type.func.results = read_result_type(in, features, limits::kMaxFunctionResults, "results");
    if (type.func.results.size() > 1 && !features.has(Feature::multi_value))
      in.fail(ErrorCode::invalid_result_arity, results);
  } else if (form == kStruct && gc) {
    type.kind = CompositeKind::struct_;
    uint32_t count = read_count(in, limits::kMaxStructFields, "fields");
    for (uint32_t i = 0; i < count && in.ok(); ++i) type.fields.push_back(read_field_type(in, features));
  } else if (form == kArray && gc) {
    type.kind = CompositeKind::array;
    type.fields.push_back(read_field_type(in, features));
  } else {
    in.fail(ErrorCode::malformed_definition_type, start);
  }
}

}  // namespace

SubType read_sub_type(Cursor& in, Features features) {
  SubType type;
  uint8_t form = in.peek();
  if ((form == kSub || form == kSubFinal) && features.has(Feature::gc)) {
    in.u8();
    type.is_final = form == kSubFinal;
    const uint8_t* start = in.position();
    uint32_t supertypes = in.u32();
    if (supertypes > 1 && in.ok()) in.fail(ErrorCode::sub_type_mismatch, start, "more than one supertype");
    if (supertypes == 1) {
      type.supertype = in.u32();
      if (type.supertype == kNoIndex) in.fail(ErrorCode::unknown_type, start);
    }
  }
  read_composite_type(in, features, type);
  return type;
}

namespace {

// The types a type refers to must be among the first `end`.
bool refers_below(const SubType& type, uint32_t end, uint32_t& culprit) {
  auto below = [&](ValType t) {
    if (!t.is_ref() || !t.heap().is_concrete() || t.heap().index() < end) return true;
    culprit = t.heap().index();
    return false;
  };
  for (ValType t : type.func.params) {
    if (!below(t)) return false;
  }
  for (ValType t : type.func.results) {
    if (!below(t)) return false;
  }
  for (const FieldType& f : type.fields) {
    if (!below(f.storage)) return false;
  }
  return true;
}

void add_group(Cursor& in, Module& module, const RecGroup& group, const uint8_t* start) {
  for (uint32_t i = group.first; i < group.first + group.count; ++i) {
    const SubType& type = module.types[i];
    uint32_t culprit = type.supertype;
    if ((type.supertype != kNoIndex && type.supertype >= i) ||
        !refers_below(type, group.first + group.count, culprit)) {
      in.fail(ErrorCode::unknown_type, start, std::to_string(culprit) + " in type " + std::to_string(i));
      return;
    }
  }
  std::span<const SubType> types(module.types.data() + group.first, group.count);
  std::vector<CanonicalTypeId> ids;
  if (auto added = module.registry->add_group(types, group.first, module.canonical_types, ids); !added) {
    in.fail(added.error(), start);
    return;
  }
  if (!ids.empty()) module.type_holds.adopt(ids.front());
  module.canonical_types.insert(module.canonical_types.end(), ids.begin(), ids.end());
  module.rec_groups.push_back(group);
}

}  // namespace

void decode_type_section(Cursor& in, Module& module) {
  uint32_t groups = read_count(in, limits::kMaxTypes, "types");
  for (uint32_t i = 0; i < groups && in.ok(); ++i) {
    const uint8_t* start = in.position();
    RecGroup group{static_cast<uint32_t>(module.types.size()), 1, false};
    if (in.peek() == kRec && module.features.has(Feature::gc)) {
      in.u8();
      group.is_explicit = true;
      group.count = read_count(in, limits::kMaxRecGroupTypes, "types in a group");
    }
    for (uint32_t k = 0; k < group.count && in.ok(); ++k) {
      if (module.types.size() >= limits::kMaxTypes) in.fail(ErrorCode::limit_exceeded, start, "too many types");
      module.types.push_back(read_sub_type(in, module.features));
    }
    if (in.ok()) add_group(in, module, group, start);
  }
}

}  // namespace arris::decoder
