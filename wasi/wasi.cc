// Binds the methods of WasiContext to import names, by wasi/preview1.def.
#include "wasi/wasi.h"

#include <algorithm>
#include <atomic>
#include <type_traits>
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

template <class... Args>
[[gnu::cold, gnu::noinline]] void trace(const TracedFunction& function, const Guest& guest, Errno result,
                                        const TraceSink& sink, Args... args) {
  uint64_t values[] = {static_cast<uint64_t>(args)..., 0};
  sink(trace_line(function, {values, sizeof...(Args)}, guest, result));
}

template <class... Args>
std::expected<Errno, Trap> call(Caller& caller, Errno (WasiContext::*method)(Guest&, Args...),
                                const TracedFunction& function, Args... args) {
  auto* attachment = caller.data<Attachment>();
  if (attachment == nullptr) [[unlikely]]
    return std::unexpected(Trap("WASI is not set up for this store"));
  auto memory = caller.memory();
  Guest guest{memory ? GuestMemory(memory->data()) : GuestMemory(), attachment->waker};
  Errno result = (attachment->context->*method)(guest, args...);
  if (const TraceSink& sink = attachment->context->trace()) [[unlikely]]
    trace(function, guest, result, sink, args...);
  if (guest.end != Guest::End::none) [[unlikely]]
    return std::unexpected(end_of(guest));
  return result;
}

template <class... Args>
auto bind(Errno (WasiContext::*method)(Guest&, Args...), TracedFunction function) {
  return [method, function](Caller& caller, Args... args) -> std::expected<uint32_t, Trap> {
    auto result = call(caller, method, function, args...);
    if (!result) return std::unexpected(std::move(result).error());
    return static_cast<uint32_t>(*result);
  };
}

// proc_exit is the one without a result.
auto bind_without_result(Errno (WasiContext::*method)(Guest&, uint32_t), TracedFunction function) {
  return [method, function](Caller& caller, uint32_t arg) -> std::expected<void, Trap> {
    auto result = call(caller, method, function, arg);
    if (!result) return std::unexpected(std::move(result).error());
    return {};
  };
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
constexpr std::string_view kThreads = "wasi";

// Defines those of all functions that `wanted` tells by module and name.
void define_functions(api::Linker& linker, auto wanted) {
  auto define = [&](std::string_view module, auto method, const TracedFunction& function) {
    if (!wanted(module, function.name)) return;
    if constexpr (std::is_same_v<decltype(method), decltype(&WasiContext::proc_exit)>) {
      if (method == &WasiContext::proc_exit) {
        linker.define_func(module, function.name, bind_without_result(method, function));
        return;
      }
    }
    linker.define_func(module, function.name, bind(method, function));
  };
#define WASI_FUNCTION(name, old_name, signature)                                               \
  define(kPreview1, &WasiContext::name, TracedFunction{#name, signature, Snapshot::preview1}); \
  define(kSnapshot0, &WasiContext::old_name, TracedFunction{#name, signature, Snapshot::snapshot0});
#include "wasi/preview1.def"
  if (wanted(kThreads, "thread-spawn")) linker.define_func(kThreads, "thread-spawn", &spawn);
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
  define_functions(linker, [](std::string_view, std::string_view) { return true; });
}

// A module that imports what there is not gets everything, so that the error can name what it may have meant.
void Wasi::add_to_linker(api::Linker& linker, const api::Module& module) {
  std::vector<api::ImportType> imports = module.imports();
  std::erase_if(imports, [](const api::ImportType& import) {
    return import.module != kPreview1 && import.module != kSnapshot0 && import.module != kThreads;
  });
  size_t found = 0;
  auto is_imported = [&](std::string_view module_name, std::string_view name) {
    size_t count = std::ranges::count_if(
        imports, [&](const api::ImportType& import) { return import.name == name && import.module == module_name; });
    found += count;
    return count != 0;
  };
  define_functions(linker, is_imported);
  if (found != imports.size()) add_to_linker(linker);
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
