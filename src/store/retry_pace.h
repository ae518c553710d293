// How the wait between two tries of the same call is chosen: exponential backoff with full jitter, and no
// shorter than the store asked for (Retry-After).
#pragma once

#include <algorithm>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/result.h"

namespace rayhistory {

// First some 200 ms: a throttled or restarting server is back soon. At most 20 s, as AWS's own clients have
// it.
inline constexpr Milliseconds kRetryFirst{200};
inline constexpr Seconds kRetryLongest{20};

// One call's tries.
class RetryPace {
 public:
  explicit RetryPace(const Clock& clock) : clock_(clock) {}

  // Waits before the next try; false when the deadline comes first.
  bool wait(const Error& error, const Deadline& deadline) {
    const Nanoseconds wanted = std::max(backoff_.next(), error.retry_after.value_or(Nanoseconds::zero()));
    const Nanoseconds wait = deadline.remaining(clock_.steady_now(), wanted);
    return clock_.sleep_for(wait, deadline.stop()) && !deadline.expired(clock_.steady_now());
  }
  int tries() const { return backoff_.tries(); }

 private:
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
