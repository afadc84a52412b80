// Everything of the public C++ API. Programs may include this, or just the headers they need.
#pragma once

#include "arris/caller.h"         // IWYU pragma: export
#include "arris/config.h"         // IWYU pragma: export
#include "arris/engine.h"         // IWYU pragma: export
#include "arris/extern.h"         // IWYU pragma: export
#include "arris/func.h"           // IWYU pragma: export
#include "arris/inspect.h"        // IWYU pragma: export
#include "arris/instance.h"       // IWYU pragma: export
#include "arris/instance_pool.h"  // IWYU pragma: export
#include "arris/linker.h"         // IWYU pragma: export
#include "arris/listing.h"        // IWYU pragma: export
#include "arris/memory.h"         // IWYU pragma: export
#include "arris/module.h"         // IWYU pragma: export
#include "arris/ref.h"            // IWYU pragma: export
#include "arris/store.h"          // IWYU pragma: export
#include "arris/table.h"          // IWYU pragma: export
#include "arris/trap.h"           // IWYU pragma: export
#include "arris/types.h"          // IWYU pragma: export
#include "arris/val.h"            // IWYU pragma: export
