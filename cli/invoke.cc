#include "cli/invoke.h"

#include <fmt/format.h>

#include "base/printable.h"
#include "cli/values.h"

namespace arris::cli {

std::expected<std::vector<api::Val>, std::string> parse_arguments(const std::string& name, const api::FuncType& type,
                                                                  std::span<const std::string> arguments) {
  if (arguments.size() != type.params.size()) {
    return std::unexpected(
        fmt::format("function `{}` expects {} argument(s), got {}", name, type.params.size(), arguments.size()));
  }
  std::vector<api::Val> values;
  for (size_t i = 0; i < arguments.size(); ++i) {
    auto value = parse_value(arguments[i], type.params[i]);
    if (!value) {
      return std::unexpected(
          fmt::format("Invalid argument '{}' for parameter {}: {}", arguments[i], i + 1, value.error()));
    }
    values.push_back(*std::move(value));
  }
  return values;
}

std::string explain_missing_function(const api::Module& module, const std::string& name) {
  constexpr size_t kMaxListed = 50;
  std::string known;
  size_t count = 0;
  for (const api::ExportType& e : module.exports()) {
    if (e.type.kind() != api::ExternKind::func || ++count > kMaxListed) continue;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", printable(e.name));
  }
  if (count > kMaxListed) known += fmt::format(" and {} more", count - kMaxListed);
  return fmt::format("Function \"{}\" not found in the module export list.{}", printable(name),
                     known.empty() ? " It exports no functions." : " It exports: " + known);
}

}  // namespace arris::cli
