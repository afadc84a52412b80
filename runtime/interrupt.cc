#include "runtime/interrupt.h"

namespace arris::runtime {

TrapCode answer_interrupt(ExecutionContext& context) {
  if (context.interrupt.load(std::memory_order_acquire) & kInterruptStop) return TrapCode::interrupted;
  if (!context.fuel_enabled) {
    context.interrupt.fetch_and(~kInterruptFuel, std::memory_order_relaxed);
    return TrapCode::none;
  }
  if (context.fuel <= 0) return TrapCode::out_of_fuel;
  --context.fuel;
  return TrapCode::none;
}

}  // namespace arris::runtime
