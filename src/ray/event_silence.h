// Tells the operator that Ray runs jobs and posts no events: the session's history would have logs and no
// tasks, and nothing else in the log would say so. Ray's dashboard knows the jobs, and the collector knows
// whether a batch has come.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/slowing_pace.h"

namespace rayhistory::collector {

// The dashboard's poller calls it, on one thread. It outlives sessions: the next Ray of this pod has the same
// variables.
class EventSilence {
 public:
  // `batches`: how many batches of events have come since the start, refused ones too. `clock` must outlive
  // it.
  EventSilence(const Clock& clock, std::function<uint64_t()> batches);

  // Any answer of the dashboard.
  void note(std::string_view endpoint, std::string_view body);

 private:
  bool has_new_job(std::string_view body) const;
  void tell(SteadyTime now);

  const Clock& clock_;
  const std::function<uint64_t()> batches_;
  // A job that is older may have sent its events to the collector that ran before this one.
  const int64_t started_;
  std::string ray_version_;  // empty: unknown
  std::optional<SteadyTime> job_seen_;
  SlowingPace pace_;
};

}  // namespace rayhistory::collector
