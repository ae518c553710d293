// How the wait between two tries of the same call is chosen: exponential backoff with full jitter, and no
// shorter than the store asked for (Retry-After), within limits: a MinIO that starts asks for 60 s and is
// there 10 ms later. One that still has to wait asks again.
//
// In a hurry (Deadline::hurry, a drain) what waits tries again at once, and from then on every kRetryHurried
// at the latest: a pod that ends has 25 s.
#pragma once

#include <algorithm>
#include <stop_token>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/result.h"

namespace rayhistory {

// First some 200 ms: a throttled or restarting server is back soon. At most 20 s, as AWS's own clients have
// it, which follow what they are asked for within limits too.
inline constexpr Milliseconds kRetryFirst{200};
inline constexpr Seconds kRetryLongest{20};
// A dozen tries in a drain's 25 s.
inline constexpr Seconds kRetryHurried{2};

// One call's tries.
class RetryPace {
 public:
  explicit RetryPace(const Clock& clock) : clock_(clock) {}

  // Waits before the next try; false when the deadline comes first.
  bool wait(const Error& error, const Deadline& deadline) {
    const bool hurried = deadline.hurry().stop_requested();
    const Nanoseconds longest = hurried ? kRetryHurried : kRetryLongest;
    const Nanoseconds asked = error.retry_after.value_or(Nanoseconds::zero());
    const Nanoseconds wanted = std::min(std::max(backoff_.next(), asked), longest);
    if (hurried) {
      sleep(wanted, deadline, deadline.stop());
    } else {
      std::stop_source either;
      const auto wake = [&either] { either.request_stop(); };
      const std::stop_callback by_stop(deadline.stop(), wake);
      const std::stop_callback by_hurry(deadline.hurry(), wake);
      sleep(wanted, deadline, either.get_token());
    }
    return !deadline.expired(clock_.steady_now());
  }
  int tries() const { return backoff_.tries(); }

 private:
  void sleep(Nanoseconds wanted, const Deadline& deadline, const std::stop_token& wake) {
    clock_.sleep_for(deadline.remaining(clock_.steady_now(), wanted), wake);
  }

  const Clock& clock_;
  Backoff backoff_{kRetryFirst, kRetryLongest};
};

// With every second request failing, an object of a hundred parts is still done nine times out of ten.
inline constexpr int kPartTries = 10;

// For calls that can be repeated without harm, and are a part of a larger one: parts by their number, and
// reads. Gives up after `tries`.
template <typename Call>
auto repeat_while_passing(const Clock& clock, const Deadline& deadline, const Call& call,
                          int tries = kPartTries) -> decltype(call()) {
  RetryPace pace(clock);
  while (true) {
    auto outcome = call();
    if (outcome) return outcome;
    const ErrorKind kind = outcome.error().kind;
    if (kind != ErrorKind::retry && kind != ErrorKind::unknown_outcome) return outcome;
    if (pace.tries() + 1 >= tries || !pace.wait(outcome.error(), deadline)) return outcome;
  }
}

}  // namespace rayhistory
