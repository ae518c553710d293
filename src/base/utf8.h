// UTF-8 (RFC 3629), code point by code point. Any thread may call any of these.
#pragma once

#include <cstddef>
#include <string_view>

namespace rayhistory {

struct CodePoint {
  char32_t value;
  size_t length;  // 0: not UTF-8
};

// The code point that `text`, which is not empty, begins with. Overlong forms and surrogates are not UTF-8.
CodePoint first_code_point(std::string_view text);

bool is_utf8(std::string_view text);
bool is_utf8_continuation(char byte);

// Those that move a terminal's cursor or end a line: C0, DEL, C1, and Unicode's line and paragraph separator.
bool is_control(char32_t code_point);

}  // namespace rayhistory
