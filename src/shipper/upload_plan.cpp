#include "shipper/upload_plan.h"

#include <algorithm>

namespace rayhistory {
namespace {

constexpr uint64_t kMiB = 1024 * 1024;
// A tail of a part's usual size is worth a request whatever the file's size.
constexpr uint64_t kSmallestTailBytes = 8 * kMiB;
constexpr uint64_t kTailShare = 16;
// Above this size, waiting grows with the size, up to ten intervals.
constexpr uint64_t kUnstretchedSizeBytes = 64 * kMiB;
constexpr double kLongestStretch = 10;

Nanoseconds stretched(Nanoseconds push_interval, uint64_t size) {
  const double stretch = std::clamp(static_cast<double>(size) / static_cast<double>(kUnstretchedSizeBytes),
                                    1.0, kLongestStretch);
  return std::chrono::duration_cast<Nanoseconds>(push_interval * stretch);
}

}  // namespace

std::optional<SteadyTime> due_time(const FileProgress& file, Nanoseconds push_interval) {
  if (!file.grows && !file.final) return std::nullopt;
  if (file.stored_size == file.local_size) return std::nullopt;
  if (file.final) return file.oldest_unsent;
  const uint64_t stored = file.stored_size.value_or(0);
  // An object longer than its file is of an earlier generation: it is replaced with the usual patience.
  const uint64_t tail = file.local_size > stored ? file.local_size - stored : 0;
  if (tail >= std::max(kSmallestTailBytes, stored / kTailShare)) return file.oldest_unsent;
  return file.oldest_unsent + stretched(push_interval, file.local_size);
}

}  // namespace rayhistory
