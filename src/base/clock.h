// Time, as the program sees it: a Clock that a test can set, and the Deadline that bounds a blocking call.
//
// Steady time is for waiting and measuring; unix time is for names and records. No code but the system
// clock's reads either from the operating system.
#pragma once

#include <chrono>
#include <cstdint>
#include <stop_token>

#include "base/result.h"

namespace rayhistory {

using SteadyTime = std::chrono::steady_clock::time_point;
using Nanoseconds = std::chrono::nanoseconds;
using Milliseconds = std::chrono::milliseconds;
using Seconds = std::chrono::seconds;

// Any thread may call any of these.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual SteadyTime steady_now() const = 0;
  virtual int64_t unix_nanoseconds() const = 0;
  // Returns after `duration`, or as soon as `stop` is requested: true when the whole time has passed.
  virtual bool sleep_for(Nanoseconds duration, const std::stop_token& stop) const = 0;
};

// The operating system's clocks. Lives for as long as the process.
const Clock& system_clock();

// Until when a blocking call may go on: a point in steady time, or a stop, whichever comes first; and from
// when on it is in a hurry, because its caller soon has no more time. Cheap to copy.
class Deadline {
 public:
  // Never by itself; only when `stop` is requested.
  static Deadline never(std::stop_token stop = {}) { return Deadline(SteadyTime::max(), std::move(stop)); }
  static Deadline at(SteadyTime time, std::stop_token stop = {}) { return Deadline(time, std::move(stop)); }
  static Deadline after(const Clock& clock, Nanoseconds duration, std::stop_token stop = {}) {
    return Deadline(clock.steady_now() + duration, std::move(stop));
  }

  SteadyTime time() const { return time_; }
  const std::stop_token& stop() const { return stop_; }
  // The same, in a hurry once `hurry` is requested.
  Deadline hurried_by(std::stop_token hurry) const {
    Deadline hurried = *this;
    hurried.hurry_ = std::move(hurry);
    return hurried;
  }
  const std::stop_token& hurry() const { return hurry_; }
  bool expired(SteadyTime now) const { return stop_.stop_requested() || now >= time_; }
  // What is left, at most `limit`, never negative.
  Nanoseconds remaining(SteadyTime now, Nanoseconds limit) const {
    if (expired(now)) return Nanoseconds::zero();
    if (time_ == SteadyTime::max()) return limit;
    return std::min<Nanoseconds>(time_ - now, limit);
  }

 private:
  Deadline(SteadyTime time, std::stop_token stop) : time_(time), stop_(std::move(stop)) {}

  SteadyTime time_;
  std::stop_token stop_;
  std::stop_token hurry_;
};

}  // namespace rayhistory
