// Finding the suite's files and adding up their results.
#pragma once

#include <expected>
#include <map>
#include <string>
#include <vector>

#include "spectest/script_runner.h"

namespace arris::spectest {

// A script to run: where it is, and the path it is reported under (relative to the folder that was named).
struct ScriptFile {
  std::string path;
  std::string name;
};

struct ScriptFiles {
  std::vector<ScriptFile> run;
  // Files below the named folders that belong to a proposal that is not implemented, by proposal folder.
  std::map<std::string, unsigned, std::less<>> left_out;
};

// Files named directly, and every .wast below the folders named, sorted. Error: a path that does not exist or holds none.
std::expected<ScriptFiles, std::string> find_scripts(const std::vector<std::string>& paths);

struct FileReport {
  std::string name;
  ScriptResult result;
};

ScriptResult add_up(const std::vector<FileReport>& files);

// "57 assert_return, 3 assert_trap": the commands executed by kind, zero ones left out.
std::string describe_kinds(const ScriptResult& result);

}  // namespace arris::spectest
