// Reads the value at a key of a JSON object; a value of another type is read as the empty one.
#pragma once

#include <charconv>
#include <cstdint>
#include <limits>
#include <string_view>

#include <simdjson.h>

#include "historyserver/state/session_state.h"

namespace rayhistory::historyserver {

inline std::string_view text_of(simdjson::dom::element object, std::string_view key) {
  std::string_view text;
  return object[key].get(text) == simdjson::SUCCESS ? text : std::string_view();
}

inline int64_t number_of(simdjson::dom::element object, std::string_view key) {
  int64_t number = 0;
  return object[key].get(number) == simdjson::SUCCESS ? number : 0;
}

// Digits at the beginning of a text: Ray writes its 64-bit numbers as texts.
inline int64_t number_in(std::string_view digits) {
  int64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

// Unknown where a time is not after 1970, or beyond what nanoseconds can say.
inline UnixNanoseconds from_milliseconds(int64_t milliseconds) {
  constexpr int64_t kNanosecondsPerMillisecond = 1'000'000;
  const bool fits =
      milliseconds > 0 && milliseconds <= std::numeric_limits<int64_t>::max() / kNanosecondsPerMillisecond;
  return fits ? milliseconds * kNanosecondsPerMillisecond : 0;
}

}  // namespace rayhistory::historyserver
