// The profiling build (-DARRIS_INTERP_PROFILE=ON): counts the runs of one to four instructions that are executed one behind the
// other, to choose superinstructions by (quicken.def). Run with --no-quicken it counts plain instructions, otherwise what is left
// after fusing. At exit the counts go to the file that the environment variable ARRIS_PROFILE names, a run per line, largest first.
// For one thread. Makes everything about ten times slower, so no ordinary build has it.
#pragma once

#include <cstdint>

namespace arris::interp {

// The instruction at `ip` is about to be executed.
void profile_step(const uint8_t* ip);

}  // namespace arris::interp
