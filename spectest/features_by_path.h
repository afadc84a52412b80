// The feature set of a suite file, from its path: the core is WebAssembly 3.0 exactly, proposals/X is 3.0 plus X, legacy is 3.0
// plus legacy exceptions, custom is 3.0. Proposals change a few of the core's answers, so one set for all would be wrong.
#pragma once

#include <string_view>

#include "arris/arris.h"

namespace arris::spectest {

api::Features features_for_path(std::string_view path);

}  // namespace arris::spectest
