// Terminal colours in error messages.
#pragma once

#include <string>
#include <string_view>

namespace rayhistory::historyserver {

// Without what Ray's state API takes out (python/ray/util/state/common.py remove_ansi_escape_codes): an
// escape character and all up to the next 'm'.
std::string without_ansi_codes(std::string_view text);

}  // namespace rayhistory::historyserver
