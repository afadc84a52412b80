// For the room's tests: Modules filled by hand, as decoder and validator would.
#pragma once

#include <initializer_list>
#include <memory>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/store.h"
#include "wasm/module.h"

namespace arris::runtime::test {

using Bytes = std::vector<uint8_t>;

inline Bytes i32_const(uint8_t small) { return {0x41, small, 0x0B}; }

class ModuleBuilder {
 public:
  ModuleBuilder() : module_(std::make_shared<Module>()) {
    module_->registry = std::make_shared<TypeRegistry>();
    module_->bytes.reserve(1 << 20);
  }
  explicit ModuleBuilder(const Store& store) : ModuleBuilder() { module_->registry = store.options().registry; }

  ByteRange bytes(const Bytes& content) {
    ByteRange range{static_cast<uint32_t>(module_->bytes.size()), static_cast<uint32_t>(content.size())};
    module_->bytes.insert(module_->bytes.end(), content.begin(), content.end());
    return range;
  }
  ByteRange text(std::string_view s) { return bytes(Bytes(s.begin(), s.end())); }
  ConstExpr expr(const Bytes& code) { return {bytes(code)}; }

  // A recursive group of one.
  TypeIndex add_type(SubType type) {
    auto index = static_cast<uint32_t>(module_->types.size());
    module_->types.push_back(type);
    EXPECT_TRUE(module_->registry->add_group({&type, 1}, index, module_->canonical_types, module_->canonical_types));
    if (index == 0) module_->type_holds = TypeHolds(module_->registry);
    module_->type_holds.adopt(module_->canonical_types.back());
    return TypeIndex(index);
  }
  TypeIndex add_func_type(ResultType params, ResultType results) {
    SubType type;
    type.func = {std::move(params), std::move(results)};
    return add_type(std::move(type));
  }

  Import& import(std::string_view module, std::string_view name, ExternKind kind) {
    Import& import = module_->imports.emplace_back();
    import.module = text(module);
    import.name = text(name);
    import.type.kind = kind;
    return import;
  }
  void import_memory(const MemoryType& type) {
    import("env", "memory", ExternKind::memory).type.memory = type;
    module_->memories.push_back(type);
    ++module_->imported_memories;
  }
  void import_table(const TableType& type) {
    import("env", "table", ExternKind::table).type.table = type;
    module_->tables.push_back({type, std::nullopt});
    ++module_->imported_tables;
  }
  void import_global(const GlobalType& type) {
    import("env", "global", ExternKind::global).type.global = type;
    module_->globals.push_back({type, {}});
    ++module_->imported_globals;
  }
  void import_tag(TypeIndex type) {
    import("env", "tag", ExternKind::tag).type.type = type;
    module_->tags.push_back(type);
    ++module_->imported_tags;
  }
  void import_func(TypeIndex type) {
    import("env", "func", ExternKind::func).type.type = type;
    module_->funcs.push_back(type);
    ++module_->imported_funcs;
  }

  // A function without locals whose frame record comes right behind its parameters.
  FuncIndex add_func(TypeIndex type, const Bytes& code) {
    const CanonicalType& canonical = module_->canonical_type(type);
    FuncBody body;
    body.body = bytes(code);
    body.code_offset = body.body.offset;
    module_->bodies.push_back(body);
    FuncCode func;
    func.code_size = static_cast<uint32_t>(code.size());
    func.param_slots = canonical.param_slots;
    func.result_slots = canonical.result_slots;
    func.param_count = func.local_count = func.frame_offset = static_cast<uint32_t>(canonical.func.params.size());
    func.type = canonical.id;
    module_->func_codes.push_back(func);
    module_->funcs.push_back(type);
    return FuncIndex(static_cast<uint32_t>(module_->funcs.size() - 1));
  }

  Module& operator*() { return *module_; }
  Module* operator->() { return module_.get(); }

  // The code copy is that of all bytes.
  std::shared_ptr<const Module> finish() {
    module_->code_begin = 0;
    module_->code_end = static_cast<uint32_t>(module_->bytes.size());
    module_->code.reset(new uint8_t[module_->bytes.size() + Module::kCodePadding]());
    std::copy(module_->bytes.begin(), module_->bytes.end(), module_->code.get());
    for (size_t i = 0; i < module_->bodies.size(); ++i) {
      module_->func_codes[i].code = module_->code.get() + module_->bodies[i].code_offset;
    }
    return module_;
  }

 private:
  std::shared_ptr<Module> module_;
};

inline StoreOptions test_options() {
  StoreOptions options;
  options.registry = std::make_shared<TypeRegistry>();
  return options;
}

inline const CanonicalType& func_type(Store& store, ResultType params, ResultType results) {
  return store.func_type({std::move(params), std::move(results)});
}

inline MemoryType memory_type(uint64_t min, uint64_t max, bool shared = false, uint8_t page_size_log2 = 16,
                              AddressType address = AddressType::i32) {
  MemoryType type;
  type.limits = {min, max, true, address};
  type.shared = shared;
  type.page_size_log2 = page_size_log2;
  return type;
}
inline MemoryType unbounded_memory_type(uint64_t min, AddressType address = AddressType::i32,
                                        uint8_t page_size_log2 = 16) {
  MemoryType type;
  type.limits = {min, 0, false, address};
  type.page_size_log2 = page_size_log2;
  return type;
}
inline TableType table_type(ValType element, uint64_t min, uint64_t max) {
  return {element, {min, max, true, AddressType::i32}};
}

}  // namespace arris::runtime::test
