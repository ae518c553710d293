// The time as signatures name it, ISO 8601's basic format.
#pragma once

#include <cstdint>
#include <string>

namespace rayhistory {

// "20130524T000000Z"; its first eight characters are the date.
std::string basic_time(int64_t unix_nanoseconds);

}  // namespace rayhistory
