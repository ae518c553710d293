// The date of an HTTP header, "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110's IMF-fixdate, the form that servers
// send).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rayhistory {

// Unix nanoseconds; nothing where `text` is no such date.
std::optional<int64_t> parse_http_date(std::string_view text);
// In whole seconds.
std::string format_http_date(int64_t unix_nanoseconds);

}  // namespace rayhistory
