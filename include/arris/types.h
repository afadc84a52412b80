// Types of the WebAssembly language as embedders see them. Spec: syntax/types.
//
// The vocabulary is the engine's own (wasm/*.h): value types that name a defined type carry its canonical type id, which is
// unique within one Engine, so that equal types compare equal across modules. Types of different engines must not be mixed.
// All of these are plain values: copy them freely, from any thread. They keep no defined type alive: an id means something as long as
// a Module with that type lives, a Store in which such a Module was instantiated or the host made something of that type, or a
// function of that type in a Linker. Later it names nothing, and in the end another type.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "wasm/error.h"
#include "wasm/features.h"
#include "wasm/trap.h"
#include "wasm/types.h"
#include "wasm/v128.h"

namespace arris::api {

using arris::AbstractHeap;
using arris::AddressType;
using arris::Error;
using arris::ErrorCode;
using arris::ErrorPhase;
using arris::ExternKind;
using arris::Feature;
using arris::Features;
using arris::FuncType;
using arris::GlobalType;
using arris::HeapType;
using arris::kAnyRef;
using arris::kExnRef;
using arris::kExternKindNames;
using arris::kExternRef;
using arris::kF32;
using arris::kF64;
using arris::kFuncRef;
using arris::kI32;
using arris::kI64;
using arris::kNoOffset;
using arris::kV128;
using arris::Limits;
using arris::MemoryType;
using arris::message_of;
using arris::phase_of;
using arris::ResultType;
using arris::TableType;
using arris::to_string;
using arris::TrapCode;
using arris::TypeCode;
using arris::V128;
using arris::ValType;
using arris::wasmedge_code_of;

// The type of an exception tag: its payload are the parameters. Spec: syntax/types, tag types.
struct TagType {
  FuncType func;
};

// The type of something imported or exported. The alternatives are in the order of ExternKind.
class ExternType {
 public:
  using Variant = std::variant<FuncType, TableType, MemoryType, GlobalType, TagType>;
  ExternType(Variant type) : type_(std::move(type)) {}  // NOLINT

  ExternKind kind() const { return static_cast<ExternKind>(type_.index()); }
  const Variant& variant() const { return type_; }
  // The type of that kind, or null.
  const FuncType* func() const { return std::get_if<FuncType>(&type_); }
  const TableType* table() const { return std::get_if<TableType>(&type_); }
  const MemoryType* memory() const { return std::get_if<MemoryType>(&type_); }
  const GlobalType* global() const { return std::get_if<GlobalType>(&type_); }
  const TagType* tag() const { return std::get_if<TagType>(&type_); }

 private:
  Variant type_;
};

// For messages: "(func (param i32) (result i64))", "(memory 1 2 shared)", ...
std::string to_string(const ExternType& type);

}  // namespace arris::api
