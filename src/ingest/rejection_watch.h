// Watches how many of the events that arrive are set aside. A few bad events are an application's; when most
// of them are bad, Ray speaks a form that the collector does not know, and the session's history stays empty
// although every batch is answered with 200. The watch says so in the log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/slowing_pace.h"
#include "journal/batch_plan.h"

namespace rayhistory::collector {

// The time over which events are counted: as long as the status line's, so that both judge alike.
inline constexpr Nanoseconds kRejectionWindow = Seconds(60);
// Below so many events in a window the share says nothing: an application's own mistake can be ten events.
inline constexpr uint64_t kFewestEventsToJudge = 20;

// Whether at least half of the new events were set aside, of enough events to judge. Below half, most of the
// history is there, and each rejected event has its reason in the store.
inline bool are_most_rejected(uint64_t stored, uint64_t rejected) {
  return stored + rejected >= kFewestEventsToJudge && rejected >= stored;
}

// For one thread.
class RejectionWatch {
 public:
  void note(const BatchOutcome& outcome, SteadyTime now);

 private:
  void begin_window(SteadyTime now);

  bool has_window_ = false;
  SteadyTime window_began_;
  uint64_t stored_ = 0;
  uint64_t rejected_ = 0;
  bool was_told_ = false;
  SlowingPace pace_;
};

}  // namespace rayhistory::collector
