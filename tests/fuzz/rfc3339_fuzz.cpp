// A time that parses is written and read again as the same millisecond.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/rfc3339.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rayhistory;
  constexpr int64_t kMillisecond = 1'000'000;
  const std::optional<int64_t> time = parse_rfc3339({reinterpret_cast<const char*>(data), size});
  if (!time) return 0;
  const std::string text = format_rfc3339_milliseconds(*time);
  const std::optional<int64_t> again = parse_rfc3339(text);
  // An offset can reach over the ends of the years that are taken.
  if (text.starts_with("1677") || text.starts_with("2262")) return 0;
  CHECK(again.has_value());
  const int64_t lost = *time - *again;
  CHECK(lost >= 0 && lost < kMillisecond);
  CHECK(text.starts_with(format_hour(*time).substr(0, 10)));
  return 0;
}
