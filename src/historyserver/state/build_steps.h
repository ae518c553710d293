// When putting a session's state together has to end: a large session takes seconds for it, and its deadline
// or a stop may come meanwhile. One thread.
#pragma once

#include <cstddef>

#include "base/clock.h"

namespace rayhistory::historyserver {

class BuildSteps {
 public:
  // A step is one row, some microseconds of work: so many are some milliseconds, and a look at the clock
  // costs nothing beside them.
  static constexpr size_t kStepsBetweenLooks = 1024;

  // `deadline` must outlive it.
  explicit BuildSteps(const Deadline& deadline) : deadline_(deadline) {}

  // One more step: whether the work has to end before it. Once true it stays so, and each loop ends with its
  // next step.
  bool must_end() {
    if (steps_++ % kStepsBetweenLooks == 0) look();
    return is_over_;
  }
  // The same, whatever the number of steps.
  bool must_end_now() {
    look();
    return is_over_;
  }

 private:
  void look() { is_over_ = is_over_ || deadline_.expired(system_clock().steady_now()); }

  const Deadline& deadline_;
  size_t steps_ = 0;
  bool is_over_ = false;
};

}  // namespace rayhistory::historyserver
