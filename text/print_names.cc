#include "text/print_names.h"

#include <algorithm>

#include "base/utf8.h"
#include "text/lexer.h"

namespace arris::text {

std::string to_string_literal(std::string_view bytes, bool keep_utf8) {
  constexpr char kDigits[] = "0123456789abcdef";
  keep_utf8 = keep_utf8 && is_valid_utf8(bytes);
  std::string out = "\"";
  for (size_t i = 0; i < bytes.size(); ++i) {
    auto c = static_cast<uint8_t>(bytes[i]);
    // U+0080 to U+009F are control characters too.
    bool is_c1_control = c == 0xC2 && i + 1 < bytes.size() && static_cast<uint8_t>(bytes[i + 1]) < 0xA0;
    bool is_tail_of_control = i > 0 && static_cast<uint8_t>(bytes[i - 1]) == 0xC2 && c < 0xA0;
    if (c == '"' || c == '\\') {
      out += {'\\', static_cast<char>(c)};
    } else if ((c >= 0x20 && c < 0x7F) || (c >= 0x80 && keep_utf8 && !is_c1_control && !is_tail_of_control)) {
      out += static_cast<char>(c);
    } else {
      out += {'\\', kDigits[c >> 4], kDigits[c & 15]};
    }
  }
  return out + '"';
}

std::string to_identifier(std::string_view name) {
  if (name.empty() || !is_valid_utf8(name)) return {};
  if (std::ranges::all_of(name, is_id_char)) return "$" + std::string(name);
  return "$" + to_string_literal(name, true);
}

SpaceNames::SpaceNames(const Module& module, const std::vector<NameAssoc>& names) {
  std::unordered_set<std::string_view> seen;
  for (const NameAssoc& assoc : names) {
    std::string_view name = module.text(assoc.name);
    std::string id = seen.insert(name).second ? to_identifier(name) : std::string();
    if (!id.empty()) {
      entries_.push_back({assoc.index, true, std::move(id)});
    } else if (is_valid_utf8(name)) {
      entries_.push_back({assoc.index, false, to_string_literal(name, true)});
    }
  }
}

const SpaceNames::Entry* SpaceNames::find(uint32_t index) const {
  auto it = std::ranges::lower_bound(entries_, index, {}, &Entry::index);
  return it != entries_.end() && it->index == index ? &*it : nullptr;
}

std::string SpaceNames::use(uint32_t index) const {
  const Entry* entry = find(index);
  return entry && entry->is_identifier ? entry->text : std::to_string(index);
}

std::string SpaceNames::definition(uint32_t index) const {
  const Entry* entry = find(index);
  if (!entry) return {};
  return entry->is_identifier ? " " + entry->text : " (@name " + entry->text + ")";
}

SpaceNames member_names(const Module& module, const std::vector<IndirectNameAssoc>& maps, uint32_t index) {
  auto it = std::ranges::lower_bound(maps, index, {}, &IndirectNameAssoc::index);
  return it != maps.end() && it->index == index ? SpaceNames(module, it->names) : SpaceNames();
}

}  // namespace arris::text
