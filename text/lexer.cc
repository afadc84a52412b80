#include "text/lexer.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/utf8.h"
#include "text/number.h"

namespace arris::text {

namespace {

// Spec: text/values, idchar.
constexpr std::array<bool, 256> kIdChars = [] {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[c] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[c] = true;
  for (char c : std::string_view("!#$%&'*+-./:<=>?@\\^_`|~")) table[static_cast<uint8_t>(c)] = true;
  return table;
}();

constexpr int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) { list_.source = source; }

  std::expected<TokenList, TextError> run() {
    if (source_.size() >= 0xFFFFFFFF) return std::unexpected(make_text_error(source_, 0, "source too large"));
    check_utf8();
    list_.tokens.reserve(source_.size() / 6 + 16);
    while (!failed() && skip_space()) {
      if (source_[pos_] == '(' && peek(1) == '@') {
        lex_annotation();
      } else {
        list_.tokens.push_back(next_token());
      }
    }
    if (error_) return std::unexpected(make_text_error(source_, error_offset_, *error_));
    list_.tokens.push_back({TokenKind::eof, static_cast<uint32_t>(source_.size()), 0});
    return std::move(list_);
  }

 private:
  bool failed() const { return error_.has_value(); }
  void fail(size_t offset, std::string_view message) {
    if (error_) return;
    error_ = std::string(message);
    error_offset_ = offset;
    pos_ = source_.size();
  }
  char peek(size_t ahead) const { return pos_ + ahead < source_.size() ? source_[pos_ + ahead] : '\0'; }

  void check_utf8() {
    if (is_valid_utf8(source_)) return;
    const uint8_t* begin = reinterpret_cast<const uint8_t*>(source_.data());
    const uint8_t* end = begin + source_.size();
    const uint8_t* p = begin;
    while (unsigned n = utf8_sequence_length(p, end)) p += n;
    fail(p - begin, "malformed UTF-8 encoding");
  }

  // Skips white space and comments; false at the end of the source.
  bool skip_space() {
    while (pos_ < source_.size()) {
      char c = source_[pos_];
      if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
        ++pos_;
      } else if (c == ';' && peek(1) == ';') {
        pos_ = std::min(source_.find_first_of("\r\n", pos_), source_.size());
      } else if (c == '(' && peek(1) == ';') {
        skip_block_comment();
      } else {
        return true;
      }
    }
    return false;
  }

  void skip_block_comment() {
    size_t start = pos_;
    size_t depth = 0;
    for (; pos_ < source_.size(); ++pos_) {
      if (source_[pos_] == '(' && peek(1) == ';') {
        ++depth;
        ++pos_;
      } else if (source_[pos_] == ';' && peek(1) == ')') {
        ++pos_;
        if (--depth == 0) {
          ++pos_;
          return;
        }
      }
    }
    fail(start, "unclosed comment");
  }

  Token token(TokenKind kind, size_t start) const {
    return {kind, static_cast<uint32_t>(start), static_cast<uint32_t>(pos_ - start)};
  }

  Token next_token() {
    size_t start = pos_;
    char c = source_[pos_];
    if (c == '(' || c == ')') {
      ++pos_;
      return token(c == '(' ? TokenKind::lparen : TokenKind::rparen, start);
    }
    if (c == '"' || kIdChars[static_cast<uint8_t>(c)]) return lex_word();
    if (c == ',' || c == ';' || c == '[' || c == ']' || c == '{' || c == '}') {
      ++pos_;
      return token(TokenKind::reserved, start);
    }
    fail(start, "illegal character");
    return token(TokenKind::eof, start);
  }

  // The longest run of identifier characters and strings: one token (spec: text/lexical, tokens and reserved).
  Token lex_word() {
    size_t start = pos_;
    size_t strings = 0;
    while (pos_ < source_.size()) {
      if (source_[pos_] == '"') {
        lex_string();
        ++strings;
      } else if (kIdChars[static_cast<uint8_t>(source_[pos_])]) {
        ++pos_;
      } else {
        break;
      }
    }
    if (failed()) {
      // A quoted identifier whose string is none is an empty one, in the reference's words.
      bool is_id = source_[start] == '$' && source_[start + 1] == '"';
      bool is_string_error = error_->starts_with("unclosed string") || error_->starts_with("illegal control");
      if (is_id && is_string_error) error_ = "empty identifier";
      return token(TokenKind::eof, start);
    }
    return token(classify(start, strings), start);
  }

  TokenKind classify(size_t start, size_t strings) {
    std::string_view text = source_.substr(start, pos_ - start);
    bool closes = text.back() == '"';
    if (strings == 1 && closes && text[0] == '"') return TokenKind::string;
    if (strings == 1 && closes && text[0] == '$' && text[1] == '"') {
      std::string name = decode_string(text.substr(1));
      if (name.empty()) fail(start, "empty identifier");
      if (!is_valid_utf8(name)) fail(start, "malformed UTF-8 encoding");
      return TokenKind::quoted_id;
    }
    if (strings > 0) return TokenKind::reserved;
    if (text[0] == '$') {
      if (text.size() == 1) fail(start, "empty identifier");
      return TokenKind::id;
    }
    switch (classify_number(text)) {
      case NumberKind::integer: return TokenKind::integer;
      case NumberKind::real: return TokenKind::real;
      case NumberKind::none: break;
    }
    return text[0] >= 'a' && text[0] <= 'z' ? TokenKind::keyword : TokenKind::reserved;
  }

  void lex_string() {
    size_t start = pos_++;
    while (pos_ < source_.size()) {
      auto c = static_cast<uint8_t>(source_[pos_]);
      if (c == '"') {
        ++pos_;
        return;
      }
      if (c == '\n' || c == '\r') return fail(start, "unclosed string literal");
      if (c < 0x20 || c == 0x7F) return fail(pos_, "illegal control character in string literal");
      if (c == '\\') {
        lex_escape();
      } else {
        ++pos_;
      }
    }
    fail(start, "unclosed string literal");
  }

  void lex_escape() {
    size_t start = pos_++;
    char c = peek(0);
    if (c == 't' || c == 'n' || c == 'r' || c == '"' || c == '\'' || c == '\\') {
      ++pos_;
    } else if (hex_digit(c) >= 0 && hex_digit(peek(1)) >= 0) {
      pos_ += 2;
    } else if (c == 'u' && peek(1) == '{') {
      lex_unicode_escape(start);
    } else {
      fail(start, "illegal escape");
    }
  }

  void lex_unicode_escape(size_t start) {
    pos_ += 2;
    size_t digits = pos_;
    uint32_t value = 0;
    for (; hex_digit(peek(0)) >= 0 || (peek(0) == '_' && pos_ > digits && hex_digit(peek(1)) >= 0); ++pos_) {
      if (peek(0) == '_') continue;
      value = std::min<uint32_t>(value * 16 + hex_digit(peek(0)), 0x110000);
    }
    bool scalar = value < 0xD800 || (value >= 0xE000 && value < 0x110000);
    if (pos_ == digits || peek(0) != '}' || !scalar) return fail(start, "illegal escape");
    ++pos_;
  }

  // At "(@". The whole annotation is tokenised without recursion; only parentheses must balance in it.
  void lex_annotation() {
    size_t start = pos_;
    pos_ += 2;
    std::string name;
    if (peek(0) == '"') {
      size_t name_start = pos_;
      lex_string();
      // A string that is none leaves the annotation without an identifier.
      if (error_ == "unclosed string literal") error_ = "empty annotation id";
      if (failed()) return;
      name = decode_string(source_.substr(name_start, pos_ - name_start));
      if (!is_valid_utf8(name)) return fail(name_start, "malformed UTF-8 encoding");
    } else {
      while (kIdChars[static_cast<uint8_t>(peek(0))] && pos_ < source_.size()) name += source_[pos_++];
    }
    if (name.empty()) return fail(start, "empty annotation id");

    auto first = static_cast<uint32_t>(list_.annotation_tokens.size());
    for (size_t depth = 1; skip_space();) {
      Token t = next_token();
      if (failed()) return;
      if (t.kind == TokenKind::lparen) ++depth;
      if (t.kind == TokenKind::rparen && --depth == 0) return keep_annotation(name, start, first);
      list_.annotation_tokens.push_back(t);
    }
    fail(start, "unclosed annotation");
  }

  void keep_annotation(std::string_view name, size_t start, uint32_t first) {
    for (AnnotationKind kind : {AnnotationKind::custom, AnnotationKind::name, AnnotationKind::branch_hint}) {
      if (to_string(kind).substr(1) != name) continue;
      auto count = static_cast<uint32_t>(list_.annotation_tokens.size()) - first;
      list_.annotations.push_back(
          {kind, static_cast<uint32_t>(start), static_cast<uint32_t>(list_.tokens.size()), first, count});
      return;
    }
    list_.annotation_tokens.resize(first);
  }

  std::string_view source_;
  size_t pos_ = 0;
  TokenList list_;
  std::optional<std::string> error_;
  size_t error_offset_ = 0;
};

}  // namespace

std::string_view to_string(AnnotationKind kind) {
  switch (kind) {
    case AnnotationKind::custom: return "@custom";
    case AnnotationKind::name: return "@name";
    case AnnotationKind::branch_hint: return "@metadata.code.branch_hint";
  }
  return "";
}

bool is_id_char(char c) { return kIdChars[static_cast<uint8_t>(c)]; }

std::expected<TokenList, TextError> tokenize(std::string_view source) { return Lexer(source).run(); }

std::string decode_string(std::string_view token_text) {
  std::string out;
  std::string_view s = token_text.substr(1, token_text.size() - 2);
  out.reserve(s.size());
  for (size_t i = 0; i < s.size();) {
    if (s[i] != '\\') {
      out += s[i++];
      continue;
    }
    char c = s[i + 1];
    i += 2;
    switch (c) {
      case 't': out += '\t'; break;
      case 'n': out += '\n'; break;
      case 'r': out += '\r'; break;
      case '"':
      case '\'':
      case '\\': out += c; break;
      case 'u': {
        uint32_t value = 0;
        for (++i; s[i] != '}'; ++i)
          if (s[i] != '_') value = value * 16 + hex_digit(s[i]);
        ++i;
        append_utf8(out, value);
        break;
      }
      default: out += static_cast<char>(hex_digit(c) * 16 + hex_digit(s[i++])); break;
    }
  }
  return out;
}

}  // namespace arris::text
