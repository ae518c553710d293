// The cutter of files gives the text of one event so, and the readers of events take it so.
#pragma once

#include <cstddef>
#include <string_view>

namespace rayhistory::historyserver {

// So many bytes behind an event's text must be readable, whatever they are: simdjson reads ahead.
inline constexpr size_t kEventPadding = 64;

// It leaves out the space that JSON allows between tokens, at the end of the text.
inline std::string_view without_space_behind(std::string_view json) {
  return json.substr(0, json.find_last_not_of(" \t\r\n") + 1);  // npos + 1 is 0
}

}  // namespace rayhistory::historyserver
