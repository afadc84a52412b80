#include "base/printable.h"

#include <cstdint>
#include <cstdio>

#include "base/utf8.h"

namespace arris {
namespace {

struct Range {
  uint32_t first, last;
};

// Unicode: control (Cc), format (Cf), line and paragraph separators, what renders as nothing, noncharacters at the end.
constexpr Range kUnsafe[] = {
    {0x00, 0x1F},       {0x7F, 0x9F},       {0xAD, 0xAD},       {0x34F, 0x34F},     {0x600, 0x605},
    {0x61C, 0x61C},     {0x6DD, 0x6DD},     {0x70F, 0x70F},     {0x890, 0x891},     {0x8E2, 0x8E2},
    {0x115F, 0x1160},   {0x17B4, 0x17B5},   {0x180B, 0x180F},   {0x200B, 0x200F},   {0x2028, 0x202E},
    {0x2060, 0x206F},   {0x3164, 0x3164},   {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},
    {0xFFF0, 0xFFFB},   {0x110BD, 0x110BD}, {0x110CD, 0x110CD}, {0x13430, 0x1343F}, {0x1BCA0, 0x1BCA3},
    {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

bool is_safe(uint32_t c) {
  if (c < 0x7F) return c >= 0x20;
  for (Range range : kUnsafe) {
    if (c <= range.last) return c < range.first;
  }
  return true;
}

uint32_t decode(const uint8_t* p, unsigned length) {
  if (length == 1) return p[0];
  uint32_t c = p[0] & (0x7Fu >> length);
  for (unsigned i = 1; i < length; ++i) c = c << 6 | (p[i] & 0x3Fu);
  return c;
}

void append_escape(std::string& out, const char* format, uint32_t value) {
  char escape[16];
  std::snprintf(escape, sizeof escape, format, value);
  out += escape;
}

enum class Style { name, message };

std::string escape(std::string_view text, size_t max_bytes, Style style) {
  std::string out;
  const auto* p = reinterpret_cast<const uint8_t*>(text.data());
  const uint8_t* end = p + text.size();
  const uint8_t* stop = text.size() > max_bytes ? p + max_bytes : end;
  while (p < stop) {
    unsigned length = utf8_sequence_length(p, end);
    if (length == 0) {
      append_escape(out, "\\%02x", *p++);
      continue;
    }
    uint32_t c = decode(p, length);
    bool is_markup = style == Style::name ? c == '"' || c == '\\' : false;
    bool is_layout = style == Style::message && (c == '\n' || c == '\t');
    if (is_markup) {
      out += '\\';
      out += static_cast<char>(c);
    } else if (is_safe(c) || is_layout) {
      out.append(reinterpret_cast<const char*>(p), length);
    } else if (c < 0x80) {
      append_escape(out, c == '\n' ? "\\n" : c == '\t' ? "\\t" : "\\%02x", c);
    } else {
      append_escape(out, "\\u{%x}", c);
    }
    p += length;
  }
  if (stop != end) out += "...";
  return out;
}

}  // namespace

std::string printable(std::string_view text, size_t max_bytes) { return escape(text, max_bytes, Style::name); }
std::string quoted(std::string_view text, size_t max_bytes) { return '"' + printable(text, max_bytes) + '"'; }
std::string printable_message(std::string_view text) { return escape(text, text.size(), Style::message); }

}  // namespace arris
