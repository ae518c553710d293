// When a store wrote an object, as its answers over HTTP say.
#pragma once

#include <cstdint>
#include <string_view>

namespace rayhistory {

// Unix nanoseconds of the end of the second that `text` names, a Last-Modified (RFC 9110, 8.8.2) or RFC 3339:
// listings are finer than headers at some stores, and what an object holds was written no later. 0 where it
// names none: a store may leave it out, and nothing but a name hangs on it.
int64_t modified_time(std::string_view text);

}  // namespace rayhistory
