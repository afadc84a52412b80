// Trap: why a call did not return: a trap, an exception that nothing caught, or the guest's exit. Spec: exec/runtime, results.
//
// A value; copies share. Host functions return one to end the calling code: it passes through WebAssembly frames unchanged
// (backtrace, exit status and exception included), however many host frames lie between. With an exception inside it belongs
// to its Store's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arris/detail/fwd.h"
#include "arris/module.h"
#include "arris/types.h"
#include "arris/val.h"

namespace arris::api {

struct Frame {
  std::string module_name;  // name section, or empty
  std::string func_name;    // name section or export name, or empty
  uint32_t func_index = 0;
  uint32_t offset = 0;  // byte offset of the instruction in the module
  bool is_host = false;
  std::optional<Module> module;  // none for host functions
};

class Trap {
 public:
  // For host functions: end the calling code.
  explicit Trap(std::string message);                      // host_error with this message
  explicit Trap(TrapCode code, std::string message = {});  // any reason; without a message the specification's
  static Trap exit(int32_t status);                        // the guest asked to end, as with proc_exit
  static Trap exception(const Ref& exception);  // throws (a Ref with is_exn()); null: trap null_exception_reference

  TrapCode code() const;  // host_error for exits
  // What happened, one line: "integer divide by zero". Never empty.
  std::string_view message() const;
  // Innermost first. Of a deep stack the middle is left out: omitted_frames() before frames()[omitted_at()].
  std::span<const Frame> frames() const;
  uint64_t omitted_frames() const;
  size_t omitted_at() const;
  std::optional<int32_t> exit_status() const;
  bool is_exception() const { return code() == TrapCode::uncaught_exception; }
  // The exception, its tag and its payload. Null and empty unless is_exception().
  const Ref& exception() const;
  std::optional<Tag> tag() const;
  std::vector<Val> payload() const;

  // The message, then one line per frame:
  //   trap: integer divide by zero
  //     0: divide (math.wasm) at 0x2f
  //     1: func[7] at 0x51
  std::string to_string() const;

 private:
  friend struct detail::Access;
  explicit Trap(std::shared_ptr<const detail::TrapState> state) : state_(std::move(state)) {}
  std::shared_ptr<const detail::TrapState> state_;
};

}  // namespace arris::api
