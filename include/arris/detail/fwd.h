// Names that the public headers pass around but do not look into.
#pragma once

#include <cstdint>

namespace arris::runtime {
class Store;
struct InstanceData;
struct FuncInstance;
struct TableInstance;
struct MemoryInstance;
struct GlobalInstance;
struct TagInstance;
struct ExceptionObject;
class Memory;
enum class Outcome : uint8_t;
}  // namespace arris::runtime

namespace arris::api {

class Caller;
class Engine;
class Func;
class Global;
class Instance;
class Linker;
class Memory;
class Module;
class Ref;
class SharedMemory;
class Store;
class StoreRef;
class Table;
class Tag;
class Trap;
class Val;
template <class Signature>
class TypedFunc;

namespace detail {
struct EngineState;
struct ModuleState;
struct StoreState;
struct InterruptState;
struct TrapState;
struct RootNode;
struct Access;  // engine/access.h: the engine's own way in
}  // namespace detail

}  // namespace arris::api
