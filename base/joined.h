// Text from pieces: joined({"a", name, "b"}) is "a" + name + "b" with one allocation, and without each place that writes such a
// text carrying the code of all the concatenations.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace arris {

void append(std::string& text, std::initializer_list<std::string_view> pieces);
std::string joined(std::initializer_list<std::string_view> pieces);

}  // namespace arris
