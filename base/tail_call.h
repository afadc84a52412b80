// The calling convention of functions that tail-call one another and keep their state in parameters: the interpreter's
// handlers and the validator's steps. preserve_none passes a dozen parameters in registers and saves none.
#pragma once

// The address sanitizer's frames do not go with preserve_none (Clang 19); the ordinary convention is slower, otherwise the same.
#if !__has_feature(address_sanitizer) && __has_attribute(preserve_none) && (defined(__x86_64__) || defined(__aarch64__))
#define TAIL_CALLING_CONVENTION __attribute__((preserve_none))
#else
#define TAIL_CALLING_CONVENTION
#endif
