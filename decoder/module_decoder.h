// decode_module: bytes to a Module, the declared data of a WebAssembly module. For the engine, tools and tests.
// Checks everything of the binary format but the instructions of function bodies, which the validator reads in its own pass
// (decoder/validator/validator.h): a module is not known to be well-formed before it has been validated.
// Spec: binary/modules.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <vector>

#include "wasm/error.h"
#include "wasm/features.h"
#include "wasm/module.h"
#include "wasm/type_registry.h"

namespace arris::decoder {

struct DecodeOptions {
  Features features;
  std::shared_ptr<TypeRegistry> registry;  // of the engine; must not be null
  // Where to leave what had been read when an error stopped the decoder; for tools. Nothing in it is known to be consistent.
  std::shared_ptr<const Module>* partial = nullptr;
};

// Takes the bytes over: the module keeps them as they are, and all its ranges point into them.
std::expected<std::shared_ptr<Module>, Error> decode_module(std::vector<uint8_t> bytes, const DecodeOptions& options);

// Does this look like a module in the binary format (rather than text)?
bool has_binary_magic(std::span<const uint8_t> bytes);

}  // namespace arris::decoder
