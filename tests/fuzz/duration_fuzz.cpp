// What parses is written and read again as the same duration.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "base/duration.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rayhistory;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<Nanoseconds> duration = parse_duration(text);
  if (!duration) {
    CHECK(duration.error().kind == ErrorKind::invalid);
    return 0;
  }
  const Result<Nanoseconds> again = parse_duration(format_duration(*duration));
  CHECK(again.has_value());
  CHECK(*again == *duration);
  return 0;
}
