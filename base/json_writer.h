// JsonWriter: JSON text, written value by value. For output only; reading JSON is a library's work.
//
//   JsonWriter json;
//   json.begin_object();
//   json.key("size"), json.value(uint64_t{42});
//   json.key("names"), json.begin_array(), json.value("a"), json.end_array();
//   json.end_object();
//   json.text();
//
// Indented by two spaces. Strings may hold any bytes: what is not UTF-8 becomes U+FFFD. Spec: RFC 8259.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/utf8.h"

namespace arris {

class JsonWriter {
 public:
  void begin_object() { open('{'); }
  void end_object() { close('}'); }
  void begin_array() { open('['); }
  void end_array() { close(']'); }

  void key(std::string_view name) {
    separate();
    append_string(name);
    text_ += ": ";
    after_key_ = true;
  }
  void value(std::string_view string) {
    separate();
    append_string(string);
  }
  void value(const char* string) { value(std::string_view(string)); }
  void value(uint64_t number) {
    separate();
    text_ += std::to_string(number);
  }
  void value(bool boolean) {
    separate();
    text_ += boolean ? "true" : "false";
  }
  void null() {
    separate();
    text_ += "null";
  }
  template <class T>
  void member(std::string_view name, const T& the_value) {
    key(name);
    value(the_value);
  }

  // Whole once everything that began has ended.
  const std::string& text() const { return text_; }

 private:
  void separate() {
    if (after_key_) {
      after_key_ = false;
      return;
    }
    if (depth_ == 0) return;
    if (!is_empty_) text_ += ',';
    is_empty_ = false;
    new_line();
  }
  void open(char bracket) {
    separate();
    text_ += bracket;
    ++depth_;
    is_empty_ = true;
  }
  void close(char bracket) {
    --depth_;
    if (!is_empty_) new_line();
    is_empty_ = false;
    text_ += bracket;
  }
  void new_line() {
    text_ += '\n';
    text_.append(2 * depth_, ' ');
  }
  void append_string(std::string_view string) {
    text_ += '"';
    const auto* p = reinterpret_cast<const uint8_t*>(string.data());
    const uint8_t* end = p + string.size();
    while (p < end) {
      unsigned length = utf8_sequence_length(p, end);
      if (length == 0) {
        text_ += "\uFFFD";
        ++p;
        continue;
      }
      if (*p == '"' || *p == '\\') text_ += '\\';
      if (*p < 0x20 || *p == 0x7F) {
        char escape[8];
        std::snprintf(escape, sizeof escape, "\\u%04x", *p);
        text_ += escape;
      } else {
        text_.append(reinterpret_cast<const char*>(p), length);
      }
      p += length;
    }
    text_ += '"';
  }

  std::string text_;
  size_t depth_ = 0;
  bool is_empty_ = true;
  bool after_key_ = false;
};

}  // namespace arris
