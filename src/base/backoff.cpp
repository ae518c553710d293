#include "base/backoff.h"

#include <algorithm>

namespace rayhistory {

Nanoseconds Backoff::next() {
  Nanoseconds bound = first_;
  for (int i = 0; i < tries_ && bound < longest_; ++i)
    bound *= 2;
  bound = std::min(bound, longest_);
  ++tries_;
  return Nanoseconds(
      std::uniform_int_distribution<Nanoseconds::rep>(bound.count() / 10, bound.count())(random_));
}

}  // namespace rayhistory
