#include "runtime/exception_handlers.h"

#include <cstring>

namespace arris::runtime {
namespace {

bool takes(const ExceptionHandler& handler, const ExceptionObject& exception, const InstanceData* instance) {
  switch (handler.kind) {
    case HandlerKind::catch_:
    case HandlerKind::catch_ref:
    case HandlerKind::legacy_catch: return instance->tags[handler.tag_index] == exception.tag;
    case HandlerKind::catch_all:
    case HandlerKind::catch_all_ref:
    case HandlerKind::legacy_catch_all:
    case HandlerKind::delegate: return true;
  }
  return false;
}

bool pushes_payload(HandlerKind kind) {
  return kind == HandlerKind::catch_ || kind == HandlerKind::catch_ref || kind == HandlerKind::legacy_catch;
}
bool pushes_reference(HandlerKind kind) { return kind == HandlerKind::catch_ref || kind == HandlerKind::catch_all_ref; }
bool is_legacy(HandlerKind kind) { return kind == HandlerKind::legacy_catch || kind == HandlerKind::legacy_catch_all; }

}  // namespace

// A delegate starts the search again at its target, which lies outside of the delegating try, so the search ends.
const ExceptionHandler* find_handler(const FuncCode& code, uint32_t offset, const ExceptionObject& exception,
                                     const InstanceData* instance) {
  for (const ExceptionHandler& handler : code.handlers) {
    if (offset < handler.begin_offset || offset >= handler.end_offset || !takes(handler, exception, instance)) continue;
    if (handler.kind != HandlerKind::delegate) return &handler;
    if (handler.target_offset == kNoHandlerTarget) return nullptr;
    offset = handler.target_offset;
  }
  return nullptr;
}

uint64_t* enter_handler(const ExceptionHandler& handler, const FuncCode& code, uint64_t* locals,
                        ExceptionObject& exception) {
  uint64_t* sp = locals + code.frame_offset + kFrameRecordSlots + handler.height;
  if (pushes_payload(handler.kind)) {
    std::memcpy(sp, exception.payload(), exception.payload_slots * sizeof(uint64_t));
    sp += exception.payload_slots;
  }
  if (pushes_reference(handler.kind)) *sp++ = reinterpret_cast<uint64_t>(&exception);
  if (is_legacy(handler.kind)) locals[handler.exception_slot] = reinterpret_cast<uint64_t>(&exception);
  return sp;
}

}  // namespace arris::runtime
