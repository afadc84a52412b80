// The official suite through decoder and validator alone, before anything is executed: every module of every script must
// decode and validate, everything asserted malformed or invalid must be refused in that phase, and with the words that the
// script quotes. Counts are printed, so that a suite that was not found cannot look like one that passes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "decoder/module_decoder.h"
#include "decoder/validator/validator.h"
#include "text/script.h"

namespace arris {
namespace {

namespace fs = std::filesystem;

fs::path suite_folder() {
  if (const char* given = std::getenv("ARRIS_TESTSUITE")) return given;
  std::string configured = ARRIS_TESTSUITE;
  return configured.empty() ? ARRIS_SOURCE_DIR "/../shared/testsuite" : configured;
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The features a folder of the suite is written for.
Features features_for(const std::string& path) {
  Features features;
  if (path.starts_with("proposals/threads/")) {
    // Written against 1.0 with these additions: it asserts that several memories or tables are refused.
    return Features::release(1)
        .with(Feature::mutable_globals)
        .with(Feature::sign_extension)
        .with(Feature::nontrapping_float_to_int)
        .with(Feature::multi_value)
        .with(Feature::bulk_memory)
        .with(Feature::threads);
  }
  if (path.starts_with("proposals/wide-arithmetic/")) features = features.with(Feature::wide_arithmetic);
  if (path.starts_with("proposals/custom-page-sizes/")) features = features.with(Feature::custom_page_sizes);
  if (path.starts_with("legacy/")) features = features.with(Feature::legacy_exceptions);
  return features;
}

struct Counts {
  int valid = 0;
  int malformed = 0;
  int invalid = 0;
  int same_words = 0;
  int other_words = 0;
};

class SuiteRun {
 public:
  SuiteRun(const std::string& path, Counts& counts) : path_(path), features_(features_for(path)), counts_(counts) {}

  void run(const std::vector<text::Command>& commands) {
    for (const text::Command& command : commands) {
      if (command.has_module) check(command);
      run(command.body);
    }
  }

 private:
  std::expected<void, Error> load(std::vector<uint8_t> bytes) {
    auto registry = std::make_shared<TypeRegistry>();
    auto module = decoder::decode_module(std::move(bytes), {features_, registry});
    if (!module) return std::unexpected(module.error());
    return validator::validate_module(**module);
  }

  void check(const text::Command& command) {
    line_ = command.line;
    SCOPED_TRACE(path_ + ":" + std::to_string(command.line));
    using enum text::CommandKind;
    bool malformed = command.kind == assert_malformed;
    bool invalid = command.kind == assert_invalid;
    if (command.kind == assert_malformed_custom || command.kind == assert_invalid_custom) return;
    if (malformed && command.module.form == text::ModuleForm::quote) return;  // mostly the text parser's
    auto bytes = text::encode(command.module);
    if (!bytes) {
      if (malformed) return;
      ADD_FAILURE() << "does not encode: " << bytes.error().message;
      return;
    }
    auto result = load(*bytes);
    if (!malformed && !invalid) {
      EXPECT_TRUE(result) << result.error().to_string();
      ++counts_.valid;
      return;
    }
    ++(malformed ? counts_.malformed : counts_.invalid);
    if (result) {
      ADD_FAILURE() << "accepted, but should fail with: " << command.message;
      return;
    }
    EXPECT_EQ(to_string(phase_of(result.error().code)), malformed ? "malformed" : "invalid")
        << result.error().to_string() << " instead of " << command.message;
    compare_words(command.message, std::string(message_of(result.error().code)), result.error());
  }

  // The script quotes the beginning of a message; ours may say more, or leave an index to the detail.
  void compare_words(const std::string& expected, const std::string& ours, const Error& error) {
    if (ours.starts_with(expected) || expected.starts_with(ours)) {
      ++counts_.same_words;
      return;
    }
    ++counts_.other_words;
    std::printf("%s:%u other words for '%s': %s\n", path_.c_str(), line_, expected.c_str(), error.to_string().c_str());
  }

  std::string path_;
  unsigned line_ = 0;
  Features features_;
  Counts& counts_;
};

TEST(SuiteDecode, EveryModuleIsAcceptedOrRefusedAsTheSuiteSays) {
  fs::path suite = suite_folder();
  std::vector<fs::path> files;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(suite, error)) {
    if (entry.path().extension() == ".wast") files.push_back(entry.path());
  }
  ASSERT_FALSE(files.empty()) << "the official suite was not found at " << suite << " (set ARRIS_TESTSUITE)";
  std::ranges::sort(files);
  Counts counts;
  for (const fs::path& file : files) {
    std::string path = fs::relative(file, suite).generic_string();
    if (path.starts_with("proposals/custom-descriptors/")) continue;  // a proposal Arris does not implement
    auto script = text::parse_script(read(file));
    ASSERT_TRUE(script) << script.error().format(path);
    SuiteRun(path, counts).run(script->commands);
  }
  std::printf(
      "%zu files: %d valid, %d malformed, %d invalid modules; messages: %d in the suite's words, %d in others\n",
      files.size(), counts.valid, counts.malformed, counts.invalid, counts.same_words, counts.other_words);
  // Two modules end a section early where the reference reads on into the next one.
  EXPECT_LE(counts.other_words, 2);
  EXPECT_GT(counts.valid, 1500);
  EXPECT_GT(counts.malformed, 300);
  EXPECT_GT(counts.invalid, 1500);
}

}  // namespace
}  // namespace arris
