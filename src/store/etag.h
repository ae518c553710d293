// ETags come and go in quotes (RFC 9110, 8.8.3); a StoredObject's has none.
#pragma once

#include <string>
#include <string_view>

namespace rayhistory {

std::string without_quotes(std::string_view etag);
std::string with_quotes(std::string_view etag);

}  // namespace rayhistory
