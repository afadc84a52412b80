// Options: what a command line asked for. Filled in by parse.h from the table in option_table.cc; read by the commands.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "arris/arris.h"

namespace arris::cli {

// By which name the program was called, and so whose habits it has.
enum class Form : uint8_t { own, wasmedge };

enum class LogLevel : uint8_t { off, error, warning, info, debug, trace };
enum class ThreadModel : uint8_t { single, mte };

struct Options {
  Form form = Form::own;
  std::string program;             // for messages: "arris", "wasmedge"
  std::vector<std::string> words;  // what is no option: FILE and, for running, all that follows it

  // The module and the language.
  api::Features features = api::Features::command_line_default();
  std::string output;
  bool no_check = false;
  bool json = false;

  // What is called.
  std::string invoke;
  bool reactor = false;
  api::Tier tier = api::Tier::auto_;
  bool no_quicken = false;

  // What the program is given.
  std::vector<std::string> modules;  // NAME:PATH
  std::vector<std::string> dirs;
  std::vector<std::string> env;
  bool env_inherit = false;
  std::string stdin_file;

  std::optional<ThreadModel> thread_model;
  std::optional<uint32_t> max_threads;

  // Limits; absent: the engine's defaults.
  std::optional<std::chrono::nanoseconds> timeout;
  std::optional<uint64_t> fuel;
  std::optional<uint64_t> gas_limit;
  std::optional<uint64_t> max_memory_bytes;
  std::optional<uint64_t> max_memory_pages;
  std::optional<uint64_t> memory_page_size;  // what the module is expected to use
  std::optional<uint64_t> max_stack_bytes;
  std::optional<uint64_t> max_heap_bytes;

  // Looking inside.
  bool strace = false;
  api::Profile profile = api::Profile::none;
  bool debug_jit = false;
  std::string coredump_file;
  bool count_instructions = false;
  bool measure_gas = false;
  bool measure_time = false;
  std::optional<LogLevel> log_level;  // absent: no log, only messages
  bool gc_stats = false;
  bool gc_zeal = false;

  // --thread-model single forbids what --max-threads would allow; mte alone allows a few.
  uint32_t threads() const {
    constexpr uint32_t kDefault = 64;
    if (thread_model == ThreadModel::single) return 0;
    return max_threads.value_or(thread_model ? kDefault : 0);
  }
};

}  // namespace arris::cli
