// A slot is a Store with one instance. Giving it back clears it at once, so that an idle instance holds nothing of its last use;
// taking it runs the part of instantiation that fills in contents (runtime::reinstantiate).
#include "arris/instance_pool.h"

#include <mutex>
#include <vector>

#include "engine/access.h"

namespace arris::api {

using detail::Access;
using detail::PoolSlot;
using detail::PoolState;
using detail::StoreState;

namespace detail {

struct PoolSlot {
  explicit PoolSlot(Store&& s) : store(std::move(s)) {}

  Store store;
  arris::runtime::Instance* instance = nullptr;
  arris::runtime::StoreMark mark{};  // what the store holds when only the instance is in it
};

struct PoolState {
  PoolState(const Linker& l, const Module& m, const PoolOptions& o) : linker(l), module(m), options(o) {}

  const Linker linker;
  const Module module;
  const PoolOptions options;
  std::mutex mutex;
  std::vector<std::unique_ptr<PoolSlot>> idle;  // the last one given back is the next one taken: it is warm

  std::unique_ptr<PoolSlot> take() {
    std::lock_guard lock(mutex);
    if (idle.empty()) return nullptr;
    auto slot = std::move(idle.back());
    idle.pop_back();
    return slot;
  }
  void put(std::unique_ptr<PoolSlot> slot) {  // what does not fit is destroyed after the lock is released
    std::lock_guard lock(mutex);
    if (idle.size() < options.max_idle) idle.push_back(std::move(slot));
  }
};

// As new, or false: the slot is to be thrown away.
static bool clear(PoolSlot& slot, const PoolOptions& options) {
  StoreState* state = Access::state(slot.store);
  if (!(state->store.mark() == slot.mark)) return false;
  state->disconnect();
  state->interrupt = std::make_shared<InterruptState>(&state->context().interrupt);
  state->data.clear();
  state->fuel_at_set = 0;
  state->store.clear(options.keep_stack_bytes);
  return slot.instance->clear(options.keep_memory_bytes);
}

}  // namespace detail

// --- PooledInstance ---

PooledInstance::PooledInstance(std::shared_ptr<PoolState> pool, std::unique_ptr<PoolSlot> slot)
    : pool_(std::move(pool)),
      slot_(std::move(slot)),
      instance_(Access::instance(Access::state(slot_->store), &slot_->instance->data())) {}

PooledInstance::PooledInstance(PooledInstance&& other) noexcept
    : pool_(std::move(other.pool_)),
      slot_(std::move(other.slot_)),
      instance_(std::exchange(other.instance_, std::nullopt)) {}

PooledInstance& PooledInstance::operator=(PooledInstance&& other) noexcept {
  if (this == &other) return *this;
  give_back();
  pool_ = std::move(other.pool_);
  slot_ = std::move(other.slot_);
  instance_ = std::exchange(other.instance_, std::nullopt);
  return *this;
}

PooledInstance::~PooledInstance() { give_back(); }

void PooledInstance::give_back() {
  if (!slot_) return;
  instance_.reset();
  if (detail::clear(*slot_, pool_->options)) pool_->put(std::move(slot_));
  slot_.reset();
}

// --- InstancePool ---

InstancePool::InstancePool(const Linker& linker, const Module& module)
    : InstancePool(linker, module, PoolOptions{.limits = module.engine().config().limits}) {}

InstancePool::InstancePool(const Linker& linker, const Module& module, const PoolOptions& options)
    : state_(std::make_shared<PoolState>(linker, module, options)) {}

std::expected<PooledInstance, InstantiationError> InstancePool::acquire_prepared(void (*prepare)(void*, StoreRef),
                                                                                 void* argument) const {
  std::unique_ptr<PoolSlot> slot = state_->take();
  if (slot) {
    StoreState* state = Access::state(slot->store);
    if (prepare) prepare(argument, slot->store);
    auto ok = arris::runtime::reinstantiate(state->store, *slot->instance);
    if (!ok) return std::unexpected(detail::instantiation_error(state, std::move(ok).error()));
    return PooledInstance(state_, std::move(slot));
  }
  auto store = Store::create(state_->module.engine(), state_->options.limits);
  if (!store) return std::unexpected(std::move(store).error());
  slot = std::make_unique<PoolSlot>(std::move(*store));
  auto imports = state_->linker.resolve(slot->store, state_->module);
  if (!imports) return std::unexpected(std::move(imports).error());
  StoreState* state = Access::state(slot->store);
  slot->mark = state->store.mark();
  if (prepare) prepare(argument, slot->store);
  bool is_alone = state->store.mark() == slot->mark;
  auto made = detail::instantiate(state, state_->module, *imports);
  if (!made) return std::unexpected(std::move(made).error());
  slot->instance = *made;
  if (is_alone) slot->mark = state->store.mark();  // else it never matches again, and the store is not reused
  return PooledInstance(state_, std::move(slot));
}

size_t InstancePool::idle() const {
  std::lock_guard lock(state_->mutex);
  return state_->idle.size();
}

}  // namespace arris::api
