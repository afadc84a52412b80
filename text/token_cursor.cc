#include "text/token_cursor.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/mnemonics.h"
#include "text/number.h"
#include "wasm/types.h"

namespace arris::text {

namespace {

// Words of the grammar that are no instructions. Any other word is what the reference interpreter's lexer refuses.
constexpr std::string_view kSyntaxWords[] = {
    "after",    "array",      "before",   "binary", "catch", "catch_all",      "catch_all_ref", "catch_ref", "data",
    "declare",  "definition", "delegate", "do",     "elem",  "export",         "f32",           "f32x4",     "f64",
    "f64x2",    "field",      "final",    "func",   "get",   "global",         "i16",           "i16x8",     "i31",
    "i32",      "i32x4",      "i64",      "i64x2",  "i8",    "i8x16",          "import",        "instance",  "invoke",
    "item",     "local",      "memory",   "module", "mut",   "nan:arithmetic", "nan:canonical", "null",      "offset",
    "pagesize", "param",      "quote",    "rec",    "ref",   "register",       "result",        "shared",    "start",
    "struct",   "sub",        "table",    "tag",    "then",  "type",           "v128",          "either",
#define HEAPTYPE(name, code, text, ref_text) text, ref_text,
#include "wasm/types.def"
};

bool is_known_word(std::string_view word) {
  if (std::ranges::find(kSyntaxWords, word) != std::end(kSyntaxWords)) return true;
  if (find_mnemonic(word) != Opcode::invalid) return true;
  for (std::string_view prefix : {"offset=", "align="})
    if (word.starts_with(prefix)) {
      std::string_view value = word.substr(prefix.size());
      return classify_number(value) == NumberKind::integer && value[0] != '+' && value[0] != '-';
    }
  return false;
}

}  // namespace

void TokenCursor::fail_at(uint32_t offset, std::string message) {
  if (failed_) return;
  failed_ = true;
  error_offset_ = offset;
  error_message_ = std::move(message);
  pos_ = end_;
}

void TokenCursor::unexpected() {
  std::string word(text().substr(0, 100));
  bool unknown = kind() == TokenKind::reserved || (kind() == TokenKind::keyword && !is_known_word(text()));
  if (unknown) return fail("unknown operator " + word);
  fail(kind() == TokenKind::eof ? "unexpected token: end of text" : "unexpected token " + word);
}

bool TokenCursor::take_keyword(std::string_view word) {
  if (!at_keyword(word)) return false;
  advance();
  return true;
}

bool TokenCursor::take_form(std::string_view word) {
  if (!at_form(word)) return false;
  pos_ += 2;
  return true;
}

void TokenCursor::expect_keyword(std::string_view word) {
  if (!take_keyword(word)) unexpected();
}

void TokenCursor::expect_form(std::string_view word) {
  expect_lparen();
  expect_keyword(word);
}

void TokenCursor::expect_lparen() {
  if (kind() != TokenKind::lparen) return unexpected();
  advance();
}

void TokenCursor::expect_rparen() {
  if (kind() != TokenKind::rparen) return unexpected();
  advance();
}

std::string_view TokenCursor::id_text(uint32_t ahead) {
  std::string_view token = text(ahead).substr(1);
  if (kind(ahead) == TokenKind::id) return token;
  std::string_view inner = token.substr(1, token.size() - 2);
  if (inner.find('\\') == std::string_view::npos) return inner;
  return quoted_ids_.emplace_back(decode_string(token));
}

std::optional<std::string_view> TokenCursor::take_id() {
  if (!at_id()) return std::nullopt;
  std::string_view id = id_text();
  advance();
  return id;
}

std::string TokenCursor::expect_string() {
  if (kind() != TokenKind::string) {
    unexpected();
    return {};
  }
  std::string value = decode_string(text());
  advance();
  return value;
}

std::string TokenCursor::expect_name() {
  uint32_t offset = peek().offset;
  std::string value = expect_string();
  if (!is_valid_utf8(value)) fail_at(offset, "malformed UTF-8 encoding");
  return value;
}

uint64_t TokenCursor::expect_unsigned(uint64_t max, std::string_view out_of_range) {
  if (kind() != TokenKind::integer || text()[0] == '+' || text()[0] == '-') {
    unexpected();
    return 0;
  }
  auto value = parse_unsigned(text(), max);
  if (!value) {
    fail(std::string(out_of_range));
    return 0;
  }
  advance();
  return *value;
}

void TokenCursor::skip_form() {
  uint32_t start = pos_;
  if (kind() != TokenKind::lparen) return unexpected();
  size_t depth = 0;
  while (pos_ < end_) {
    TokenKind k = kind();
    advance();
    if (k == TokenKind::lparen) ++depth;
    if (k == TokenKind::rparen && --depth == 0) return;
  }
  if (!failed_) fail_at(list_.tokens[start].offset, "unexpected token: unclosed parenthesis");
}

uint32_t matching_paren(const TokenList& list, uint32_t open) {
  size_t depth = 0;
  uint32_t i = open;
  for (; list.tokens[i].kind != TokenKind::eof; ++i) {
    if (list.tokens[i].kind == TokenKind::lparen) ++depth;
    if (list.tokens[i].kind == TokenKind::rparen && --depth == 0) return i;
  }
  return i;
}

}  // namespace arris::text
