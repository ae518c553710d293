// Durations as Go writes them (time.ParseDuration), because the settings that carry them are Go's.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace rayhistory {

// "30s", "1m30s", "500ms", "1.5h", "-2s", "0". Units: ns, us, µs, ms, s, m, h. `invalid` says what is wrong.
Result<Nanoseconds> parse_duration(std::string_view text);

// The shortest of the same form: "1m30s", "500ms", "0s".
std::string format_duration(Nanoseconds duration);

}  // namespace rayhistory
