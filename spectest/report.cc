#include "spectest/report.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

namespace arris::spectest {

std::expected<std::vector<ScriptFile>, std::string> find_scripts(const std::vector<std::string>& paths) {
  namespace fs = std::filesystem;
  std::vector<ScriptFile> files;
  for (const std::string& path : paths) {
    std::error_code error;
    fs::file_status status = fs::status(path, error);
    if (error || !fs::exists(status)) return std::unexpected(path + ": no such file or folder");
    if (!fs::is_directory(status)) {
      files.push_back({path, path});
      continue;
    }
    size_t before = files.size();
    fs::recursive_directory_iterator at(path, error), end;
    for (; !error && at != end; at.increment(error)) {
      if (at->path().extension() == ".wast") {
        files.push_back({at->path().string(), at->path().lexically_relative(path).generic_string()});
      }
    }
    if (error) return std::unexpected(path + ": " + error.message());
    if (files.size() == before) return std::unexpected(path + ": no .wast files below");
    std::sort(files.begin() + static_cast<ptrdiff_t>(before), files.end(),
              [](const ScriptFile& a, const ScriptFile& b) { return a.name < b.name; });
  }
  return files;
}

ScriptResult add_up(const std::vector<FileReport>& files) {
  ScriptResult total;
  for (const FileReport& file : files) {
    total.passed += file.result.passed;
    total.failed += file.result.failed;
    total.skipped += file.result.skipped;
    for (size_t i = 0; i < kCommandKinds; ++i) total.executed[i] += file.result.executed[i];
  }
  return total;
}

std::string describe_kinds(const ScriptResult& result) {
  std::string out;
  for (size_t i = 0; i < kCommandKinds; ++i) {
    if (result.executed[i] == 0) continue;
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", result.executed[i],
                       text::to_string(static_cast<text::CommandKind>(i)));
  }
  return out;
}

}  // namespace arris::spectest
