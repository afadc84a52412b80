// The host module `spectest` that the official suite imports: print functions, globals, tables, memories.
// Spec: interpreter/host/spectest of the specification's repository.
#pragma once

#include <expected>
#include <string>

#include "arris/arris.h"

namespace arris::spectest {

// Defines it in `linker` for `store`. With `threads`, `shared_memory` too. The error says what could not be made.
std::expected<void, std::string> define_host_module(api::Linker& linker, api::StoreRef store, bool threads);

}  // namespace arris::spectest
