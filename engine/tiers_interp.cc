// Where there is no code generator, or none is wanted (ARRIS_WITH_JIT): every tier is the interpreter.
#include "engine/state.h"
#include "engine/tiers.h"
#include "interp/interpreter.h"

namespace arris::api::detail {

void create_tiers(EngineState&) {}
std::string_view profile_error(const EngineState&) { return {}; }
void set_tiers(const EngineState&, arris::runtime::StoreOptions& options) { options.execute = &interp::execute; }
void start_tiers(const EngineState&, arris::runtime::Store&) {}
std::expected<void, Error> prepare_module(const EngineState&, const arris::Module&) { return {}; }

std::expected<MachineCode, Error> machine_code(const Config&, const arris::Module&, uint32_t) {
  return std::unexpected(Error{ErrorCode::limit_exceeded, kNoOffset, "there is no compiler for this processor"});
}

}  // namespace arris::api::detail
