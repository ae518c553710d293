#include "store/modified_time.h"

#include <optional>

#include "base/rfc3339.h"
#include "http/http_date.h"

namespace rayhistory {

int64_t modified_time(std::string_view text) {
  constexpr int64_t kSecond = 1'000'000'000;
  std::optional<int64_t> time = parse_http_date(text);
  if (!time) time = parse_rfc3339(text);
  if (!time || *time < 0) return 0;
  return *time - *time % kSecond + (kSecond - 1);
}

}  // namespace rayhistory
