// Of which ranges an upload is made: those that the server copies from the object as it is, and those that
// are sent. Pure functions.
#pragma once

#include <cstdint>
#include <vector>

namespace rayhistory {

// S3's limits (https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html), and what we make of them.
// Other servers have others, and tests have little time.
struct S3Limits {
  uint64_t least_part_bytes = 5ull * 1024 * 1024;
  uint64_t most_parts = 10'000;
  // Sent in one request; above, in parts. As large as a body may be that has to be sent again as a whole.
  uint64_t single_request_bytes = 64ull * 1024 * 1024;
  // Of what is sent: what has to be sent again when a connection breaks.
  uint64_t sent_part_bytes = 16ull * 1024 * 1024;
  // Of what is copied on the server. It may be 5 GiB, but a server that copies physically then works for a
  // minute or more without a word.
  uint64_t copied_part_bytes = 1024ull * 1024 * 1024;
};

// What the server's rules leave free. AWS wants no more than that each part but the last has
// `least_part_bytes`. Cloudflare R2 wants one size for all parts but the last, which may not be larger
// (https://developers.cloudflare.com/r2/objects/multipart-objects/, "Limitations").
enum class S3PartSizes : uint8_t { any, equal };

struct S3Part {
  enum class From : uint8_t { object, file };
  From from = From::file;
  uint64_t offset = 0;
  uint64_t size = 0;

  friend bool operator==(const S3Part&, const S3Part&) = default;
};

// The parts of an object of `size` bytes, in order, of which the server has the first `stored` (0: none).
// `largest_body`: what a request may send; no part is made smaller than the least for it. Empty when no plan
// keeps to `most_parts`.
std::vector<S3Part> plan_s3_parts(uint64_t stored, uint64_t size, S3PartSizes sizes, uint64_t largest_body,
                                  const S3Limits& limits);

// Whether a server that wants equal parts takes these.
bool are_equal_parts(const std::vector<S3Part>& parts);

}  // namespace rayhistory
