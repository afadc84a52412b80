// The custom sections, memories and globals are small and built in one buffer; the data section is planned first (which runs of
// pages are not zero), as its size stands before it, and then streamed.
#include "arris/core_dump.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/leb128.h"
#include "decoder/validator/operand_types.h"
#include "engine/access.h"
#include "wasm/instruction_reader.h"

namespace arris::api {
namespace {

using arris::runtime::BacktraceFrame;
using arris::runtime::GlobalInstance;
using arris::runtime::InstanceData;
using arris::runtime::MemoryInstance;

constexpr uint64_t kPage = 4096;
constexpr size_t kMaxSegments = 50'000;  // engines take no more than 100,000

class Bytes {
 public:
  void u8(uint8_t value) { bytes_.push_back(value); }
  void u32(uint64_t value) { write_uleb(bytes_, value); }
  void s64(int64_t value) { write_sleb(bytes_, value); }
  void raw(const void* data, size_t size) {
    const auto* p = static_cast<const uint8_t*>(data);
    bytes_.insert(bytes_.end(), p, p + size);
  }
  void text(std::string_view text) {
    u32(text.size());
    raw(text.data(), text.size());
  }
  void bytes(const Bytes& other) { raw(other.bytes_.data(), other.bytes_.size()); }
  size_t size() const { return bytes_.size(); }
  std::span<const uint8_t> span() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
};

void section(Bytes& out, uint8_t id, const Bytes& content) {
  out.u8(id);
  out.u32(content.size());
  out.bytes(content);
}

void custom_section(Bytes& out, std::string_view name, const Bytes& payload) {
  Bytes content;
  content.text(name);
  content.bytes(payload);
  section(out, 0, content);
}

// A run of bytes of a memory that are not all zero.
struct Segment {
  uint32_t memory;
  uint64_t offset;
  std::span<const uint8_t> bytes;
};

bool is_zero(const uint8_t* p, size_t size) { return p[0] == 0 && std::memcmp(p, p + 1, size - 1) == 0; }

// Pages that are not zero, joined across gaps of up to `gap` bytes.
void find_segments(uint32_t number, const uint8_t* base, uint64_t size, uint64_t gap, std::vector<Segment>& out) {
  std::optional<uint64_t> begin;
  uint64_t end = 0;
  auto close = [&] {
    if (begin) out.push_back({number, *begin, {base + *begin, static_cast<size_t>(end - *begin)}});
    begin.reset();
  };
  for (uint64_t at = 0; at < size; at += kPage) {
    uint64_t piece = std::min(kPage, size - at);
    if (is_zero(base + at, piece)) continue;
    if (begin && at - end > gap) close();
    if (!begin) begin = at;
    end = at + piece;
  }
  close();
}

template <class T>
uint32_t number_of(std::vector<T>& list, T item) {
  auto found = std::find(list.begin(), list.end(), item);
  if (found == list.end()) found = list.insert(list.end(), item);
  return static_cast<uint32_t>(found - list.begin());
}

class Writer {
 public:
  explicit Writer(std::span<const BacktraceFrame> frames) : frames_(frames) {
    for (const BacktraceFrame& frame : frames_) {
      if (frame.instance) add_instance(*frame.instance);
    }
  }

  bool write(std::string_view executable_name, const CoreDump::Sink& sink) {
    Bytes head;
    constexpr uint8_t kHeader[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    head.raw(kHeader, sizeof kHeader);
    Bytes core;
    core.u8(0);
    core.text(executable_name);
    custom_section(head, "core", core);
    custom_section(head, "coremodules", modules());
    custom_section(head, "coreinstances", instances());
    custom_section(head, "corestack", stack());
    if (!memories_.empty()) section(head, 5, memories());
    if (!globals_.empty()) section(head, 6, globals());

    std::vector<Segment> segments = plan_data();
    if (segments.empty()) return sink(head.span());
    Bytes count;
    count.u32(segments.size());
    uint64_t size = count.size();
    for (const Segment& segment : segments) size += segment_head(segment).size() + segment.bytes.size();
    if (size > UINT32_MAX) return false;
    head.u8(11);
    head.u32(size);
    head.bytes(count);
    if (!sink(head.span())) return false;
    for (const Segment& segment : segments) {
      if (!sink(segment_head(segment).span()) || !sink(segment.bytes)) return false;
    }
    return true;
  }

 private:
  void add_instance(const InstanceData& instance) {
    number_of(modules_, instance.module);
    number_of(instances_, &instance);
    for (size_t i = 0; i < instance.module->memories.size(); ++i)
      number_of(memories_, static_cast<const MemoryInstance*>(instance.memories[i]));
    for (size_t i = 0; i < instance.module->globals.size(); ++i)
      number_of(globals_, static_cast<const GlobalInstance*>(instance.globals[i]));
  }

  Bytes modules() const {
    Bytes out;
    out.u32(modules_.size());
    for (const arris::Module* module : modules_) {
      out.u8(0);
      out.text(module->names.module ? module->text(*module->names.module) : std::string_view());
    }
    return out;
  }

  Bytes instances() {
    Bytes out;
    out.u32(instances_.size());
    for (const InstanceData* instance : instances_) {
      out.u8(0);
      out.u32(number_of(modules_, instance->module));
      out.u32(instance->module->memories.size());
      for (size_t i = 0; i < instance->module->memories.size(); ++i)
        out.u32(number_of(memories_, static_cast<const MemoryInstance*>(instance->memories[i])));
      out.u32(instance->module->globals.size());
      for (size_t i = 0; i < instance->module->globals.size(); ++i)
        out.u32(number_of(globals_, static_cast<const GlobalInstance*>(instance->globals[i])));
    }
    return out;
  }

  static void missing(Bytes& out) { out.u8(0x01); }

  // A value in a slot of the value stack; none: it was in a register.
  static void value(Bytes& out, ValType type, const uint64_t* slot) {
    if (!slot || type.is_ref() || type == kV128) return missing(out);
    if (type == kI32) {
      out.u8(0x7F);
      out.s64(static_cast<int32_t>(static_cast<uint32_t>(*slot)));
    } else if (type == kI64) {
      out.u8(0x7E);
      out.s64(static_cast<int64_t>(*slot));
    } else {
      bool is_f32 = type == kF32;
      out.u8(is_f32 ? 0x7D : 0x7C);
      out.raw(slot, is_f32 ? 4 : 8);
    }
  }

  static void locals(Bytes& out, const BacktraceFrame& frame) {
    const arris::Module& module = *frame.module;
    std::vector<ValType> types = module.func_type(frame.func).func.params;
    for (const arris::LocalGroup& group : module.bodies[frame.func.value - module.imported_funcs].locals)
      types.insert(types.end(), group.count, group.type);
    out.u32(types.size());
    for (size_t i = 0; i < types.size(); ++i) value(out, types[i], frame.locals ? frame.locals + i : nullptr);
  }

  // How many operands of a frame that is calling have become the callee's; none: not a call that can be told.
  static std::optional<size_t> passed_on(const BacktraceFrame& frame) {
    const arris::Module& module = *frame.module;
    const uint8_t* p = module.bytes.data() + frame.offset;
    arris::Instruction call = arris::read_instruction(p);
    switch (call.opcode) {
      case Opcode::call: return module.func_type(arris::FuncIndex(call.index[0])).func.params.size();
      case Opcode::call_indirect:
      case Opcode::call_ref: return module.canonical_type(arris::TypeIndex(call.index[0])).func.params.size() + 1;
      default: return std::nullopt;
    }
  }

  // Operands in front of the instruction. Of a frame that called, without what it passed on. The topmost value of the innermost
  // frame was in a register.
  void operands(Bytes& out, const BacktraceFrame& frame, bool is_innermost) {
    std::optional<std::vector<ValType>> types;
    if (frame.locals) types = types_before(frame);
    if (!types) return out.u32(0);
    size_t known = types->size();
    if (is_innermost) {
      known = known == 0 ? 0 : known - 1;
    } else if (std::optional<size_t> passed = passed_on(frame); passed && *passed <= known) {
      known -= *passed;
      types->resize(known);
    } else {
      known = 0;
    }
    out.u32(types->size());
    const arris::FuncCode& code = frame.module->func_codes[frame.func.value - frame.module->imported_funcs];
    const uint64_t* slot = frame.locals + code.frame_offset + arris::runtime::kFrameRecordSlots;
    for (size_t i = 0; i < types->size(); ++i) {
      value(out, (*types)[i], i < known ? slot : nullptr);
      slot += (*types)[i].slots();
    }
  }

  std::optional<std::vector<ValType>> types_before(const BacktraceFrame& frame) {
    auto& types = operand_types_[frame.module];
    if (!types) types = std::make_unique<arris::validator::OperandTypes>(*frame.module);
    return types->before(frame.func, frame.offset);
  }

  Bytes stack() {
    Bytes frames;
    uint32_t count = 0;
    for (const BacktraceFrame& frame : frames_) {
      if (!frame.module) continue;  // host functions have no place in the format
      frames.u8(0);
      frames.u32(number_of(instances_, frame.instance));
      frames.u32(frame.func.value);
      frames.u32(frame.offset - frame.module->bodies[frame.func.value - frame.module->imported_funcs].body.offset);
      locals(frames, frame);
      operands(frames, frame, count++ == 0 && &frame == frames_.data());
    }
    Bytes out;
    out.u8(0);
    out.text("main");
    out.u32(count);
    out.bytes(frames);
    return out;
  }

  Bytes memories() const {
    Bytes out;
    out.u32(memories_.size());
    for (const MemoryInstance* memory : memories_) {
      MemoryType type = arris::runtime::Store::type_of(*memory);
      bool has_page_size = type.page_size_log2 != 16;
      bool is_64 = type.limits.address == AddressType::i64;
      out.u8(static_cast<uint8_t>((type.limits.has_max ? 1 : 0) | (type.shared ? 2 : 0) | (is_64 ? 4 : 0) |
                                  (has_page_size ? 8 : 0)));
      out.u32(type.limits.min);
      if (type.limits.has_max) out.u32(type.limits.max);
      if (has_page_size) out.u32(type.page_size_log2);
    }
    return out;
  }

  // References become null ones of a general type: a dump has no objects.
  static void global(Bytes& out, const GlobalInstance& global, const arris::TypeRegistry& registry) {
    ValType type = global.type;
    auto number = [&](uint8_t code) {
      out.u8(code);
      out.u8(0);  // constant
    };
    if (type == kI32) {
      number(0x7F);
      out.u8(0x41);
      out.s64(static_cast<int32_t>(static_cast<uint32_t>(global.value[0])));
    } else if (type == kI64) {
      number(0x7E);
      out.u8(0x42);
      out.s64(static_cast<int64_t>(global.value[0]));
    } else if (type == kF32 || type == kF64) {
      number(type == kF32 ? 0x7D : 0x7C);
      out.u8(type == kF32 ? 0x43 : 0x44);
      out.raw(global.value, type == kF32 ? 4 : 8);
    } else if (type == kV128) {
      number(0x7B);
      out.u8(0xFD);
      out.u8(0x0C);
      out.raw(global.value, 16);
    } else {
      uint8_t heap = 0x6E;  // any
      switch (registry.top_of(type.heap())) {
        case AbstractHeap::func: heap = 0x70; break;
        case AbstractHeap::extern_: heap = 0x6F; break;
        case AbstractHeap::exn: heap = 0x69; break;
        default: break;
      }
      number(heap);
      out.u8(0xD0);
      out.u8(heap);
    }
    out.u8(0x0B);
  }

  Bytes globals() const {
    Bytes out;
    out.u32(globals_.size());
    for (const GlobalInstance* one : globals_) global(out, *one, *modules_.front()->registry);
    return out;
  }

  std::vector<Segment> plan_data() const {
    std::vector<Segment> segments;
    for (uint64_t gap = kPage;; gap *= 16) {
      segments.clear();
      for (size_t i = 0; i < memories_.size(); ++i) {
        uint64_t size = memories_[i]->size_bytes.load(std::memory_order_acquire);
        find_segments(static_cast<uint32_t>(i), memories_[i]->base, size, gap, segments);
      }
      if (segments.size() <= kMaxSegments) return segments;
    }
  }

  Bytes segment_head(const Segment& segment) const {
    Bytes out;
    out.u8(segment.memory == 0 ? 0 : 2);
    if (segment.memory != 0) out.u32(segment.memory);
    bool is_64 = memories_[segment.memory]->is_64;
    out.u8(is_64 ? 0x42 : 0x41);
    out.s64(is_64 ? static_cast<int64_t>(segment.offset)
                  : static_cast<int64_t>(static_cast<int32_t>(static_cast<uint32_t>(segment.offset))));
    out.u8(0x0B);
    out.u32(segment.bytes.size());
    return out;
  }

  std::span<const BacktraceFrame> frames_;
  std::vector<const arris::Module*> modules_;
  std::vector<const InstanceData*> instances_;
  std::vector<const MemoryInstance*> memories_;
  std::vector<const GlobalInstance*> globals_;
  std::map<const arris::Module*, std::unique_ptr<arris::validator::OperandTypes>> operand_types_;
};

}  // namespace

TrapCode CoreDump::code() const { return store_->store.trap().code; }

bool CoreDump::write(std::string_view executable_name, const Sink& sink) const {
  return Writer(store_->store.trap().backtrace).write(executable_name, sink);
}

void StoreRef::on_trap(TrapHook hook) { state_->trap_hook = std::move(hook); }

namespace detail {

// The guest's exit takes the way of a trap, and is none.
void call_trap_hook(arris::runtime::Store& store) {
  auto* state = static_cast<StoreState*>(store.options().embedder);
  if (!state->trap_hook || (state->host_trap && state->host_trap->exit_status())) return;
  state->trap_hook(Access::core_dump(state));
}

}  // namespace detail

}  // namespace arris::api
