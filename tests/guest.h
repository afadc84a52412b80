// What the tests of the whole engine share: compiling a .wat of this folder, linking it, threads with small stacks, sizes.
//
// Needs ARRIS_SOURCE_DIR. Failures of set-up end the test program: nothing after them could mean anything.
#pragma once

#include <pthread.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <string>

#include "arris/arris.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define ARRIS_TEST_SANITIZED 1
#endif
#endif

namespace arris::test {

#ifdef ARRIS_TEST_SANITIZED
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// Work is divided by this under sanitizers, whose code is slower by about as much.
inline constexpr int kScale = kSanitized ? 20 : 1;

// The tier that ARRIS_TEST_TIER names: the tests of this folder run on several. "mixed" leaves half of the functions to the
// interpreter; "down" leaves compiled code again and again.
inline api::Config base_config() {
  api::Config config;
  const char* name = std::getenv("ARRIS_TEST_TIER");
  const std::string tier = name != nullptr ? name : "interp";
  config.tier = tier == "interp" ? api::Tier::interp : tier == "auto" ? api::Tier::auto_ : api::Tier::jit;
  if (tier == "mixed") config.mixed_tiers_seed = 1;
  if (tier == "lazy") config.lazy = true;
  if (tier == "auto") config.tier_up_threshold = 20;  // soon, but not at once
  if (tier == "down") config.tier_down_every = 3;     // back to the interpreter, over and over
  return config;
}

[[noreturn]] inline void give_up(const std::string& why) {
  std::fprintf(stderr, "test set-up: %s\n", why.c_str());
  std::abort();
}

inline api::Module compile_text(const api::Engine& engine, const std::string& name, const std::string& text) {
  auto module = api::Module::compile_text(engine, text);
  if (!module) give_up(name + ": " + module.error().to_string());
  return *std::move(module);
}

// `path` below tests/.
inline api::Module compile_file(const api::Engine& engine, const std::string& path) {
  std::string full = std::string(ARRIS_SOURCE_DIR) + "/tests/" + path;
  std::ifstream file(full, std::ios::binary);
  if (!file) give_up("cannot read " + full);
  return compile_text(engine, full, {std::istreambuf_iterator<char>(file), {}});
}

inline api::Instance instantiate(const api::Linker& linker, api::StoreRef store, const api::Module& module) {
  auto instance = linker.instantiate(store, module);
  if (!instance) give_up(instance.error().to_string());
  return *instance;
}

inline api::Func func(const api::Instance& instance, const std::string& name) {
  auto found = instance.func(name);
  if (!found) give_up("no function " + name);
  return *found;
}

// Runs `work` on a new thread with a native stack of `bytes`, and waits for it.
inline void on_thread_with_stack(size_t bytes, const std::function<void()>& work) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (pthread_attr_setstacksize(&attributes, bytes) != 0) give_up("pthread_attr_setstacksize");
  pthread_t thread;
  auto run = [](void* argument) -> void* {
    (*static_cast<const std::function<void()>*>(argument))();
    return nullptr;
  };
  if (pthread_create(&thread, &attributes, run, const_cast<std::function<void()>*>(&work)) != 0)
    give_up("pthread_create");
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

// Sanitizers make native frames several times as large.
inline constexpr size_t kSmallStack = kSanitized ? size_t{512} << 10 : size_t{64} << 10;

inline uint64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t total = 0;
  uint64_t resident = 0;
  statm >> total >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace arris::test
