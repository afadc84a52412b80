// Exceptions. Nothing is executed to prepare for one: a handler is found by the offset of the throwing or calling instruction in
// FuncCode::handlers, frame by frame outwards (wasm/side_table.h says how ranges are ordered). The frames above the handler's
// are dropped by moving the registers down.
#include "interp/exceptions.h"

#include "interp/calls.h"
#include "interp/handlers.h"

namespace arris::interp {

using runtime::ExceptionObject;
using runtime::TagInstance;

namespace {

struct Place {
  const uint8_t* ip;
  uint64_t* locals;
  InstanceData* inst;
};

bool takes(const ExceptionHandler& handler, const ExceptionObject& exception, const InstanceData* inst) {
  switch (handler.kind) {
    case HandlerKind::catch_:
    case HandlerKind::catch_ref:
    case HandlerKind::legacy_catch: return inst->tags[handler.tag_index] == exception.tag;
    case HandlerKind::catch_all:
    case HandlerKind::catch_all_ref:
    case HandlerKind::legacy_catch_all:
    case HandlerKind::delegate: return true;
  }
  return false;
}

// The handler in one function for an exception at `offset`, or null. A delegate starts the search again at its target, which lies
// outside of the delegating try, so the search ends.
const ExceptionHandler* find_in_function(const FuncCode& code, uint32_t offset, const ExceptionObject& exception,
                                         const InstanceData* inst) {
  for (size_t i = 0; i < code.handlers.size(); ++i) {
    const ExceptionHandler& handler = code.handlers[i];
    if (offset < handler.begin_offset || offset >= handler.end_offset || !takes(handler, exception, inst)) continue;
    if (handler.kind != HandlerKind::delegate) return &handler;
    if (handler.target_offset == kNoHandlerTarget) return nullptr;
    offset = handler.target_offset;
  }
  return nullptr;
}

// Finds the innermost handler from `place` outwards and moves `place` to its frame.
const ExceptionHandler* find_handler(Place& place, const FuncCode*& code, const ExceptionObject& exception) {
  for (;;) {
    code = &current_function(place.inst, place.ip);
    const uint32_t offset = static_cast<uint32_t>(place.ip - code->code);
    if (const ExceptionHandler* handler = find_in_function(*code, offset, exception, place.inst)) return handler;
    const FrameRecord& record = *record_of(place.locals, code->frame_offset);
    if (record.caller_instance == nullptr) return nullptr;
    // The call instruction ends right before the return address.
    place = {record.return_ip - 1, record.caller_locals, record.caller_instance};
  }
}

bool pushes_payload(HandlerKind kind) {
  return kind == HandlerKind::catch_ || kind == HandlerKind::catch_ref || kind == HandlerKind::legacy_catch;
}
bool pushes_reference(HandlerKind kind) { return kind == HandlerKind::catch_ref || kind == HandlerKind::catch_all_ref; }
bool is_legacy(HandlerKind kind) { return kind == HandlerKind::legacy_catch || kind == HandlerKind::legacy_catch_all; }

}  // namespace

COLD_HANDLER(throw_in_tos) {
  auto* exception = reinterpret_cast<ExceptionObject*>(tos);
  Place place{ip, locals, inst};
  const FuncCode* code;
  const ExceptionHandler* handler = find_handler(place, code, *exception);
  if (handler == nullptr) {
    inst->store->set_exception(exception);
    return Outcome::exception;
  }
  locals = place.locals;
  inst = place.inst;
  mem = inst->memory0_base;
  sp = locals + code->frame_offset + kFrameRecordSlots + handler->height;
  if (pushes_payload(handler->kind)) {
    std::memcpy(sp, exception->payload(), exception->payload_slots * sizeof(uint64_t));
    sp += exception->payload_slots;
  }
  if (pushes_reference(handler->kind)) *sp++ = tos;
  if (is_legacy(handler->kind)) locals[handler->exception_slot] = tos;
  tos = *--sp;
  ip = code->code + handler->target_offset;
  st = code->side_table + handler->target_entry;
  NEXT();
}

COLD_HANDLER(op_throw_) {
  const uint8_t* p = ip + 1;
  const TagInstance* tag = inst->tags[read_uleb<uint32_t>(p)];
  const uint32_t slots = tag->type->param_slots;
  PUBLISH_STACK();
  ExceptionObject* exception = inst->store->heap().allocate_exception(tag, slots);
  if (exception == nullptr) TRAP_NOW(gc_heap_exhausted);
  std::memcpy(exception->payload(), sp + 1 - slots, slots * sizeof(uint64_t));
  tos = reinterpret_cast<uint64_t>(exception);
  GOTO(throw_in_tos);
}

COLD_HANDLER(op_throw_ref) {
  if (tos == 0) TRAP_NOW(null_exception_reference);
  GOTO(throw_in_tos);
}

// Its entry names the slot that holds the exception caught by the enclosing legacy handler.
COLD_HANDLER(op_rethrow) {
  tos = locals[st->delta_ip];
  GOTO(throw_in_tos);
}

}  // namespace arris::interp
