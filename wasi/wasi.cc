// Binds the methods of WasiContext to import names, by wasi/preview1.def.
#include "wasi/wasi.h"

#include <algorithm>
#include <atomic>
#include <span>
#include <utility>

#include "base/check.h"
#include "wasi/context.h"
#include "wasi/signature.h"
#include "wasi/threads.h"
#include "wasi/trace.h"

namespace arris::wasi {

// What a Store's calls need: how Caller leads to the guest.
struct Attachment {
  Attachment(WasiContext& wasi, api::StoreRef the_store)
      : context(&wasi), store(the_store), waker(&stop_requested, this) {}

  static bool stop_requested(void* self) { return static_cast<Attachment*>(self)->store.interrupted(); }
  static void wake(void* self) {
    auto* attachment = static_cast<Attachment*>(self);
    attachment->waker.wake();
    if (ThreadGroup* others = attachment->first_of.load()) others->interrupt_others();
  }

  WasiContext* context;
  api::StoreRef store;
  Waker waker;
  ThreadGroup* threads = nullptr;
  std::atomic<ThreadGroup*> first_of = nullptr;  // the group, if this is its first thread
};

namespace {

using api::Caller;
using api::Trap;

[[gnu::cold]] Trap end_of(const Guest& guest) {
  if (guest.end == Guest::End::exited) return Trap::exit(static_cast<int32_t>(guest.exit_code));
  return Trap(api::TrapCode::interrupted);
}

// Calls a method with its arguments from value-stack slots.
using Entry = Errno (*)(WasiContext& context, Guest& guest, const uint64_t* args);

template <auto kMethod>
struct EntryOf;
template <class... Args, Errno (WasiContext::*kMethod)(Guest&, Args...)>
struct EntryOf<kMethod> {
  static Errno call(WasiContext& context, Guest& guest, const uint64_t* args) {
    return [&]<size_t... kIndex>(std::index_sequence<kIndex...>) {
      return (context.*kMethod)(guest, static_cast<Args>(args[kIndex])...);
    }(std::index_sequence_for<Args...>());
  }
};

struct Function {
  std::string_view name, signature;
  Entry preview1, snapshot0;
};
constexpr Function kFunctions[] = {
#define WASI_FUNCTION(name, old_name, signature) \
  {#name, signature, &EntryOf<&WasiContext::name>::call, &EntryOf<&WasiContext::old_name>::call},
#include "wasi/preview1.def"
};

bool has_result(const Function& function) { return function.name != "proc_exit"; }

api::FuncType type_of(const Function& function) {
  api::FuncType type;
  for (std::string_view rest = function.signature; !rest.empty();) {
    SignatureParam param = next_param(rest);
    type.params.push_back(param.is_64() ? api::kI64 : api::kI32);
    if (param.is_pair()) type.params.push_back(api::kI32);
  }
  if (has_result(function)) type.results.push_back(api::kI32);
  return type;
}

[[gnu::cold, gnu::noinline]] void trace(const Function& function, Snapshot snapshot, const Guest& guest, Errno result,
                                        const TraceSink& sink, const uint64_t* args) {
  TracedFunction traced{function.name, function.signature, snapshot};
  sink(trace_line(traced, {args, type_of(function).params.size()}, guest, result));
}

// One piece of code behind all functions: one for each signature would be 45 KB of them.
std::expected<void, Trap> call(Caller& caller, const Function& function, Snapshot snapshot, std::span<uint64_t> slots) {
  auto* attachment = caller.data<Attachment>();
  if (attachment == nullptr) [[unlikely]]
    return std::unexpected(Trap("WASI is not set up for this store"));
  auto memory = caller.memory();
  Guest guest{memory ? GuestMemory(memory->data()) : GuestMemory(), attachment->waker};
  Entry entry = snapshot == Snapshot::preview1 ? function.preview1 : function.snapshot0;
  Errno result = entry(*attachment->context, guest, slots.data());
  if (const TraceSink& sink = attachment->context->trace()) [[unlikely]]
    trace(function, snapshot, guest, result, sink, slots.data());
  if (guest.end != Guest::End::none) [[unlikely]]
    return std::unexpected(end_of(guest));
  if (!slots.empty()) slots[0] = static_cast<uint64_t>(result);
  return {};
}

template <class... Args>
consteval bool method_fits(Errno (WasiContext::*)(Guest&, Args...), std::string_view signature) {
  return signature_fits<Args...>(signature);
}

#define WASI_FUNCTION(name, old_name, signature)                                                  \
  static_assert(method_fits(&WasiContext::name, signature), #name " does not fit its signature"); \
  static_assert(method_fits(&WasiContext::old_name, signature), #old_name " does not fit its signature");
#include "wasi/preview1.def"

int32_t spawn(Caller& caller, int32_t start_arg) {
  auto* attachment = caller.data<Attachment>();
  if (attachment == nullptr || attachment->threads == nullptr) return -static_cast<int32_t>(Errno::again);
  return attachment->threads->spawn(start_arg);
}

constexpr std::string_view kPreview1 = "wasi_snapshot_preview1";
constexpr std::string_view kSnapshot0 = "wasi_unstable";
constexpr std::string_view kThreads = "wasi", kSpawn = "thread-spawn";

void define(api::Linker& linker, const Function& function, Snapshot snapshot) {
  linker.define_func_unchecked(snapshot == Snapshot::preview1 ? kPreview1 : kSnapshot0, function.name,
                               type_of(function), [&function, snapshot](Caller& caller, std::span<uint64_t> slots) {
                                 return call(caller, function, snapshot, slots);
                               });
}

void define_spawn(api::Linker& linker) { linker.define_func(kThreads, kSpawn, &spawn); }

// Defines what an import of a WASI module asks for; false if there is no such function.
bool define_imported(api::Linker& linker, std::string_view module, std::string_view name) {
  if (module == kThreads) {
    if (name != kSpawn) return false;
    define_spawn(linker);
    return true;
  }
  for (const Function& function : kFunctions) {
    if (function.name != name) continue;
    define(linker, function, module == kPreview1 ? Snapshot::preview1 : Snapshot::snapshot0);
    return true;
  }
  return false;
}

std::shared_ptr<Attachment> make_attachment(WasiContext& context, api::StoreRef store, ThreadGroup* threads) {
  auto attachment = std::make_shared<Attachment>(context, store);
  attachment->threads = threads;
  store.set_data(attachment.get());
  store.set_waker(&Attachment::wake, attachment.get());
  return attachment;
}

}  // namespace

Wasi::Wasi(std::unique_ptr<WasiContext> context) : context_(std::move(context)) {}
Wasi::Wasi(Wasi&&) noexcept = default;
Wasi& Wasi::operator=(Wasi&& other) noexcept {
  finish_threads(std::nullopt);
  context_ = std::move(other.context_);
  threads_ = std::move(other.threads_);
  attachments_ = std::move(other.attachments_);
  max_threads_ = other.max_threads_;
  fuel_per_thread_ = other.fuel_per_thread_;
  return *this;
}
Wasi::~Wasi() { finish_threads(std::nullopt); }

std::expected<Wasi, std::string> Wasi::create(WasiConfig config) {
  uint32_t max_threads = config.max_threads;
  uint64_t fuel = config.fuel_per_thread;
  Wasi wasi(TRY(WasiContext::create(std::move(config))));
  wasi.max_threads_ = max_threads;
  wasi.fuel_per_thread_ = fuel;
  return wasi;
}

void Wasi::add_to_linker(api::Linker& linker) {
  for (const Function& function : kFunctions) {
    define(linker, function, Snapshot::preview1);
    define(linker, function, Snapshot::snapshot0);
  }
  define_spawn(linker);
}

// A module that imports what there is not gets everything, so that the error can name what it may have meant.
void Wasi::add_to_linker(api::Linker& linker, const api::Module& module) {
  for (const api::ImportType& import : module.imports()) {
    if (import.module != kPreview1 && import.module != kSnapshot0 && import.module != kThreads) continue;
    if (!define_imported(linker, import.module, import.name)) return add_to_linker(linker);
  }
}

void Wasi::attach(api::StoreRef store) { attachments_.push_back(make_attachment(*context_, store, nullptr)); }

std::expected<void, api::Error> Wasi::enable_threads(api::Linker& linker, const api::Module& module,
                                                     api::StoreRef first) {
  for (const api::ImportType& import : module.imports()) {
    const api::MemoryType* type = import.type.memory();
    if (type == nullptr || !type->shared || linker.get(first, import.module, import.name)) continue;
    auto memory = api::SharedMemory::create(linker.engine(), *type);
    if (!memory) return std::unexpected(std::move(memory).error());
    linker.define(import.module, import.name, *memory);
  }
  if (max_threads_ == 0) return {};
  auto prepare = [context = context_.get()](api::StoreRef store, ThreadGroup& group) -> std::shared_ptr<void> {
    return make_attachment(*context, store, &group);
  };
  threads_ = std::make_shared<ThreadGroup>(linker, module, first, max_threads_, fuel_per_thread_, prepare);
  if (auto* attachment = first.data<Attachment>()) {
    attachment->threads = threads_.get();
    attachment->first_of.store(threads_.get());
  }
  return {};
}

std::optional<api::Trap> Wasi::finish_threads(std::optional<api::Trap> first) {
  return threads_ ? threads_->finish(std::move(first)) : first;  // kept: the first store's waker knows it
}

}  // namespace arris::wasi
