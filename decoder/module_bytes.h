// Builds modules byte by byte for the tests of decoder/ and decoder/validator, which stand below the text parser.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "base/leb128.h"

namespace arris::decoder::testing {

using Bytes = std::vector<uint8_t>;

inline Bytes join(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

inline Bytes uleb(uint64_t value) {
  Bytes out;
  write_uleb(out, value);
  return out;
}

// `content` behind its length.
inline Bytes sized(const Bytes& content) { return join({uleb(content.size()), content}); }

inline Bytes name(std::string_view text) { return sized(Bytes(text.begin(), text.end())); }

// A list: count, then the items.
inline Bytes list(std::initializer_list<Bytes> items) { return join({uleb(items.size()), join(items)}); }

inline Bytes section(uint8_t id, const Bytes& content) { return join({{id}, sized(content)}); }

inline Bytes module_of(std::initializer_list<Bytes> sections) {
  return join({{0x00, 'a', 's', 'm', 1, 0, 0, 0}, join(sections)});
}

inline Bytes func_type(Bytes params, Bytes results) { return join({{0x60}, sized(params), sized(results)}); }

// A body: `locals` is the list of groups, `code` ends with its `end`.
inline Bytes body(const Bytes& code, const Bytes& locals = {0}) { return sized(join({locals, code})); }

// A module of one function of the given type.
inline Bytes one_function(const Bytes& type, const Bytes& code, const Bytes& locals = {0}) {
  return module_of({section(1, list({type})), section(3, {1, 0}), section(10, list({body(code, locals)}))});
}

}  // namespace arris::decoder::testing
