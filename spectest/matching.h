// Script values to engine values, and actual results against the script's patterns (NaN classes, `either`, reference kinds).
#pragma once

#include <expected>
#include <span>
#include <string>

#include "arris/arris.h"
#include "text/script.h"

namespace arris::spectest {

// The engine value of a script constant.
std::expected<api::Val, std::string> to_val(api::StoreRef store, const text::Value& value);

bool matches(const api::Val& actual, const text::Value& expected);

// For messages: "i32:0x2a", "f32:nan:canonical", "(ref.null)", ...
std::string describe(const api::Val& value);
std::string describe(const text::Value& value);

// Whether an error's or trap's message is the one the script names: one must be a prefix of the other, because the suite
// abbreviates some and Arris adds details to others.
bool message_matches(std::string_view actual, std::string_view expected);

}  // namespace arris::spectest
