#include "store/s3/list_place.h"

#include <vector>

#include "base/check.h"

namespace rayhistory {
namespace {

// No key and no token holds it: neither XML nor a URL's text can.
constexpr char kSeparator = '\0';

}  // namespace

S3ListPlace S3ListPlace::after(const S3ObjectPage& page) {
  S3ListPlace place{page.continuation, {}, {}};
  if (!page.objects.empty()) {
    place.first_key = page.objects.front().key;
    place.last_key = page.objects.back().key;
  }
  return place;
}

Result<std::optional<S3ListPlace>> S3ListPlace::read(const std::string& text) {
  if (text.empty()) return std::optional<S3ListPlace>();
  const size_t first = text.find(kSeparator);
  const size_t second = first == std::string::npos ? first : text.find(kSeparator, first + 1);
  if (second == std::string::npos) return Error{ErrorKind::invalid, "a place in a list that no page gave"};
  return std::optional(S3ListPlace{text.substr(0, first), text.substr(first + 1, second - first - 1),
                                   text.substr(second + 1)});
}

std::string S3ListPlace::text() const {
  return token + kSeparator + first_key + kSeparator + last_key;
}

bool S3ListPlace::is_passed_by(const S3ObjectPage& page) const {
  if (!page.objects.empty()) return page.objects.front().key != first_key;
  return !page.truncated || page.continuation != token;
}

}  // namespace rayhistory
