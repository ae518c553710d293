// RFC 3339 times, "2026-11-23T02:27:23.084135183Z" and with offsets, to the nanosecond.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rayhistory {

// Unix nanoseconds, or nothing where `text` is not RFC 3339: the forms that Go's time.Time.UnmarshalText
// takes (upper-case T and Z, any number of fraction digits after a dot, of which nine count, hours of an
// offset up to 23, no leap second), years 1678 to 2261, which is what 64 bits of nanoseconds hold.
std::optional<int64_t> parse_rfc3339(std::string_view text);

// "2026-11-23T02:27:23.084Z": UTC, with milliseconds.
std::string format_rfc3339_milliseconds(int64_t unix_nanoseconds);
// "2026-11-23-02": the UTC hour, as object keys carry it.
std::string format_hour(int64_t unix_nanoseconds);

}  // namespace rayhistory
