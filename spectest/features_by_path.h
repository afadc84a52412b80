// The feature set of a suite file, from its path: the core is WebAssembly 3.0 exactly, proposals/X is 3.0 plus X, legacy is 3.0
// plus legacy exceptions, custom is 3.0. Proposals change a few of the core's answers, so one set for all would be wrong.
#pragma once

#include <string_view>

#include "arris/arris.h"

namespace arris::spectest {

api::Features features_for_path(std::string_view path);

// The proposal folder this path lies in if Arris does not implement that proposal, else empty. Such files are left out when a
// folder is searched, and the runner says so; named directly they run, and fail.
std::string_view unimplemented_proposal(std::string_view path);

}  // namespace arris::spectest
