// How long to wait before the next try: exponential with full jitter, as AWS's architecture blog describes it
// ("Exponential Backoff And Jitter"), so that many collectors that lost the same store do not come back at
// once.
#pragma once

#include <random>

#include "base/clock.h"

namespace rayhistory {

// One caller's tries. Not for several threads at once.
class Backoff {
 public:
  Backoff(Nanoseconds first, Nanoseconds longest) : first_(first), longest_(longest) {}

  // A random time in [0, min(longest, first * 2^n)] for the n-th call since the last reset, counted from 0,
  // but never less than a tenth of that bound, so that no loop spins.
  Nanoseconds next();
  void reset() { tries_ = 0; }
  int tries() const { return tries_; }

 private:
  Nanoseconds first_;
  Nanoseconds longest_;
  int tries_ = 0;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace rayhistory
