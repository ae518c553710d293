// Letters and blanks of ASCII, whatever the locale. All other bytes stay as they are.
#pragma once

#include <string>
#include <string_view>

namespace rayhistory {

std::string lower_case(std::string_view text);

// Without those of `blanks` that are around it.
std::string_view trimmed(std::string_view text, std::string_view blanks);

}  // namespace rayhistory
