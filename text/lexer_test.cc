#include "text/lexer.h"

#include <gtest/gtest.h>

#include <string>

namespace arris::text {
namespace {

std::string kinds(std::string_view source) {
  auto list = tokenize(source);
  if (!list) return "error: " + list.error().message;
  std::string out;
  for (const Token& t : list->tokens) {
    constexpr std::string_view kNames[] = {"(",      ")",       "keyword", "id",       "quoted_id",
                                           "string", "integer", "real",    "reserved", "eof"};
    out += std::string(kNames[static_cast<unsigned>(t.kind)]) + " ";
  }
  if (!list->annotations.empty()) out += "annotations:" + std::to_string(list->annotations.size());
  return out;
}

TEST(Lexer, TellsTheTokenKindsApart) {
  EXPECT_EQ(kinds("(func $f 1 -0x1_0 +1.5 1e3 inf -nan:0x7 i32.add)"),
            "( keyword id integer integer real real real real keyword ) eof ");
  EXPECT_EQ(kinds("\"a\" $\"b c\""), "string quoted_id eof ");
  EXPECT_EQ(kinds("offset=0x10 nan:canonical"), "keyword keyword eof ");
}

TEST(Lexer, GluedTokensAreReserved) {
  for (const char* text :
       {"\"a\"\"b\"", "$a\"b\"", "1x", "0x", "1_", "1__0", "_1", "0x1p", "#a", "Abc", "@a", "a\"b\"", "{", ","})
    EXPECT_EQ(kinds(text), "reserved eof ") << text;
  EXPECT_EQ(kinds("1(2)3"), "integer ( integer ) integer eof ");
}

TEST(Lexer, CommentsNestAndLineCommentsEndAtEitherNewline) {
  EXPECT_EQ(kinds("a (; b (; c ;) d ;) e ;; f (;\n g ;; h \r i"), "keyword keyword keyword keyword eof ");
  EXPECT_EQ(kinds("(; (; ;)"), "error: unclosed comment");
  EXPECT_EQ(kinds(";; no newline"), "eof ");
}

TEST(Lexer, ManyNestedCommentsNeedNoStack) {
  std::string source;
  for (int i = 0; i < 1'000'000; ++i) source += "(;";
  EXPECT_EQ(kinds(source), "error: unclosed comment");
}

TEST(Lexer, DecodesEveryEscape) {
  EXPECT_EQ(decode_string(R"("\t\n\r\"\'\\\00\fFz\u{1_F600}")"), std::string("\t\n\r\"'\\\0\xffz\xF0\x9F\x98\x80", 13));
  EXPECT_EQ(decode_string(R"("\u{41}\u{e9}\u{20AC}")"), "A\xC3\xA9\xE2\x82\xAC");
}

TEST(Lexer, RefusesBadStrings) {
  EXPECT_EQ(kinds("\"abc"), "error: unclosed string literal");
  EXPECT_EQ(kinds("\"abc\n\""), "error: unclosed string literal");
  EXPECT_EQ(kinds("\"\x01\""), "error: illegal control character in string literal");
  EXPECT_EQ(kinds("\"\\"), "error: illegal escape");
  for (const char* text : {R"("\x")", R"("\1")", R"("\u{}")", R"("\u{d800}")", R"("\u{110000}")",
                           R"("\u{99999999999}")", R"("\u{1")", R"("\u{1__0}")", R"("\u{_1}")", R"("\u41")"})
    EXPECT_EQ(kinds(text), "error: illegal escape") << text;
}

TEST(Lexer, RefusesIllegalCharacters) {
  EXPECT_EQ(kinds("a \x01"), "error: illegal character");
  EXPECT_EQ(kinds("\xC3\xA9"), "error: illegal character");
  EXPECT_EQ(kinds(";; \xff"), "error: malformed UTF-8 encoding");
  EXPECT_EQ(kinds(";; \xC3\xA9"), "eof ");
  EXPECT_EQ(kinds("\"\xC3\xA9\""), "string eof ");
  EXPECT_EQ(kinds("$"), "error: empty identifier");
  EXPECT_EQ(kinds("$\"\""), "error: empty identifier");
  EXPECT_EQ(kinds("$\"\\ff\""), "error: malformed UTF-8 encoding");
}

TEST(Lexer, KnownAnnotationsAreKeptApartAndUnknownOnesDropped) {
  EXPECT_EQ(kinds("a (@b c (d) \"e\" (;f;)) (@name \"n\") (@\"custom\" x) g"), "keyword keyword eof annotations:2");
  EXPECT_EQ(kinds("(@a (@) (@ x) [ { , ;)"), "eof ");
  EXPECT_EQ(kinds("(@)"), "error: empty annotation id");
  EXPECT_EQ(kinds("(@a (b)"), "error: unclosed annotation");
  auto list = tokenize("x (@name \"n\") y");
  ASSERT_TRUE(list);
  ASSERT_EQ(list->annotations.size(), 1u);
  EXPECT_EQ(list->annotations[0].before, 1u);
  EXPECT_EQ(list->annotations[0].count, 1u);
}

TEST(TextErrors, NameLineAndColumnAndShowTheLine) {
  auto list = tokenize("(module\r\n  (func)\n  \x02)");
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().line, 3u);
  EXPECT_EQ(list.error().column, 3u);
  EXPECT_EQ(list.error().format("a.wat"), "a.wat:3:3: error: illegal character\n   )\n  ^");
}

TEST(TextErrors, LongLinesAreShownInPart) {
  std::string source(100'000, 'a');
  source += " \x02 ";
  source += std::string(100'000, 'b');
  auto list = tokenize(source);
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().column, 100'002u);
  EXPECT_LT(list.error().source_line.size(), 200u);
  EXPECT_EQ(list.error().source_line[list.error().caret - 1], ' ');
}

}  // namespace
}  // namespace arris::text
