// What answers say alike in every store that speaks HTTP, where its own error codes say nothing more. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "http/client.h"

namespace rayhistory {

// Of a status that is no success. What a redirect or a proxy's refusal needs is an operator, as 403 does.
ErrorKind kind_of_status(int status);

// How long the server asks to be left alone, in units of `unit`; 5 minutes at the most, for it may be back
// long before. Nothing where the header is missing or no number (HTTP-dates are none: no store sends them).
std::optional<Nanoseconds> retry_after_of(const Headers& headers, std::string_view name = "Retry-After",
                                          Nanoseconds unit = Seconds(1));

// Bytes [offset, offset + length) of an object, fewer at its end, from the answer to a read of that range:
// 206, or 200 from a server that has sent the whole object.
std::string content_of_range(HttpResponse response, uint64_t offset, uint64_t length);

}  // namespace rayhistory
