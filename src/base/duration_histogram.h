// Counts durations into a few fixed classes, for /metrics. Any thread may call any of these; add() costs two
// atomic additions.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include "base/clock.h"

namespace rayhistory {

class DurationHistogram {
 public:
  // Upper bounds. Few, because each is a time series for every operation; 3 s is when Ray's agent gives up on
  // an answer.
  static constexpr std::array<Nanoseconds, 8> kBounds = {
      Milliseconds(1),   Milliseconds(5), Milliseconds(25), Milliseconds(100),
      Milliseconds(500), Seconds(3),      Seconds(15),      Seconds(60)};

  struct Counts {
    // Durations above the bound before and up to this one; the last class has no bound.
    std::array<uint64_t, kBounds.size() + 1> in_class{};
    Nanoseconds sum{0};

    uint64_t count() const { return std::accumulate(in_class.begin(), in_class.end(), uint64_t{0}); }
  };

  void add(Nanoseconds duration) {
    const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), duration);
    in_class_[static_cast<size_t>(bound - kBounds.begin())].fetch_add(1, std::memory_order_relaxed);
    sum_nanoseconds_.fetch_add(duration.count(), std::memory_order_relaxed);
  }

  // While others add, the sum may be one duration ahead of the classes.
  Counts counts() const {
    Counts counts;
    for (size_t i = 0; i < in_class_.size(); ++i)
      counts.in_class[i] = in_class_[i].load(std::memory_order_relaxed);
    counts.sum = Nanoseconds(sum_nanoseconds_.load(std::memory_order_relaxed));
    return counts;
  }

 private:
  std::array<std::atomic<uint64_t>, kBounds.size() + 1> in_class_{};
  std::atomic<int64_t> sum_nanoseconds_{0};
};

}  // namespace rayhistory
