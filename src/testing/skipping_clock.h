// A Clock whose sleeps take no time: it jumps to when they would end. For code that waits between tries, on
// one thread.
#pragma once

#include <mutex>
#include <vector>

#include "base/clock.h"

namespace rayhistory {

class SkippingClock final : public Clock {
 public:
  SteadyTime steady_now() const override {
    const std::lock_guard lock(mutex_);
    return SteadyTime(Seconds(1000)) + passed_;
  }
  int64_t unix_nanoseconds() const override {
    const std::lock_guard lock(mutex_);
    return kBegin + passed_.count();
  }
  bool sleep_for(Nanoseconds duration, const std::stop_token& stop) const override {
    if (stop.stop_requested()) return false;
    const std::lock_guard lock(mutex_);
    passed_ += duration;
    sleeps_.push_back(duration);
    return true;
  }

  std::vector<Nanoseconds> sleeps() const {
    const std::lock_guard lock(mutex_);
    return sleeps_;
  }

 private:
  // 2026-11-23T02:27:20Z, as ManualClock's.
  static constexpr int64_t kBegin = 1'795'400'840'000'000'000;

  mutable std::mutex mutex_;
  mutable Nanoseconds passed_{0};
  mutable std::vector<Nanoseconds> sleeps_;
};

}  // namespace rayhistory
