// Cross-check with WABT's encoder (Debian package wabt, wast2json), on the suite files it reads: for every text module our
// bytes equal its bytes, custom sections and data counts aside. Skipped where WABT or the suite is missing.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "base/leb128.h"
#include "text/script.h"

namespace arris::text {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<uint8_t>;

std::string suite_folder() {
  if (const char* given = std::getenv("ARRIS_TESTSUITE")) return given;
  std::string configured = ARRIS_TESTSUITE;
  return configured.empty() ? ARRIS_SOURCE_DIR "/../shared/testsuite" : configured;
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Without custom sections (names) and data counts (WABT writes one whenever there are segments).
Bytes essential_sections(const std::string& wasm) {
  Bytes out;
  const auto* p = reinterpret_cast<const uint8_t*>(wasm.data());
  const uint8_t* end = p + wasm.size();
  if (wasm.size() < 8) return out;
  for (p += 8; p < end;) {
    const uint8_t* start = p;
    uint8_t id = *p++;
    auto size = decode_uleb<uint32_t>(p, end);
    if (size.status != LebStatus::ok || size.value > static_cast<size_t>(end - p) - size.length) return {};
    p += size.length + size.value;
    if (id != 0 && id != 12) out.insert(out.end(), start, p);
  }
  return out;
}

std::string quoted_field(const std::string& command, std::string_view name) {
  std::string key = "\"" + std::string(name) + "\": \"";
  size_t at = command.find(key);
  if (at == std::string::npos) return {};
  at += key.size();
  return command.substr(at, command.find('"', at) - at);
}

// Line of the command -> the file with the module's bytes, of text and binary modules.
std::map<uint32_t, std::string> modules_by_line(const std::string& json) {
  std::map<uint32_t, std::string> modules;
  size_t at = 0;
  while ((at = json.find("{\"type\": \"", at)) != std::string::npos) {
    size_t next = std::min(json.find("{\"type\": \"", at + 1), json.size());
    std::string command = json.substr(at, next - at);
    size_t line = command.find("\"line\": ");
    std::string file = quoted_field(command, "filename");
    if (file.ends_with(".wasm") && line != std::string::npos)
      modules[std::strtoul(&command[line + 8], nullptr, 10)] = file;
    at = next;
  }
  return modules;
}

// Where WABT 1.0.32 writes other, equally good or older bytes, by file.
constexpr std::string_view kOtherwiseEncoded[] = {
    "block.wast", "loop.wast",                         // (type $t) of a block, written as the value type it comes to
    "bulk.wast",  "ref_func.wast", "table_copy.wast",  // element expressions that are all ref.func, written as indices
    "func.wast",                                       // (ref $t) in the codes of the old function-references proposal
};

TEST(Wabt, EncodesTheSuiteAsWeDo) {
  if (std::system("wast2json --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "no wast2json (Debian package wabt)";
  if (!fs::exists(suite_folder())) GTEST_SKIP() << "no test suite at " << suite_folder() << " (set ARRIS_TESTSUITE)";
  fs::path scratch = fs::temp_directory_path() / ("arris_wabt_" + std::to_string(::getpid()));
  fs::create_directories(scratch);
  size_t files = 0, equal = 0, different = 0;
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(suite_folder()))
    if (entry.path().extension() == ".wast") paths.push_back(entry.path());
  std::ranges::sort(paths);
  for (const fs::path& path : paths) {
    std::string command = "cd " + scratch.string() + " && rm -f * && wast2json --enable-all " + path.string() +
                          " -o out.json >/dev/null 2>&1";
    if (std::system(command.c_str()) != 0) continue;  // syntax newer than this WABT
    auto script = parse_script(read(path));
    ASSERT_TRUE(script);
    ++files;
    auto theirs = modules_by_line(read(scratch / "out.json"));
    for (const Command& c : script->commands) {
      auto it = theirs.find(c.module.line);
      if (!c.has_module || c.module.form != ModuleForm::text || it == theirs.end()) continue;
      if (!fs::exists(scratch / it->second)) continue;
      auto bytes = encode(c.module);
      ASSERT_TRUE(bytes);
      bool same = essential_sections({bytes->begin(), bytes->end()}) == essential_sections(read(scratch / it->second));
      if (!same && std::ranges::find(kOtherwiseEncoded, path.filename().string()) != std::end(kOtherwiseEncoded))
        continue;
      same ? ++equal : ++different;
      EXPECT_TRUE(same) << path << ":" << c.line;
    }
  }
  fs::remove_all(scratch);
  std::printf("%zu files, %zu modules equal, %zu different\n", files, equal, different);
  EXPECT_GT(files, 100u);
  EXPECT_GT(equal, 3000u);
}

}  // namespace
}  // namespace arris::text
