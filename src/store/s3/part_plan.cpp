#include "store/s3/part_plan.h"

#include <algorithm>

#include "base/check.h"

namespace rayhistory {
namespace {

constexpr uint64_t kMiB = 1024 * 1024;
// An object of equal parts has so many, as a rule: what is copied takes a request for each, and up to a part
// of what is stored is sent again.
constexpr uint64_t kUsualEqualParts = 64;

uint64_t divided_up(uint64_t dividend, uint64_t divisor) {
  return (dividend + divisor - 1) / divisor;
}

// Of nearly equal sizes, so that none is below the least.
void copy_whole(std::vector<S3Part>& parts, uint64_t stored, const S3Limits& limits) {
  // Half of the parts are for what is copied: of S3's largest object they have 5 GiB, which it takes.
  const uint64_t copied_most = std::max<uint64_t>(limits.most_parts / 2, 1);
  const uint64_t count =
      divided_up(stored, std::max(limits.copied_part_bytes, divided_up(stored, copied_most)));
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t begin = stored / count * i + std::min(i, stored % count);
    const uint64_t end = stored / count * (i + 1) + std::min(i + 1, stored % count);
    parts.push_back({S3Part::From::object, begin, end - begin});
  }
}

uint64_t equal_part_size(uint64_t size, uint64_t largest_body, const S3Limits& limits) {
  const uint64_t wanted = divided_up(divided_up(size, kUsualEqualParts), kMiB) * kMiB;
  const uint64_t largest =
      std::max(std::min(limits.single_request_bytes, largest_body), limits.least_part_bytes);
  const uint64_t usual = std::clamp(wanted, limits.least_part_bytes, largest);
  return std::max(usual, divided_up(size, limits.most_parts));
}

}  // namespace

std::vector<S3Part> plan_s3_parts(uint64_t stored, uint64_t size, S3PartSizes sizes, uint64_t largest_body,
                                  const S3Limits& limits) {
  CHECK(stored <= size);
  std::vector<S3Part> parts;
  uint64_t sent_size = 0;
  if (sizes == S3PartSizes::equal) {
    sent_size = equal_part_size(size, largest_body, limits);
    for (uint64_t end = sent_size; end <= stored; end += sent_size)
      parts.push_back({S3Part::From::object, end - sent_size, sent_size});
  } else {
    copy_whole(parts, stored, limits);
    if (parts.size() >= limits.most_parts && stored < size) return {};
    const uint64_t to_send = size - stored;
    const uint64_t at_once = std::min(limits.single_request_bytes, largest_body);
    sent_size = to_send <= at_once
                    ? to_send
                    : std::max({std::min(limits.sent_part_bytes, largest_body), limits.least_part_bytes,
                                stored < size ? divided_up(to_send, limits.most_parts - parts.size()) : 0});
  }
  uint64_t offset = parts.empty() ? 0 : parts.back().offset + parts.back().size;
  while (offset < size) {
    const uint64_t piece = std::min(sent_size, size - offset);
    parts.push_back({S3Part::From::file, offset, piece});
    offset += piece;
  }
  if (parts.size() > limits.most_parts) return {};
  return parts;
}

bool are_equal_parts(const std::vector<S3Part>& parts) {
  if (parts.empty()) return true;
  const uint64_t first = parts.front().size;
  return std::all_of(parts.begin(), parts.end() - 1,
                     [first](const S3Part& part) { return part.size == first; }) &&
         parts.back().size <= first;
}

}  // namespace rayhistory
