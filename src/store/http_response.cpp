#include "store/http_response.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace rayhistory {
namespace {

constexpr Nanoseconds kRetryAfterLimit = Seconds(300);

}  // namespace

ErrorKind kind_of_status(int status) {
  switch (status) {
    case 301:
    case 302:
    case 307:
    case 401:
    case 403:
    case 407:
      return ErrorKind::denied;
    case 404:
      return ErrorKind::not_found;
    case 408:
    case 425:
    case 429:
      return ErrorKind::retry;
    case 409:
    case 412:
      return ErrorKind::exists;
    case 501:
      return ErrorKind::unsupported;
    default:
      return status >= 500 ? ErrorKind::retry : ErrorKind::invalid;
  }
}

std::optional<Nanoseconds> retry_after_of(const Headers& headers, std::string_view name, Nanoseconds unit) {
  const std::string_view text = headers.find(name).value_or("");
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || number < 0)
    return std::nullopt;
  return std::min<int64_t>(number, kRetryAfterLimit / unit) * unit;
}

std::string content_of_range(HttpResponse response, uint64_t offset, uint64_t length) {
  std::string content = std::move(response.body);
  if (response.status == 200)
    content.erase(0, static_cast<size_t>(std::min<uint64_t>(offset, content.size())));
  if (content.size() > length) content.resize(static_cast<size_t>(length));
  return content;
}

}  // namespace rayhistory
