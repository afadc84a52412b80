#include "spectest/report.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "spectest/features_by_path.h"

namespace arris::spectest {

namespace {

namespace fs = std::filesystem;

std::expected<void, std::string> search_folder(const std::string& folder, ScriptFiles& files) {
  std::error_code error;
  std::vector<ScriptFile> found;
  fs::recursive_directory_iterator at(folder, error), end;
  for (; !error && at != end; at.increment(error)) {
    if (at->path().extension() != ".wast") continue;
    std::string path = at->path().generic_string();
    if (std::string_view proposal = unimplemented_proposal(path); !proposal.empty()) {
      ++files.left_out[std::string(proposal)];
    } else {
      found.push_back({path, at->path().lexically_relative(folder).generic_string()});
    }
  }
  if (error) return std::unexpected(folder + ": " + error.message());
  if (found.empty()) return std::unexpected(folder + ": no .wast files below");
  std::sort(found.begin(), found.end(), [](const ScriptFile& a, const ScriptFile& b) { return a.name < b.name; });
  files.run.insert(files.run.end(), found.begin(), found.end());
  return {};
}

}  // namespace

std::expected<ScriptFiles, std::string> find_scripts(const std::vector<std::string>& paths) {
  ScriptFiles files;
  for (const std::string& path : paths) {
    std::error_code error;
    fs::file_status status = fs::status(path, error);
    if (error || !fs::exists(status)) return std::unexpected(path + ": no such file or folder");
    if (!fs::is_directory(status)) {
      files.run.push_back({path, path});
    } else if (auto searched = search_folder(path, files); !searched) {
      return std::unexpected(searched.error());
    }
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
