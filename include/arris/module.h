// Module: decoded, validated code, ready to be instantiated any number of times. Spec: syntax/modules.
//
// Immutable and thread-safe; copies share. Views returned (names, payloads, bytes) live as long as any copy of the Module,
// or an Instance of it.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "arris/detail/fwd.h"
#include "arris/engine.h"
#include "arris/inspect.h"
#include "arris/listing.h"
#include "arris/types.h"

namespace arris::api {

struct ImportType {
  std::string_view module;
  std::string_view name;
  ExternType type;
};

struct ExportType {
  std::string_view name;
  ExternType type;
};

struct CustomSectionView {
  std::string_view name;
  std::span<const uint8_t> payload;
};

class Module {
 public:
  // Decodes and validates a binary module. The bytes are copied (the second form takes them over). Errors carry the byte
  // offset; phases malformed, invalid, limit.
  static std::expected<Module, Error> compile(const Engine& engine, std::span<const uint8_t> bytes);
  static std::expected<Module, Error> compile(const Engine& engine, std::vector<uint8_t>&& bytes);
  // The same for the text format (WAT). Errors of the text have ErrorCode::module_text and line and column in the detail; in
  // the detail of an invalid module's error it begins with those of the instruction at fault.
  static std::expected<Module, Error> compile_text(const Engine& engine, std::string_view text);
  // The module in the text format; compiling it again yields the same module. Links the text room, like compile_text.
  std::string to_text() const;
  // Is it a valid module? The same checks as compile.
  static std::expected<void, Error> validate(const Engine& engine, std::span<const uint8_t> bytes);

  const Engine& engine() const;
  std::span<const uint8_t> bytes() const;
  // The name section's module name, or empty.
  std::string_view name() const;
  // In the order of the module. The vectors are built on each call.
  std::vector<ImportType> imports() const;
  std::vector<ExportType> exports() const;
  // Of all its memories, imported ones first.
  std::vector<MemoryType> memories() const;
  std::optional<ExternType> export_type(std::string_view name) const;
  std::vector<CustomSectionView> custom_sections() const;
  std::vector<SectionView> sections() const;  // all of them, with their offsets
  // Functions in the function index space (imports first) and their names: name section, else export name, else empty.
  uint32_t func_count() const;
  std::string_view func_name(uint32_t index) const;
  FuncType func_type(uint32_t index) const;
  // The machine code that the compiler makes of a defined function, for this engine's Config but its tier. An error if it
  // cannot be compiled, or if there is no compiler for this processor.
  std::expected<MachineCode, Error> machine_code(uint32_t func) const;
  // Index of the start function, if there is one.
  std::optional<uint32_t> start() const;

  friend bool operator==(const Module&, const Module&) = default;  // the same compilation

 private:
  friend struct detail::Access;
  explicit Module(std::shared_ptr<const detail::ModuleState> state) : state_(std::move(state)) {}
  std::shared_ptr<const detail::ModuleState> state_;
};

}  // namespace arris::api
