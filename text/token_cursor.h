// TokenCursor: reads a range of a TokenList, with a sticky first error. Base of the module and the script parser.
// After the first failure the cursor stands at the end of its range for good: every loop over tokens ends by itself and
// every value read is harmless, so callers test failed() only where it matters.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "text/lexer.h"

namespace arris::text {

class TokenCursor {
 public:
  TokenCursor(const TokenList& list, uint32_t begin, uint32_t end)
      : list_(list), pos_(begin), end_(end), eof_{TokenKind::eof, list.tokens[end].offset, 0} {}

  bool failed() const { return failed_; }
  TextError error() const { return make_text_error(list_.source, error_offset_, error_message_); }
  void fail_at(uint32_t offset, std::string message);
  void fail(std::string message) { fail_at(peek().offset, std::move(message)); }
  // "unexpected token", or "unknown operator" for what is no token of the language at all.
  void unexpected();

  uint32_t position() const { return pos_; }
  void seek(uint32_t position) {
    if (!failed_) pos_ = position;
  }
  uint32_t end() const { return end_; }
  const TokenList& list() const { return list_; }

  const Token& peek(uint32_t ahead = 0) const { return pos_ + ahead < end_ ? list_.tokens[pos_ + ahead] : eof_; }
  TokenKind kind(uint32_t ahead = 0) const { return peek(ahead).kind; }
  std::string_view text(uint32_t ahead = 0) const { return list_.text(peek(ahead)); }
  void advance() {
    if (pos_ < end_) ++pos_;
  }
  bool at_end() const { return pos_ >= end_; }

  bool at_keyword(std::string_view word, uint32_t ahead = 0) const {
    return kind(ahead) == TokenKind::keyword && text(ahead) == word;
  }
  // At "(word".
  bool at_form(std::string_view word) const { return kind() == TokenKind::lparen && at_keyword(word, 1); }
  bool at_id(uint32_t ahead = 0) const { return kind(ahead) == TokenKind::id || kind(ahead) == TokenKind::quoted_id; }
  bool at_index(uint32_t ahead = 0) const { return at_id(ahead) || kind(ahead) == TokenKind::integer; }

  bool take_keyword(std::string_view word);
  bool take_form(std::string_view word);
  void expect_keyword(std::string_view word);
  void expect_form(std::string_view word);
  void expect_lparen();
  void expect_rparen();

  // The identifier's characters without the dollar. Views live as long as the cursor and the source.
  std::string_view id_text(uint32_t ahead = 0);
  std::optional<std::string_view> take_id();
  std::string expect_string();  // any bytes
  std::string expect_name();    // well-formed UTF-8
  uint64_t expect_unsigned(uint64_t max, std::string_view out_of_range);
  uint32_t expect_u32() { return static_cast<uint32_t>(expect_unsigned(0xFFFFFFFF, "i32 constant out of range")); }

  // From "(" to behind its ")". Fails if there is none.
  void skip_form();

 private:
  const TokenList& list_;
  uint32_t pos_;
  uint32_t end_;
  Token eof_;
  bool failed_ = false;
  uint32_t error_offset_ = 0;
  std::string error_message_;
  std::deque<std::string> quoted_ids_;
};

// Index of the ")" that closes the "(" at `open`, or of the eof token.
uint32_t matching_paren(const TokenList& list, uint32_t open);

}  // namespace arris::text
