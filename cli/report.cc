#include "cli/report.h"

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/log.h"
#include "cli/print.h"
#include "symbols/trap_report.h"

namespace arris::cli {
namespace {

bool is_silent(const Options& options) { return options.log_level == LogLevel::off; }

// WasmEdge names the phase by the upper digits of the code.
std::string_view phase_name(uint16_t code) {
  switch (code >> 8) {
    case 1: return "loading";
    case 2: return "validation";
    case 3: return "instantiation";
    case 4: return "execution";
    default: return "wasmedge runtime";
  }
}

// The first line in WasmEdge's form; without a code, the phase has to be given.
void print_wasmedge_line(std::string_view phase, std::string_view message, uint16_t code) {
  print_error("{}{} failed: {}, Code: {:#05x}\n", log_prefix("error"), phase, message, code);
}

}  // namespace

int fail(const Options& options, const std::string& why) {
  if (!is_silent(options)) print_error("{}: {}\n", options.program, why);
  return kExitSetup;
}

int fail_loading(const Options& options, const LoadError& error) {
  if (is_silent(options)) return kExitSetup;
  if (options.form == Form::wasmedge) {
    switch (error.kind) {
      case LoadError::Kind::unreadable: print_wasmedge_line("loading", "invalid path", 0x100); break;
      case LoadError::Kind::text: print_wasmedge_line("loading", "invalid wasm grammar", 0x119); break;
      case LoadError::Kind::refused: {
        uint16_t code = wasmedge_code_of(error.code);
        bool is_invalid = api::phase_of(error.code) == api::ErrorPhase::invalid;
        print_wasmedge_line(code != 0    ? phase_name(code)
                            : is_invalid ? "validation"
                                         : "loading",
                            api::message_of(error.code), code);
        break;
      }
    }
  }
  print_error("{}\n", error.text);
  return kExitSetup;
}

int fail_instantiation(const Options& options, const std::string& file, const api::Error& error) {
  if (is_silent(options)) return kExitSetup;
  if (options.form == Form::wasmedge)
    print_wasmedge_line("instantiation", api::message_of(error.code), wasmedge_code_of(error.code));
  return fail(options, file + ": " + error.to_string());
}

int report_trap(const Options& options, const api::Trap& trap, const std::string& function) {
  if (auto status = trap.exit_status()) return *status;
  if (is_silent(options)) return kExitTrap;
  if (options.form == Form::wasmedge) {
    uint16_t code = api::wasmedge_code_of(trap.code());
    if (trap.code() == api::TrapCode::out_of_gas) {
      print_error("{}Cost exceeded limit. Force terminate the execution.\n", log_prefix("error"));
      print_wasmedge_line(phase_name(code), "cost limit exceeded", code);
    } else {
      print_wasmedge_line(phase_name(code), trap.message(), code);
    }
    print_error("    When executing function name: \"{}\"\n", function);
  }
  print_error("{}: {}\n", options.program, symbols::trap_report(trap));
  return kExitTrap;
}

void print_statistics(const Options& options, const Statistics& s) {
  bool gas = options.measure_gas || options.gas_limit;
  if (!(gas || options.count_instructions || options.measure_time)) return;
  if (options.log_level && *options.log_level < LogLevel::info) return;
  std::string prefix = options.form == Form::wasmedge ? log_prefix("info") : "";
  std::string out = prefix + "====================  Statistics  ====================\n";
  auto line = [&]<class T>(std::string_view label, T value, std::string_view unit = "") {
    out += fmt::format("{} {}: {}{}\n", prefix, label, value, unit);
  };
  auto wasm_time = s.total_time - s.host_time;
  if (options.measure_time) {
    line("Total execution time", s.total_time.count(), " ns");
    line("Wasm instructions execution time", wasm_time.count(), " ns");
    line("Host functions execution time", s.host_time.count(), " ns");
  }
  if (options.count_instructions) line("Executed wasm instructions count", s.instructions);
  if (gas) line("Gas costs", s.instructions);
  if (options.count_instructions && options.measure_time && wasm_time.count() > 0) {
    double per_second = static_cast<double>(s.instructions) * 1e9 / static_cast<double>(wasm_time.count());
    line("Instructions per second", static_cast<uint64_t>(per_second));
  }
  print_error("{}{}=======================   End   ======================\n", out, prefix);
}

uint16_t wasmedge_code_of(api::ErrorCode code) {
  using enum api::ErrorCode;
  struct Row {
    api::ErrorCode code;
    uint16_t number;
  };
  static constexpr Row kRows[] = {
      {unexpected_end, 0x102},
      {magic_not_detected, 0x103},
      {unknown_binary_version, 0x104},
      {malformed_section_id, 0x105},
      {section_size_mismatch, 0x106},
      {unexpected_end_of_section, 0x107},
      {length_out_of_bounds, 0x107},
      {unexpected_section, 0x108},
      {inconsistent_function_lengths, 0x109},
      {inconsistent_data_count, 0x10A},
      {data_count_required, 0x10B},
      {malformed_import_kind, 0x10C},
      {malformed_export_kind, 0x10D},
      {zero_byte_expected, 0x10E},
      {malformed_mutability, 0x10F},
      {too_many_locals, 0x110},
      {malformed_value_type, 0x111},
      {malformed_elem_kind, 0x112},
      {malformed_reference_type, 0x113},
      {malformed_utf8, 0x114},
      {integer_too_large, 0x115},
      {integer_too_long, 0x116},
      {illegal_opcode, 0x117},
      {end_opcode_expected, 0x118},
      {module_text, 0x119},
      {shared_memory_without_maximum, 0x11A},
      {malformed_table, 0x11C},
      {malformed_memop_flags, 0x11D},
      {alignment_not_natural, 0x200},
      {alignment_too_large, 0x201},
      {type_mismatch, 0x202},
      {unknown_label, 0x203},
      {unknown_local, 0x204},
      {unknown_field, 0x205},
      {unknown_type, 0x206},
      {unknown_function, 0x207},
      {unknown_table, 0x208},
      {unknown_memory, 0x209},
      {unknown_global, 0x20A},
      {unknown_tag, 0x20B},
      {unknown_elem_segment, 0x20C},
      {unknown_data_segment, 0x20D},
      {undeclared_function_reference, 0x20E},
      {constant_expression_required, 0x20F},
      {duplicate_export_name, 0x210},
      {immutable_global, 0x211},
      {immutable_field, 0x212},
      {immutable_array, 0x213},
      {invalid_result_arity, 0x214},
      {multiple_tables, 0x215},
      {multiple_memories, 0x216},
      {size_minimum_greater_than_maximum, 0x217},
      {memory_size_too_large, 0x218},
      {start_function, 0x219},
      {invalid_lane_index, 0x21A},
      {uninitialized_local, 0x21B},
      {non_defaultable, 0x21C},
      {packed_field, 0x21E},
      {unpacked_field, 0x220},
      {array_type_mismatch, 0x223},
      {not_numeric_or_vector_array, 0x224},
      {sub_type_mismatch, 0x225},
      {non_empty_tag_result, 0x226},
      {incompatible_import_type, 0x301},
      {unknown_import, 0x302},
  };
  for (const Row& row : kRows) {
    if (row.code == code) return row.number;
  }
  return 0;
}

}  // namespace arris::cli
