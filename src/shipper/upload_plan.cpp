#include "shipper/upload_plan.h"

#include <algorithm>

namespace rayhistory::collector {
namespace {

constexpr uint64_t kMiB = 1024 * 1024;
// A tail of a part's usual size is worth a request whatever the file's size.
constexpr uint64_t kSmallestTailBytes = 8 * kMiB;

struct Policy {
  uint64_t tail_share;         // of what is stored, that a tail must be to go at once
  uint64_t unstretched_bytes;  // above this size, waiting grows with the size,
  double longest_stretch;      // up to so many intervals
};
constexpr Policy kByTail{.tail_share = 16, .unstretched_bytes = 64 * kMiB, .longest_stretch = 10};
constexpr Policy kAnew{.tail_share = 2, .unstretched_bytes = 8 * kMiB, .longest_stretch = 60};

Nanoseconds stretched(Nanoseconds push_interval, uint64_t size, const Policy& policy) {
  const double stretch = std::clamp(static_cast<double>(size) / static_cast<double>(policy.unstretched_bytes),
                                    1.0, policy.longest_stretch);
  return std::chrono::duration_cast<Nanoseconds>(push_interval * stretch);
}

}  // namespace

std::optional<SteadyTime> due_time(const FileProgress& file, Nanoseconds push_interval) {
  if (!file.grows && !file.final) return std::nullopt;
  if (file.stored_size == file.local_size) return std::nullopt;
  if (file.final) return file.oldest_unsent;
  const Policy& policy = file.growth == ObjectGrowth::by_tail ? kByTail : kAnew;
  const uint64_t stored = file.stored_size.value_or(0);
  // An object longer than its file is of an earlier generation: it is replaced with the usual patience.
  const uint64_t tail = file.local_size > stored ? file.local_size - stored : 0;
  if (tail >= std::max(kSmallestTailBytes, stored / policy.tail_share)) return file.oldest_unsent;
  return file.oldest_unsent + stretched(push_interval, file.local_size, policy);
}

}  // namespace rayhistory::collector
