// Wasi: WASI for a guest: what it may see, linked to the modules that import it. For embedders and the command line.
//
//   wasi::WasiConfig config;
//   config.args = {"program"};
//   config.preopens = {{"/data", "./data", true}};
//   auto wasi = wasi::Wasi::create(std::move(config));
//   wasi->add_to_linker(linker);
//   wasi->attach(store);
//   auto instance = linker.instantiate(store, module);
//
// One Wasi is one guest: its descriptors, shared by its threads. It has to outlive the Stores attached to it. The process
// should ignore SIGPIPE and SIGXFSZ: writing to a pipe without a reader is EPIPE to the guest then, writing beyond the
// process's limit on the size of files EFBIG, and death by signal otherwise.
// Stopping a store (InterruptHandle) ends waits in WASI functions, too.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "arris/linker.h"
#include "arris/module.h"
#include "arris/store.h"
#include "arris/trap.h"
#include "wasi/config.h"

namespace arris::wasi {

class WasiContext;
class ThreadGroup;
struct Attachment;

class Wasi {
 public:
  // Opens the preopened directories. The error is one line that says what could not be had, and why.
  static std::expected<Wasi, std::string> create(WasiConfig config);
  Wasi(Wasi&&) noexcept;
  Wasi& operator=(Wasi&&) noexcept;
  ~Wasi();

  // Defines wasi_snapshot_preview1, wasi_unstable, and wasi's thread-spawn. One linker may serve many guests: whose functions
  // they are is told by the Store that calls.
  static void add_to_linker(api::Linker& linker);
  // The same for just what `module` imports, which takes less time at the start of a program.
  static void add_to_linker(api::Linker& linker, const api::Module& module);

  // Makes this the guest of `store`: before anything of it runs. Sets the store's waker.
  void attach(api::StoreRef store);

  // wasi-threads. Defines a shared memory for every shared memory that `module` imports and `linker` does not know; then, if
  // WasiConfig::max_threads is not 0, lets it spawn threads, which are instantiated from `linker` (kept by reference until
  // finish_threads). Call after attach and before instantiation. Errors: of SharedMemory::create.
  std::expected<void, api::Error> enable_threads(api::Linker& linker, const api::Module& module, api::StoreRef first);
  // After the first thread ended, with its trap or none: ends all others and waits for them. Returns why the guest ended:
  // `first`, or the trap or exit of the thread that ended it before. Without threads just `first`.
  std::optional<api::Trap> finish_threads(std::optional<api::Trap> first);

  WasiContext& context() { return *context_; }

 private:
  explicit Wasi(std::unique_ptr<WasiContext> context);

  std::unique_ptr<WasiContext> context_;
  std::shared_ptr<ThreadGroup> threads_;
  std::vector<std::shared_ptr<Attachment>> attachments_;
  uint32_t max_threads_ = 0;
  uint64_t fuel_per_thread_ = 0;
};

}  // namespace arris::wasi
