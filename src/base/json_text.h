// JSON (RFC 8259), written. Reading it is simdjson's.
#pragma once

#include <string>
#include <string_view>

namespace rayhistory {

// Appends `text` as a JSON string, in its quotes. What is not UTF-8 becomes U+FFFD, since JSON cannot say it.
void append_json_string(std::string& json, std::string_view text);
std::string json_string(std::string_view text);

}  // namespace rayhistory
