// What a rewritten first byte of an instruction in Module::code is called, for listings.
#pragma once

#include <cstdint>
#include <string_view>

namespace arris::interp {

// Empty if the byte is an ordinary opcode.
std::string_view quick_name(uint8_t byte);

}  // namespace arris::interp
