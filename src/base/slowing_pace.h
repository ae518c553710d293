// When to tell again that something is still missing: after 10 s, 30 s and 1 min, then every 5 min. A
// collector starts before Ray does, so the first seconds are nothing to warn about; and a Ray that never
// comes must not fill the log.
#pragma once

#include <optional>

#include "base/clock.h"

namespace rayhistory {

// One thing that may be missing. Not for several threads at once.
class SlowingPace {
 public:
  // It is missing at `now`: true when that should be told.
  bool due(SteadyTime now) {
    if (!since_) since_ = now;
    if (now - *since_ < next_) return false;
    while (next_ <= now - *since_)
      next_ = after(next_);
    return true;
  }
  void reset() { *this = SlowingPace(); }

 private:
  static constexpr Nanoseconds kFirst = Seconds(10);
  static constexpr Nanoseconds kSecond = Seconds(30);
  static constexpr Nanoseconds kThird = Seconds(60);
  static constexpr Nanoseconds kEvery = Seconds(300);

  static Nanoseconds after(Nanoseconds told) {
    if (told < kSecond) return kSecond;
    if (told < kThird) return kThird;
    if (told < kEvery) return kEvery;
    return told + kEvery;
  }

  std::optional<SteadyTime> since_;
  Nanoseconds next_ = kFirst;
};

}  // namespace rayhistory
