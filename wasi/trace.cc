#include "wasi/trace.h"

#include <algorithm>
#include <cstdio>

#include "wasi/signature.h"

namespace arris::wasi {
namespace {

constexpr size_t kMaxShownBytes = 48;
constexpr uint32_t kMaxShownIovecs = 8;

void append_quoted(std::string& out, std::string_view bytes) {
  out += '"';
  for (char c : bytes.substr(0, kMaxShownBytes)) {
    auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte >= 0x7F) {
      char hex[8];
      std::snprintf(hex, sizeof hex, "\\x%02x", byte);
      out += hex;
    } else {
      out += c;
    }
  }
  out += '"';
  if (bytes.size() > kMaxShownBytes) out += "...";
}

void append_hex(std::string& out, uint64_t value) {
  char hex[24];
  std::snprintf(hex, sizeof hex, "0x%llx", static_cast<unsigned long long>(value));
  out += hex;
}

void append_flags(std::string& out, uint64_t value, std::span<const std::string_view> names) {
  if (value == 0) {
    out += '0';
    return;
  }
  bool first = true;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!(value >> i & 1)) continue;
    if (!first) out += '|';
    out += names[i];
    first = false;
    value &= ~(uint64_t{1} << i);
  }
  if (value != 0) {
    if (!first) out += '|';
    append_hex(out, value);
  }
}

void append_choice(std::string& out, uint64_t value, std::span<const std::string_view> names) {
  if (value < names.size()) {
    out += names[value];
  } else {
    out += std::to_string(value);
  }
}

constexpr std::string_view kOflagNames[] = {"CREAT", "DIRECTORY", "EXCL", "TRUNC"};
constexpr std::string_view kFdflagNames[] = {"APPEND", "DSYNC", "NONBLOCK", "RSYNC", "SYNC"};
constexpr std::string_view kLookupNames[] = {"FOLLOW"};
constexpr std::string_view kFstflagNames[] = {"ATIM", "ATIM_NOW", "MTIM", "MTIM_NOW"};
constexpr std::string_view kSdflagNames[] = {"RD", "WR"};
constexpr std::string_view kWhenceNames[] = {"SET", "CUR", "END"};
constexpr std::string_view kWhenceNamesSnapshot0[] = {"CUR", "END", "SET"};
constexpr std::string_view kAdviceNames[] = {"NORMAL", "SEQUENTIAL", "RANDOM", "WILLNEED", "DONTNEED", "NOREUSE"};
constexpr std::string_view kClockNames[] = {"REALTIME", "MONOTONIC", "PROCESS_CPUTIME", "THREAD_CPUTIME"};
constexpr std::string_view kFileTypeNames[] = {"UNKNOWN",      "BLOCK_DEVICE", "CHARACTER_DEVICE", "DIRECTORY",
                                               "REGULAR_FILE", "SOCKET_DGRAM", "SOCKET_STREAM",    "SYMBOLIC_LINK"};

class Tracer {
 public:
  Tracer(const TracedFunction& function, const GuestMemory& memory, std::string& out)
      : function_(function), memory_(memory), out_(out) {}

  void argument(std::string_view kind, uint64_t value) {
    if (kind == "s64") {
      out_ += std::to_string(static_cast<int64_t>(value));
    } else if (kind == "rights" || kind == "ptr") {
      append_hex(out_, value);
    } else if (kind == "oflags") {
      append_flags(out_, value, kOflagNames);
    } else if (kind == "fdflags") {
      append_flags(out_, value, kFdflagNames);
    } else if (kind == "lookupflags") {
      append_flags(out_, value, kLookupNames);
    } else if (kind == "fstflags") {
      append_flags(out_, value, kFstflagNames);
    } else if (kind == "sdflags") {
      append_flags(out_, value, kSdflagNames);
    } else if (kind == "whence") {
      append_choice(out_, value, function_.snapshot == Snapshot::preview1 ? kWhenceNames : kWhenceNamesSnapshot0);
    } else if (kind == "advice") {
      append_choice(out_, value, kAdviceNames);
    } else if (kind == "clockid") {
      append_choice(out_, value, kClockNames);
    } else {
      out_ += std::to_string(value);
    }
  }

  void pair(std::string_view kind, uint32_t address, uint32_t length) {
    if (kind == "path") {
      bytes(address, length);
    } else if (kind == "iovecs" || kind == "ciovecs") {
      iovecs(address, length, kind == "ciovecs");
    } else {
      append_hex(out_, address);
      out_ += '[' + std::to_string(length) + ']';
    }
  }

  void result(std::string_view kind, uint32_t address) {
    if (kind == "*u16") return number<uint16_t>(address);
    if (kind == "*u32" || kind == "*fd") return number<uint32_t>(address);
    if (kind == "*u64") return number<uint64_t>(address);
    if (kind == "*fdstat") return fdstat(address);
    if (kind == "*filestat") return filestat(address);
    if (kind == "*prestat") return prestat(address);
  }

 private:
  void bytes(uint32_t address, uint64_t length) {
    if (!memory_.contains(address, length)) {
      append_hex(out_, address);
      out_ += "[out of bounds]";
      return;
    }
    append_quoted(out_, {reinterpret_cast<const char*>(memory_.at(address)), length});
  }

  void iovecs(uint32_t address, uint32_t count, bool contents) {
    out_ += '[';
    for (uint32_t i = 0; i < std::min(count, kMaxShownIovecs); ++i) {
      if (i > 0) out_ += ", ";
      GuestIovec part;
      if (!memory_.contains(address, (uint64_t{i} + 1) * sizeof part)) {
        out_ += "out of bounds";
        break;
      }
      std::memcpy(&part, memory_.at(address) + uint64_t{i} * sizeof part, sizeof part);
      if (contents) {
        bytes(part.buf, part.len);
      } else {
        append_hex(out_, part.buf);
        out_ += '[' + std::to_string(part.len) + ']';
      }
    }
    out_ += count > kMaxShownIovecs ? ", ...]" : "]";
  }

  template <class T>
  void number(uint32_t address) {
    T value;
    if (memory_.read(address, value)) out_ += std::to_string(value);
  }

  void fdstat(uint32_t address) {
    GuestFdstat stat;
    if (!memory_.read(address, stat)) return;
    out_ += '{';
    append_choice(out_, static_cast<uint64_t>(stat.filetype), kFileTypeNames);
    out_ += ", flags: ";
    append_flags(out_, stat.flags, kFdflagNames);
    out_ += ", base: ";
    append_hex(out_, stat.base);
    out_ += ", inheriting: ";
    append_hex(out_, stat.inheriting);
    out_ += '}';
  }

  void filestat(uint32_t address) {
    GuestFilestat stat = {};
    if (function_.snapshot == Snapshot::snapshot0) {
      GuestFilestatSnapshot0 old;
      if (!memory_.read(address, old)) return;
      stat.filetype = old.filetype;
      stat.nlink = old.nlink;
      stat.size = old.size;
    } else if (!memory_.read(address, stat)) {
      return;
    }
    out_ += '{';
    append_choice(out_, static_cast<uint64_t>(stat.filetype), kFileTypeNames);
    out_ += ", nlink: " + std::to_string(stat.nlink) + ", size: " + std::to_string(stat.size) + '}';
  }

  void prestat(uint32_t address) {
    GuestPrestat stat;
    if (memory_.read(address, stat)) out_ += "{DIR, name_len: " + std::to_string(stat.name_len) + '}';
  }

  const TracedFunction& function_;
  const GuestMemory& memory_;
  std::string& out_;
};

}  // namespace

std::string trace_line(const TracedFunction& function, std::span<const uint64_t> args, const Guest& guest,
                       Errno result) {
  std::string line(function.name);
  std::string results;
  Tracer in(function, guest.memory, line);
  Tracer out(function, guest.memory, results);
  line += '(';
  bool first = true;
  bool succeeded = result == Errno::success && guest.end == Guest::End::none;
  std::string_view rest = function.signature;
  while (!rest.empty()) {
    SignatureParam param = next_param(rest);
    uint64_t value = args[0];
    if (param.is_result()) {
      args = args.subspan(1);
      if (!succeeded) continue;
      results += ", ";
      results += param.name;
      results += ": ";
      out.result(param.kind, static_cast<uint32_t>(value));
      continue;
    }
    if (!first) line += ", ";
    first = false;
    line += param.name;
    line += ": ";
    if (param.is_pair()) {
      in.pair(param.kind, static_cast<uint32_t>(value), static_cast<uint32_t>(args[1]));
    } else {
      in.argument(param.kind, value);
    }
    args = args.subspan(param.is_pair() ? 2 : 1);
  }
  line += ')';
  if (guest.end == Guest::End::exited) return line;
  line += " = ";
  if (guest.end == Guest::End::interrupted) return line + "interrupted";
  line += errno_text(result);
  return line + results;
}

}  // namespace arris::wasi
