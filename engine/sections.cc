#include "arris/inspect.h"

#include <algorithm>

#include "base/leb128.h"

namespace arris::api {
namespace {

constexpr uint8_t kHeader[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
constexpr std::string_view kSectionNames[] = {"custom", "type",  "import",  "function", "table", "memory",     "global",
                                              "export", "start", "element", "code",     "data",  "data count", "tag"};

std::string_view text(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// A length, and as many bytes after it; moves `bytes` behind them. False if they are not there.
bool take_counted(std::span<const uint8_t>& bytes, std::span<const uint8_t>& counted) {
  auto size = decode_uleb<uint32_t>(bytes.data(), bytes.data() + bytes.size());
  if (size.status != LebStatus::ok || size.value > bytes.size() - size.length) return false;
  counted = bytes.subspan(size.length, size.value);
  bytes = bytes.subspan(size.length + size.value);
  return true;
}

std::optional<Error> check_header(std::span<const uint8_t> bytes) {
  size_t present = std::min(bytes.size(), sizeof kHeader);
  for (size_t i = 0; i < present; ++i) {
    if (bytes[i] == kHeader[i]) continue;
    return i < 4 ? Error{ErrorCode::magic_not_detected, 0} : Error{ErrorCode::unknown_binary_version, 4};
  }
  if (present < sizeof kHeader) return Error{ErrorCode::unexpected_end, bytes.size()};
  return std::nullopt;
}

}  // namespace

SectionList read_sections(std::span<const uint8_t> bytes) {
  SectionList list;
  list.error = check_header(bytes);
  if (list.error) return list;
  std::span<const uint8_t> rest = bytes.subspan(sizeof kHeader);
  while (!rest.empty()) {
    SectionView section;
    section.start = static_cast<uint64_t>(rest.data() - bytes.data());
    section.id = rest[0];
    if (section.id >= std::size(kSectionNames)) {
      list.error = Error{ErrorCode::malformed_section_id, section.start};
      return list;
    }
    rest = rest.subspan(1);
    if (!take_counted(rest, section.content)) {
      list.error = Error{ErrorCode::length_out_of_bounds, section.start + 1};
      return list;
    }
    section.offset = static_cast<uint64_t>(section.content.data() - bytes.data());
    section.name = kSectionNames[section.id];
    section.payload = section.content;
    if (section.id == 0) {
      std::span<const uint8_t> name;
      if (!take_counted(section.payload, name)) {
        list.error = Error{ErrorCode::length_out_of_bounds, section.offset};
        return list;
      }
      section.name = text(name);
    }
    list.sections.push_back(section);
  }
  return list;
}

}  // namespace arris::api
