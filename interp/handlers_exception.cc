// Exceptions. Nothing is executed to prepare for one: a handler is found by the offset of the throwing or calling instruction in
// FuncCode::handlers, frame by frame outwards (wasm/side_table.h says how ranges are ordered). The frames above the handler's
// are dropped by moving the registers down.
#include "interp/exceptions.h"

#include "interp/calls.h"
#include "interp/handlers.h"
#include "runtime/exception_handlers.h"

namespace arris::interp {

using runtime::ExceptionObject;
using runtime::TagInstance;

namespace {

struct Place {
  const uint8_t* ip;
  uint64_t* locals;
  InstanceData* inst;
};

// Finds the innermost handler from `place` outwards and moves `place` to its frame.
const ExceptionHandler* find_handler(Place& place, const FuncCode*& code, const ExceptionObject& exception) {
  for (;;) {
    code = &current_function(place.inst, place.ip);
    const uint32_t offset = static_cast<uint32_t>(place.ip - code->code);
    if (const ExceptionHandler* handler = runtime::find_handler(*code, offset, exception, place.inst)) return handler;
    const FrameRecord& record = *record_of(place.locals, code->frame_offset);
    if (record.caller_instance == nullptr) return nullptr;
    // The call instruction ends right before the return address.
    place = {record.return_ip - 1, record.caller_locals, record.caller_instance};
  }
}

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
  sp = runtime::enter_handler(*handler, *code, locals, *exception);
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
