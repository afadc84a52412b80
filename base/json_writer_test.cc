#include "base/json_writer.h"

#include <gtest/gtest.h>

namespace arris {
namespace {

TEST(JsonWriter, NestsAndIndents) {
  JsonWriter json;
  json.begin_object();
  json.member("a", uint64_t{1});
  json.key("b");
  json.begin_array();
  json.value("x");
  json.null();
  json.begin_object();
  json.end_object();
  json.end_array();
  json.key("c");
  json.begin_array();
  json.end_array();
  json.member("d", true);
  json.end_object();
  EXPECT_EQ(json.text(),
            "{\n  \"a\": 1,\n  \"b\": [\n    \"x\",\n    null,\n    {}\n  ],\n  \"c\": [],\n  \"d\": true\n}");
}

TEST(JsonWriter, EscapesStrings) {
  JsonWriter json;
  json.value(std::string_view("a\"b\\c\n\x1b\0é\xff", 11));
  EXPECT_EQ(json.text(), "\"a\\\"b\\\\c\\u000a\\u001b\\u0000é\uFFFD\"");
}

}  // namespace
}  // namespace arris
