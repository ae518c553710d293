// Letters and blanks of ASCII, whatever the locale. All other bytes stay as they are.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rayhistory {

std::string lower_case(std::string_view text);

// Without those of `blanks` that are around it.
std::string_view trimmed(std::string_view text, std::string_view blanks);

// The entries of a list that are separated by commas, each without those of `blanks` that are around it, and
// without empty entries. They point into `list`.
std::vector<std::string_view> comma_separated(std::string_view list, std::string_view blanks);

// Whether there is a control character other than a tab (RFC 9110, section 5.5: no value of an HTTP field has
// one).
bool has_control_character(std::string_view text);

}  // namespace rayhistory
