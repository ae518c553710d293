// A Clock that stands still until a test moves it. Sleepers wake when it passes their time.
#pragma once

#include <condition_variable>
#include <mutex>

#include "base/clock.h"

namespace rayhistory {

class ManualClock final : public Clock {
 public:
  // 2026-11-23T02:27:20Z, when the recorded session began.
  explicit ManualClock(int64_t unix_nanoseconds = 1'795'400'840'000'000'000) : unix_(unix_nanoseconds) {}

  SteadyTime steady_now() const override;
  int64_t unix_nanoseconds() const override;
  bool sleep_for(Nanoseconds duration, const std::stop_token& stop) const override;

  void advance(Nanoseconds duration);
  // Waits until some thread sleeps.
  void wait_for_sleeper() const;
  void step_unix(Nanoseconds duration);  // as when somebody sets the wall clock

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable_any moved_;
  SteadyTime steady_{Seconds(1000)};
  int64_t unix_;
  mutable int sleepers_ = 0;
};

}  // namespace rayhistory
