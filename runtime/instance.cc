// Instantiation, in the specification's order: match imports; allocate functions, tags and memories; evaluate globals, tables'
// initial values and element segments; run active segments; call the start function. The instance joins the Store before the first
// evaluation, so that the collector sees its half-filled arrays; until the first active segment nothing else can refer to it, and a
// failure takes it back.
#include "runtime/instance.h"

#include <new>

#include "base/check.h"
#include "base/leb128.h"
#include "base/printable.h"
#include "runtime/const_expr.h"
#include "runtime/memory.h"
#include "runtime/memory_image.h"
#include "runtime/table.h"

namespace arris::runtime {

Extern Instance::export_at(uint32_t i) const {
  const Export& e = module_->exports[i];
  Extern value{};
  value.kind = e.kind;
  switch (e.kind) {
    case ExternKind::func: value.func = funcs_[e.index]; break;
    case ExternKind::table: value.table = tables_[e.index]; break;
    case ExternKind::memory: value.memory = memories_[e.index]; break;
    case ExternKind::global: value.global = globals_[e.index]; break;
    case ExternKind::tag: value.tag = tags_[e.index]; break;
  }
  return value;
}

void Instance::visit_roots(RootVisitor& visitor) {
  for (size_t i = 0; i < elems_.size(); ++i) {
    if (elems_[i].size == 0) continue;
    ValType type = module_->canonical(module_->elems[i].type);
    if (module_->registry->top_of(type.heap()) == AbstractHeap::func) continue;
    for (uint64_t k = 0; k < elems_[i].size; ++k) visitor.visit_reference(elems_[i].elements[k]);
  }
}

bool Instance::clear(uint64_t keep_memory_bytes) {
  const Module& m = *module_;
  for (size_t i = m.imported_memories; i < memories_.size(); ++i) {
    if (memories_[i]->shared || !memories_[i]->owner->reset(m.memories[i].limits.min, keep_memory_bytes)) return false;
  }
  for (size_t i = m.imported_globals; i < globals_.size(); ++i) globals_[i]->value[0] = globals_[i]->value[1] = 0;
  for (size_t i = m.imported_tables; i < tables_.size(); ++i) tables_[i]->owner->clear(m.tables[i].type.limits.min);
  for (DataInstance& data : datas_) data = {};
  for (ElemInstance& elem : elems_) elem = {};
  for (auto& storage : elem_storage_) storage.reset();
  return true;
}

class Instantiator {
 public:
  using Status = std::expected<void, InstantiationFailure>;

  Instantiator(Store& store, std::shared_ptr<const Module> module, std::span<const Extern> imports,
               const MemoryImage* image)
      : store_(store),
        module_(*module),
        imports_(imports),
        image_(image),
        owned_(new Instance(std::move(module))),
        instance_(*owned_) {}
  Instantiator(Store& store, Instance& cleared) : store_(store), module_(cleared.module()), instance_(cleared) {}

  std::expected<Instance*, InstantiationFailure> run() {
    if (Status ok = check_imports(); !ok) return std::unexpected(std::move(ok).error());
    StoreMark mark = store_.mark();
    if (Status ok = allocate(); !ok) {
      if (store_.heap().is_used()) store_.hold_types(module_);
      store_.rewind(mark);
      return std::unexpected(std::move(ok).error());
    }
    if (Status ok = initialize(); !ok) return std::unexpected(std::move(ok).error());
    return &instance_;
  }

  Status run_again() {
    refresh_memory0_size();
    TRY_VOID(make_globals());
    TRY_VOID(make_tables());
    TRY_VOID(make_segments());
    return initialize();
  }

 private:
  std::unexpected<InstantiationFailure> refuse(ErrorCode code, std::string detail) {
    return std::unexpected(InstantiationFailure{.error = {.code = code, .detail = std::move(detail)}});
  }
  std::unexpected<InstantiationFailure> trap(TrapCode code) {
    store_.set_trap(code);
    store_.capture_backtrace(nullptr, nullptr, nullptr);
    return std::unexpected(InstantiationFailure{.outcome = Outcome::trap});
  }

  Status check_imports() {
    for (size_t i = 0; i < module_.imports.size(); ++i) {
      const Import& import = module_.imports[i];
      auto name = [&] { return quoted(module_.text(import.module)) + ' ' + quoted(module_.text(import.name)); };
      if (i >= imports_.size()) return refuse(ErrorCode::unknown_import, name());
      std::string mismatch = explain_import_mismatch(store_, module_, import, imports_[i]);
      if (!mismatch.empty()) return refuse(ErrorCode::incompatible_import_type, name() + ": " + mismatch);
    }
    return {};
  }

  Status allocate() {
    reserve_arrays();
    take_imports();
    make_funcs();
    for (size_t i = module_.imported_tags; i < module_.tags.size(); ++i) {
      instance_.tags_.push_back(store_.new_tag(module_.canonical_type(module_.tags[i])));
    }
    TRY_VOID(make_memories());
    fill_data();
    store_.adopt_instance(std::move(owned_));
    TRY_VOID(make_globals());
    TRY_VOID(make_tables());
    return make_segments();
  }

  Status initialize() {
    TRY_VOID(run_active_segments());
    if (module_.start.valid()) {
      Outcome outcome = store_.invoke(*instance_.funcs_[module_.start.value], {}, {});
      if (outcome != Outcome::ok) return std::unexpected(InstantiationFailure{.outcome = outcome});
    }
    return {};
  }

  // The arrays' addresses are published in InstanceData while they are still being filled: they must not move.
  void reserve_arrays() {
    instance_.own_funcs_.reserve(module_.funcs.size() - module_.imported_funcs);
    instance_.funcs_.reserve(module_.funcs.size());
    instance_.tables_.reserve(module_.tables.size());
    instance_.memories_.reserve(module_.memories.size());
    instance_.globals_.reserve(module_.globals.size());
    instance_.tags_.reserve(module_.tags.size());
    instance_.types_.reserve(module_.types.size());
    instance_.datas_.resize(module_.datas.size());
    instance_.elems_.resize(module_.elems.size());
    instance_.elem_storage_.resize(module_.elems.size());
  }

  void take_imports() {
    for (size_t i = 0; i < module_.imports.size(); ++i) {
      const Extern& value = imports_[i];
      switch (value.kind) {
        case ExternKind::func: instance_.funcs_.push_back(value.func); break;
        case ExternKind::table: instance_.tables_.push_back(value.table); break;
        case ExternKind::memory: instance_.memories_.push_back(value.memory); break;
        case ExternKind::global: instance_.globals_.push_back(value.global); break;
        case ExternKind::tag: instance_.tags_.push_back(value.tag); break;
      }
    }
  }

  void make_funcs() {
    for (CanonicalTypeId id : module_.canonical_types) instance_.types_.push_back(&module_.registry->get(id));
    const MachineEntry* entry = store_.slow_entry();
    for (uint32_t i = module_.imported_funcs; i < module_.funcs.size(); ++i) {
      const FuncCode* code = &module_.func_codes[i - module_.imported_funcs];
      const CanonicalType* type = instance_.types_[module_.funcs[i].value];
      instance_.own_funcs_.push_back({type, code, &instance_.data_, nullptr, nullptr, FuncIndex(i), entry});
      instance_.funcs_.push_back(&instance_.own_funcs_.back());
    }
  }

  Status make_memories() {
    for (size_t i = module_.imported_memories; i < module_.memories.size(); ++i) {
      const MemoryType& type = module_.memories[i];
      MemoryInstance* memory = store_.new_memory(type);
      if (!memory) {
        return refuse(store_.within_limits(type) ? ErrorCode::out_of_memory : ErrorCode::limit_exceeded,
                      "memory of " + std::to_string(type.limits.min) + " pages");
      }
      instance_.memories_.push_back(memory);
    }
    return {};
  }

  void fill_data() {
    InstanceData& data = instance_.data_;
    if (!instance_.memories_.empty()) {
      data.memory0_base = instance_.memories_[0]->base;
      refresh_memory0_size();
    }
    data.context = &store_.context();
    data.funcs = instance_.funcs_.data();
    data.func_codes = module_.func_codes.data();
    data.globals = instance_.globals_.data();
    data.tables = instance_.tables_.data();
    data.memories = instance_.memories_.data();
    data.types = instance_.types_.data();
    data.tags = instance_.tags_.data();
    data.datas = instance_.datas_.data();
    data.elems = instance_.elems_.data();
    data.imported_funcs = module_.imported_funcs;
    data.module = &module_;
    data.store = &store_;
    data.heap = &store_.heap();
  }

  void refresh_memory0_size() {
    if (instance_.memories_.empty()) return;
    instance_.data_.memory0_size = instance_.memories_[0]->size_bytes.load(std::memory_order_seq_cst);
  }

  // Globals and tables of an instance that is used again exist already.
  Status make_globals() {
    for (size_t i = module_.imported_globals; i < module_.globals.size(); ++i) {
      const GlobalDecl& global = module_.globals[i];
      ConstValue value;
      TRY_VOID(evaluate(global.init, value));
      if (i < instance_.globals_.size()) {
        instance_.globals_[i]->value[0] = value.slots[0];
        instance_.globals_[i]->value[1] = value.slots[1];
        continue;
      }
      instance_.globals_.push_back(store_.new_global(module_.canonical(global.type.type), global.type.is_mutable,
                                                     value.slots[0], value.slots[1]));
    }
    if (!instance_.globals_.empty()) instance_.data_.global0 = instance_.globals_[0];
    return {};
  }

  Status make_tables() {
    for (size_t i = module_.imported_tables; i < module_.tables.size(); ++i) {
      const TableDecl& decl = module_.tables[i];
      TableType type{module_.canonical(decl.type.element), decl.type.limits};
      ConstValue initial;
      if (decl.init) TRY_VOID(evaluate(*decl.init, initial));
      bool exists = i < instance_.tables_.size();
      TableInstance* table = exists ? instance_.tables_[i] : store_.new_table(type, initial.slots[0]);
      bool filled = !exists || table->owner->grow(type.limits.min, initial.slots[0], type.limits.min) != ~uint64_t{0};
      if (!table || !filled) {
        return refuse(store_.within_limits(type) ? ErrorCode::out_of_memory : ErrorCode::limit_exceeded,
                      "table of " + std::to_string(type.limits.min) + " elements");
      }
      if (!exists) instance_.tables_.push_back(table);
    }
    if (!instance_.tables_.empty()) instance_.data_.table0 = instance_.tables_[0];
    return {};
  }

  Status make_segments() {
    for (size_t i = 0; i < module_.datas.size(); ++i) {
      std::span<const uint8_t> bytes = module_.range(module_.datas[i].bytes);
      instance_.datas_[i] = {bytes.data(), bytes.size()};
    }
    for (size_t i = 0; i < module_.elems.size(); ++i) {
      const ElemSegment& segment = module_.elems[i];
      if (segment.count == 0) continue;
      // Every item takes a byte of the module at least, so the module's size bounds this.
      instance_.elem_storage_[i].reset(new (std::nothrow) uint64_t[segment.count]());
      if (!instance_.elem_storage_[i]) return refuse(ErrorCode::out_of_memory, "element segment");
      instance_.elems_[i] = {instance_.elem_storage_[i].get(), segment.count};
      TRY_VOID(evaluate_items(segment, instance_.elems_[i].elements));
    }
    return {};
  }

  Status evaluate_items(const ElemSegment& segment, uint64_t* elements) {
    const uint8_t* p = module_.range(segment.items).data();
    for (uint32_t k = 0; k < segment.count; ++k) {
      if (!segment.is_expressions) {
        elements[k] = reinterpret_cast<uint64_t>(instance_.funcs_[read_uleb<uint32_t>(p)]);
        continue;
      }
      ConstValue value;
      TrapCode code = evaluate_const_code(store_, instance_.data_, p, value);
      if (code != TrapCode::none) return trap(code);
      elements[k] = value.slots[0];
    }
    return {};
  }

  Status run_active_segments() {
    for (size_t i = 0; i < module_.elems.size(); ++i) {
      const ElemSegment& segment = module_.elems[i];
      ElemInstance& elem = instance_.elems_[i];
      if (segment.mode == SegmentMode::active) {
        ConstValue offset;
        TRY_VOID(evaluate(segment.offset, offset));
        TrapCode code = table_init(*instance_.tables_[segment.table.value], offset.slots[0], elem, 0, elem.size);
        if (code != TrapCode::none) return trap(code);
      }
      if (segment.mode != SegmentMode::passive) {
        elem = {};
        instance_.elem_storage_[i].reset();
      }
    }
    if (image_ && instance_.memories_[0]->owner->map_image(*image_)) instance_.has_image_ = true;
    for (size_t i = 0; i < module_.datas.size(); ++i) {
      const DataSegment& segment = module_.datas[i];
      if (segment.mode != SegmentMode::active) continue;
      DataInstance& data = instance_.datas_[i];
      if (instance_.has_image_) {
        data_drop(data);
        continue;
      }
      ConstValue offset;
      TRY_VOID(evaluate(segment.offset, offset));
      TrapCode code = memory_init(*instance_.memories_[segment.memory.value], offset.slots[0], data, 0, data.size);
      if (code != TrapCode::none) return trap(code);
      data_drop(data);
    }
    return {};
  }

  Status evaluate(const ConstExpr& expr, ConstValue& value) {
    const uint8_t* p = module_.range(expr.code).data();
    TrapCode code = evaluate_const_code(store_, instance_.data_, p, value);
    if (code != TrapCode::none) return trap(code);
    return {};
  }

  Store& store_;
  const Module& module_;
  std::span<const Extern> imports_;
  const MemoryImage* image_ = nullptr;
  std::unique_ptr<Instance> owned_;
  Instance& instance_;
};

std::expected<Instance*, InstantiationFailure> instantiate(Store& store, std::shared_ptr<const Module> module,
                                                           std::span<const Extern> imports, const MemoryImage* image) {
  return Instantiator(store, std::move(module), imports, image).run();
}

std::expected<void, InstantiationFailure> reinstantiate(Store& store, Instance& instance) {
  return Instantiator(store, instance).run_again();
}

}  // namespace arris::runtime
