#include "arris/trap.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "base/printable.h"
#include "engine/access.h"

namespace arris::api {

using detail::Access;
using detail::StoreState;

namespace {

constexpr std::string_view kExitMessage = "the guest exited";

std::shared_ptr<detail::TrapState> make_state(TrapCode code, std::string message) {
  auto state = std::make_shared<detail::TrapState>();
  state->code = code;
  state->message = message.empty() ? std::string(message_of(code)) : std::move(message);
  return state;
}

Frame public_frame(const StoreState& store, const arris::runtime::BacktraceFrame& from) {
  Frame frame;
  frame.func_index = from.func.value;
  frame.offset = from.offset;
  frame.is_host = from.module == nullptr;
  if (!frame.is_host) {
    frame.func_name = from.module->func_name(from.func);
    if (from.module->names.module) frame.module_name = from.module->text(*from.module->names.module);
    auto state = store.modules.find(from.module);
    if (state != store.modules.end()) frame.module = Access::module(state->second);
  }
  return frame;
}

}  // namespace

namespace detail {

Trap take_trap(StoreState* store) {
  if (store->store.pending_exception() != nullptr) {
    arris::runtime::ExceptionObject* exception = store->store.take_exception();
    auto state = make_state(TrapCode::uncaught_exception, {});
    state->exception = ref_from_slot(store, reinterpret_cast<uintptr_t>(exception), kExnRef);
    return Access::trap(std::move(state));
  }
  arris::runtime::TrapState taken = store->store.take_trap();
  std::shared_ptr<detail::TrapState> state;
  if (store->host_trap) {
    state = std::make_shared<detail::TrapState>(Access::state(*store->host_trap));
    store->host_trap.reset();
  } else {
    state = make_state(taken.code, std::move(taken.message));
  }
  // A trap that came through a host function brought the frames of its origin along.
  if (state->frames.empty()) {
    for (const arris::runtime::BacktraceFrame& frame : taken.backtrace)
      state->frames.push_back(public_frame(*store, frame));
    state->omitted_frames = taken.omitted_frames;
    state->omitted_at = std::min<size_t>(arris::runtime::kBacktraceEnds, state->frames.size());
  }
  return Access::trap(std::move(state));
}

arris::runtime::Outcome raise(StoreState* store, Trap&& trap) {
  const Ref& exception = trap.exception();
  if (!exception.is_null()) {
    uint64_t bits;
    if (ref_to_slot(store, exception, kExnRef, &bits)) {
      store->store.set_exception(reinterpret_cast<arris::runtime::ExceptionObject*>(static_cast<uintptr_t>(bits)));
      return arris::runtime::Outcome::exception;
    }
    trap = Trap("a host function threw an exception of another store");
  }
  // With frames it went through a call before: they reach to the outermost one already.
  arris::runtime::TrapState state{.code = trap.code(), .message = std::string(trap.message())};
  state.has_backtrace = !trap.frames().empty();
  store->store.set_trap(std::move(state));
  store->host_trap = std::move(trap);
  return arris::runtime::Outcome::trap;
}

arris::runtime::Outcome raise_bad_result(StoreState* store) {
  return raise(store, Trap("a host function returned a reference that does not match its type"));
}

Trap bad_argument(uint32_t index) {
  return Trap("argument " + std::to_string(index) + " is a reference that does not match the function's type");
}

}  // namespace detail

Trap::Trap(std::string message) : Trap(TrapCode::host_error, std::move(message)) {}

Trap::Trap(TrapCode code, std::string message)
    : state_(make_state(code == TrapCode::none ? TrapCode::host_error : code, std::move(message))) {}

Trap Trap::exit(int32_t status) {
  auto state = make_state(TrapCode::host_error, std::string(kExitMessage));
  state->exit_status = status;
  return Trap(std::move(state));
}

Trap Trap::exception(const Ref& exception) {
  if (exception.is_null()) return Trap(TrapCode::null_exception_reference);
  if (!exception.is_exn()) return Trap("thrown reference is not an exception");
  auto state = make_state(TrapCode::uncaught_exception, {});
  state->exception = exception;
  return Trap(std::move(state));
}

TrapCode Trap::code() const { return state_->code; }
std::string_view Trap::message() const { return state_->message; }
std::span<const Frame> Trap::frames() const { return state_->frames; }
uint64_t Trap::omitted_frames() const { return state_->omitted_frames; }
size_t Trap::omitted_at() const { return state_->omitted_at; }
std::optional<int32_t> Trap::exit_status() const { return state_->exit_status; }
const Ref& Trap::exception() const { return state_->exception; }

std::optional<Tag> Trap::tag() const {
  if (state_->exception.is_null()) return std::nullopt;
  return state_->exception.exception_tag();
}

std::vector<Val> Trap::payload() const { return state_->exception.exception_payload(); }

std::string Trap::to_string() const {
  if (state_->exit_status) return "exit with status " + std::to_string(*state_->exit_status);
  std::string out = "trap: " + printable_message(state_->message);
  uint64_t number = 0;
  for (const Frame& frame : state_->frames) {
    char text[64];
    if (number == state_->omitted_at && state_->omitted_frames != 0) {
      std::snprintf(text, sizeof text, "\n       ... %" PRIu64 " frames left out", state_->omitted_frames);
      out += text;
      number += state_->omitted_frames;
    }
    std::snprintf(text, sizeof text, "\n  %3" PRIu64 ": ", number++);
    out += text;
    if (!frame.func_name.empty()) {
      out += printable(frame.func_name);
    } else if (frame.is_host) {
      out += "host function";
    } else {
      out += "func[" + std::to_string(frame.func_index) + "]";
    }
    if (!frame.module_name.empty()) out += " (" + printable(frame.module_name) + ")";
    if (!frame.is_host) {
      std::snprintf(text, sizeof text, " at 0x%" PRIx32, frame.offset);
      out += text;
    }
  }
  return out;
}

}  // namespace arris::api
