// Module: a decoded module as declared data, with ranges into its own bytes. Spec: syntax/modules.
//
// Made by decoder/, completed by decoder/validator (funcs' FuncCode), then immutable: shared by every instance, thread and
// tier. Value types inside use the module's type indices (wasm/types.h); canonical_types maps them to the TypeRegistry.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/features.h"
#include "wasm/index.h"
#include "wasm/side_table.h"
#include "wasm/type_registry.h"
#include "wasm/types.h"

namespace arris {

// A range of Module::bytes.
struct ByteRange {
  uint32_t offset = 0;
  uint32_t size = 0;
  uint32_t end() const { return offset + size; }
};

struct RecGroup {
  uint32_t first;
  uint32_t count;
  bool is_explicit;  // written as `rec`, even if it has one member
};

// A constant expression: its instructions up to and with `end`.
struct ConstExpr {
  ByteRange code;
};

struct ExternType {
  ExternKind kind = ExternKind::func;
  TypeIndex type;  // func, tag
  TableType table;
  MemoryType memory;
  GlobalType global;
};

struct Import {
  ByteRange module;
  ByteRange name;
  ExternType type;
};

struct Export {
  ByteRange name;
  ExternKind kind = ExternKind::func;
  uint32_t index = 0;
};

struct TableDecl {
  TableType type;
  std::optional<ConstExpr> init;  // absent: null
};

struct GlobalDecl {
  GlobalType type;
  ConstExpr init;  // unused for imports
};

enum class SegmentMode : uint8_t { active, passive, declarative };

struct ElemSegment {
  SegmentMode mode = SegmentMode::passive;
  TableIndex table;  // active
  ConstExpr offset;  // active
  ValType type;
  uint32_t count = 0;
  bool is_expressions = false;  // items: `count` constant expressions; otherwise `count` function indices (LEB128)
  ByteRange items;              // the items without the count
};

struct DataSegment {
  SegmentMode mode = SegmentMode::passive;
  MemoryIndex memory;  // active
  ConstExpr offset;    // active
  ByteRange bytes;
};

struct LocalGroup {
  uint32_t count;
  ValType type;
};

// One function of the code section as declared.
struct FuncBody {
  ByteRange body;            // locals and instructions, without the size field
  uint32_t code_offset = 0;  // of the first instruction
  std::vector<LocalGroup> locals;
};

// One function as the tiers execute it. Written by the validator.
//
// Only functions that the interpreter calls have their instructions in Module::code: whoever is first to enter one makes them there
// (Module::copy_code, then whatever the interpreter does to them) and publishes that. Until then a function begins at an
// `unreachable` of its own, whose handler does this.
struct FuncCode {
  const uint8_t* code = nullptr;  // where the first instruction is in Module::code
  mutable const uint8_t* begin = nullptr;
  const SideTableEntry* side_table = nullptr;
  std::span<const ExceptionHandler> handlers;
  uint32_t code_size = 0;        // bytes, with the final `end`
  uint32_t side_table_size = 0;  // entries, with wide ones
  uint32_t param_slots = 0;      // as passed on the operand stack
  uint32_t result_slots = 0;
  uint32_t param_count = 0;
  uint32_t local_count = 0;       // parameters and locals: L[i] is local i (unused if it is a v128)
  uint32_t v128_local_slots = 0;  // two per v128 parameter or local, below the locals pointer
  uint32_t frame_offset = 0;      // slots from the locals pointer to the frame record
                                  // (local_count + slots for legacy exceptions in flight)
  uint32_t max_operand_slots = 0;
  CanonicalTypeId type;
  bool has_v128_params = false;
  bool has_vector_forms = false;  // the validator has copied it already, with forms of wasm/internal_opcodes.def
  uint8_t unprepared = kUnpreparedOpcode;

  static constexpr uint8_t kUnpreparedOpcode = 0x00;  // unreachable

  // Where execution begins. What is there can be read as it was when it was published.
  const uint8_t* entry() const { return __atomic_load_n(&begin, __ATOMIC_ACQUIRE); }
  bool is_prepared() const { return entry() == code; }
  void publish() const { __atomic_store_n(&begin, code, __ATOMIC_RELEASE); }
};

// What the interpreter makes of a function's instructions when it is first called.
enum class CodeForm : uint8_t { plain, quickened, metered };

struct CustomSection {
  ByteRange name;
  ByteRange payload;
  uint8_t after_section = 0;  // id of the last non-custom section before it; 0: before all
};

// The name section's content that Arris uses; sorted by index. Spec: appendix/custom, name section.
struct NameAssoc {
  uint32_t index;
  ByteRange name;
};
struct IndirectNameAssoc {
  uint32_t index;
  std::vector<NameAssoc> names;
};
struct NameSection {
  std::optional<ByteRange> module;
  std::vector<NameAssoc> funcs, types, tables, memories, globals, elems, datas, tags;
  std::vector<IndirectNameAssoc> locals, labels, fields;
};

struct BranchHint {
  uint32_t func_index;
  uint32_t offset;  // from the start of the function body (its locals), as the section has it
  bool likely;
};

// What a compiling tier keeps with a module: its code.
class ModuleAttachment {
 public:
  virtual ~ModuleAttachment() = default;
};

class Module {
 public:
  Module() = default;
  ~Module() { delete attachment.load(std::memory_order_acquire); }
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  std::vector<uint8_t> bytes;  // pristine, as given
  Features features;
  std::shared_ptr<TypeRegistry> registry;

  std::vector<SubType> types;
  std::vector<RecGroup> rec_groups;
  std::vector<CanonicalTypeId> canonical_types;  // by type index
  TypeHolds type_holds;                          // a hold for each group

  std::vector<Import> imports;
  // Index spaces, imports first.
  std::vector<TypeIndex> funcs;
  std::vector<TableDecl> tables;
  std::vector<MemoryType> memories;
  std::vector<GlobalDecl> globals;
  std::vector<TypeIndex> tags;
  uint32_t imported_funcs = 0, imported_tables = 0, imported_memories = 0, imported_globals = 0, imported_tags = 0;

  std::vector<Export> exports;
  FuncIndex start;  // invalid if none
  std::vector<ElemSegment> elems;
  std::vector<DataSegment> datas;
  std::optional<uint32_t> data_count;
  std::vector<FuncBody> bodies;  // by function index - imported_funcs
  std::vector<CustomSection> custom_sections;
  NameSection names;
  std::vector<BranchHint> branch_hints;

  // Written by the validator.
  static constexpr uint32_t kCodePadding = 16;  // bytes of `unreachable` behind the code copy
  std::unique_ptr<uint8_t[]> code;              // room for a private copy of bytes [code_begin, code_end), plus padding
  uint32_t code_begin = 0;
  uint32_t code_end = 0;
  CodeForm code_form = CodeForm::plain;
  std::unique_ptr<uint8_t[]> unmetered_code;  // metered: what stood in `code` before
  std::vector<FuncCode> func_codes;           // by function index - imported_funcs
  std::vector<std::unique_ptr<SideTableEntry[]>> side_table_chunks;
  std::vector<std::unique_ptr<ExceptionHandler[]>> handler_chunks;
  // Functions that may be referred to by ref.func (declared in elements, exports, globals).
  std::vector<bool> declared_func_refs;

  // What may be added later, by whichever thread is first: the code of functions that are called (FuncCode) ...
  mutable std::mutex preparing;
  // ... and, once, a compiler's code. Owned.
  mutable std::atomic<ModuleAttachment*> attachment{nullptr};

  std::string_view text(ByteRange r) const { return {reinterpret_cast<const char*>(bytes.data()) + r.offset, r.size}; }
  std::span<const uint8_t> range(ByteRange r) const { return {bytes.data() + r.offset, r.size}; }

  // Canonical form of a value type in this module's indices.
  ValType canonical(ValType t) const {
    if (!t.is_ref() || !t.heap().is_concrete()) return t;
    return ValType::ref(HeapType::concrete(canonical_types[t.heap().index()].value), t.is_nullable());
  }
  HeapType canonical(HeapType h) const {
    return h.is_concrete() ? HeapType::concrete(canonical_types[h.index()].value) : h;
  }
  const CanonicalType& canonical_type(TypeIndex t) const { return registry->get(canonical_types[t.value]); }
  const CanonicalType& func_type(FuncIndex f) const { return canonical_type(funcs[f.value]); }

  // Makes the plain private copy of a function's instructions. Before it is published, and one thread at a time.
  void copy_code(const FuncCode& func) const;
  // The function whose code copy holds `ip`, or an invalid index. Binary search.
  FuncIndex find_func(const uint8_t* ip) const;
  // Byte offset in `bytes` of an address in the code copy.
  uint32_t offset_of(const uint8_t* ip) const { return static_cast<uint32_t>(ip - code.get()) + code_begin; }
  // Name from the name section, else from an export, else empty.
  std::string_view func_name(FuncIndex f) const;
};

}  // namespace arris
