#include "arris/extern.h"

#include <cstdio>

#include "engine/access.h"

namespace arris::api {
namespace {

std::string limits_text(const Limits& limits) {
  std::string out = limits.address == AddressType::i64 ? "i64 " : "";
  out += std::to_string(limits.min);
  if (limits.has_max) out += " " + std::to_string(limits.max);
  return out;
}

std::string list_text(const char* keyword, const ResultType& types) {
  std::string out;
  if (types.empty()) return out;
  out = std::string(" (") + keyword;
  for (ValType type : types) out += " " + to_string(type);
  return out + ")";
}

}  // namespace

std::string to_string(const ExternType& type) {
  if (const FuncType* func = type.func())
    return "(func" + list_text("param", func->params) + list_text("result", func->results) + ")";
  if (const TableType* table = type.table())
    return "(table " + limits_text(table->limits) + " " + to_string(table->element) + ")";
  if (const MemoryType* memory = type.memory()) {
    std::string out = "(memory " + limits_text(memory->limits) + (memory->shared ? " shared" : "");
    if (memory->page_size_log2 != 16)
      out += " (pagesize " + std::to_string(uint64_t{1} << memory->page_size_log2) + ")";
    return out + ")";
  }
  if (const GlobalType* global = type.global()) {
    std::string content = to_string(global->type);
    return global->is_mutable ? "(global (mut " + content + "))" : "(global " + content + ")";
  }
  return "(tag" + list_text("param", type.tag()->func.params) + ")";
}

ExternType Extern::type() const {
  return std::visit([](const auto& value) { return ExternType(value.type()); }, value_);
}

namespace detail {

Extern Access::from_runtime(StoreState* store, const arris::runtime::Extern& value) {
  switch (value.kind) {
    case ExternKind::func: break;
    case ExternKind::table: return table(store, value.table);
    case ExternKind::memory: return memory(store, value.memory);
    case ExternKind::global: return global(store, value.global);
    case ExternKind::tag: return tag(store, value.tag);
  }
  return func(store, value.func);
}

bool Access::to_runtime(const StoreState* store, const Extern& value, arris::runtime::Extern& out) {
  out.kind = value.kind();
  if (const Func* func = value.func()) {
    out.func = const_cast<arris::runtime::FuncInstance*>(func->func_);
    return func->store_ == store;
  }
  if (const Table* table = value.table()) {
    out.table = table->table_;
    return table->store_ == store;
  }
  if (const Memory* memory = value.memory()) {
    out.memory = memory->memory_;
    return memory->store_ == store;
  }
  if (const Global* global = value.global()) {
    out.global = global->global_;
    return global->store_ == store;
  }
  out.tag = value.tag()->tag_;
  return value.tag()->store_ == store;
}

}  // namespace detail
}  // namespace arris::api
