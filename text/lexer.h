// Source text -> tokens, in one pass, for the module parser and the script parser. Spec: text/lexical.
//
// Tokens are kept as kind, offset and length (12 bytes); their values are read from the source when wanted. The last token
// is always `eof`. Lexical errors (illegal characters, bad escapes, unclosed strings and comments) are found here, so that
// a string or identifier token is known to be well-formed. Annotations are taken out of the token stream: unknown ones are
// dropped once they are known to be well-formed, known ones go to `annotations`, tied to the token they precede.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "text/text_error.h"

namespace arris::text {

enum class TokenKind : uint8_t { lparen, rparen, keyword, id, quoted_id, string, integer, real, reserved, eof };

struct Token {
  TokenKind kind;
  uint32_t offset;
  uint32_t length;
};

enum class AnnotationKind : uint8_t { custom, name, branch_hint };
std::string_view to_string(AnnotationKind kind);  // "@custom", ...

struct Annotation {
  AnnotationKind kind;
  uint32_t offset;  // of "(@" in the source
  uint32_t before;  // index of the token it precedes
  uint32_t first;   // its body in TokenList::annotation_tokens, without the enclosing parentheses and the name
  uint32_t count;
};

struct TokenList {
  std::string_view source;
  std::vector<Token> tokens;
  std::vector<Annotation> annotations;  // by `before`, ascending
  std::vector<Token> annotation_tokens;

  std::string_view text(const Token& token) const { return source.substr(token.offset, token.length); }
};

// `source` is borrowed by the result.
std::expected<TokenList, TextError> tokenize(std::string_view source);

// Spec: text/values, idchar.
bool is_id_char(char c);

// The bytes a string token (with its quotes) stands for.
std::string decode_string(std::string_view token_text);

}  // namespace arris::text
