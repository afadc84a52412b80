// The signatures of wasi/preview1.def, read at compile time (to check the C++ methods) and at run time (to trace).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace arris::wasi {

struct SignatureParam {
  std::string_view name;
  std::string_view kind;

  constexpr bool is_result() const { return kind.front() == '*'; }
  constexpr bool is_pair() const {
    return kind == "path" || kind == "buffer" || kind == "bytes_out" || kind == "iovecs" || kind == "ciovecs";
  }
  constexpr bool is_64() const { return kind == "u64" || kind == "s64" || kind == "rights" || kind == "time"; }
};

// Takes the first parameter off.
constexpr SignatureParam next_param(std::string_view& signature) {
  size_t colon = signature.find(':');
  size_t end = signature.find(' ');
  SignatureParam param{signature.substr(0, colon), signature.substr(colon + 1, end - colon - 1)};
  signature = end == std::string_view::npos ? std::string_view() : signature.substr(end + 1);
  return param;
}

// Do the WebAssembly parameters of a signature have these sizes in bytes?
template <class... Args>
constexpr bool signature_fits(std::string_view signature) {
  constexpr size_t kSizes[] = {sizeof(Args)..., 0};
  size_t index = 0;
  while (!signature.empty()) {
    SignatureParam param = next_param(signature);
    for (int i = 0; i < (param.is_pair() ? 2 : 1); ++i) {
      if (index == sizeof...(Args) || kSizes[index] != (param.is_64() ? 8 : 4)) return false;
      ++index;
    }
  }
  return index == sizeof...(Args);
}

}  // namespace arris::wasi
