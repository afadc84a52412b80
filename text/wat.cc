#include "text/wat.h"

#include "text/lexer.h"
#include "text/module_parser.h"

namespace arris::text {

namespace {

// (module binary "..."*): the bytes as they are.
std::expected<Bytes, TextError> binary_module(const TokenList& list, uint32_t begin, uint32_t end) {
  TokenCursor cursor(list, begin, end);
  cursor.take_id();
  cursor.expect_keyword("binary");
  Bytes bytes;
  while (!cursor.at_end()) write_bytes(bytes, cursor.expect_string());
  if (cursor.failed()) return std::unexpected(cursor.error());
  return bytes;
}

}  // namespace

std::expected<std::vector<uint8_t>, TextError> wat_to_wasm(std::string_view source, const WatOptions& options) {
  auto list = tokenize(source);
  if (!list) return std::unexpected(std::move(list).error());
  auto eof = static_cast<uint32_t>(list->tokens.size() - 1);
  TokenCursor cursor(*list, 0, eof);
  if (!cursor.at_form("module")) return parse_module_fields(*list, 0, eof, options);

  uint32_t close = matching_paren(*list, 0);
  uint32_t word = cursor.at_id(2) ? 3 : 2;
  auto bytes = cursor.at_keyword("binary", word) ? binary_module(*list, 2, close)
                                                 : parse_module_fields(*list, 2, close, options);
  if (!bytes) return bytes;
  // Everything between the parentheses is fine; what is wrong now is that they do not enclose the whole text.
  if (close == eof) return std::unexpected(make_text_error(source, source.size(), "unexpected token: end of text"));
  if (close + 1 != eof)
    return std::unexpected(make_text_error(source, list->tokens[close + 1].offset, "unexpected token after module"));
  return bytes;
}

}  // namespace arris::text
