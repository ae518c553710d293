#include "testing/manual_clock.h"

namespace rayhistory {

SteadyTime ManualClock::steady_now() const {
  const std::lock_guard lock(mutex_);
  return steady_;
}

int64_t ManualClock::unix_nanoseconds() const {
  const std::lock_guard lock(mutex_);
  return unix_;
}

bool ManualClock::sleep_for(Nanoseconds duration, const std::stop_token& stop) const {
  std::unique_lock lock(mutex_);
  const SteadyTime until = steady_ + duration;
  ++sleepers_;
  moved_.notify_all();
  const bool slept = moved_.wait(lock, stop, [&] { return steady_ >= until; });
  --sleepers_;
  return slept;
}

void ManualClock::wait_for_sleeper() const {
  std::unique_lock lock(mutex_);
  moved_.wait(lock, [&] { return sleepers_ > 0; });
}

void ManualClock::advance(Nanoseconds duration) {
  {
    const std::lock_guard lock(mutex_);
    steady_ += duration;
    unix_ += duration.count();
  }
  moved_.notify_all();
}

void ManualClock::step_unix(Nanoseconds duration) {
  const std::lock_guard lock(mutex_);
  unix_ += duration.count();
}

}  // namespace rayhistory
