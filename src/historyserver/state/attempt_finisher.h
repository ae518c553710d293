// An attempt finisher fills in what no event says of a single attempt of a task and other rows tell.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "historyserver/state/session_state.h"
#include "historyserver/state/state_pieces.h"
#include "historyserver/state/text_memory.h"

namespace rayhistory::historyserver {

// It has the time at which each job ended, by job ID.
using JobEnds = std::unordered_map<std::string_view, UnixNanoseconds>;

JobEnds ends_of(const std::vector<Job>& jobs, const std::vector<DriverPiece>& drivers);

// One finisher serves the attempts of one session.
class AttemptFinisher {
 public:
  // `state` has all but the attempts; new texts are kept in `texts`. All three must outlive it.
  AttemptFinisher(const SessionState& state, const JobEnds& job_ends, TextPool& texts)
      : state_(state), texts_(texts), job_ends_(job_ends) {}

  // This comes before the definitions of other attempts are shared.
  void fill(TaskPiece& task) const;
  // This comes after that.
  void finish(TaskPiece& task) const;

 private:
  // The executing worker alone told of the task. It is not asked where the owner told and left out the place:
  // then the live dashboard has none either.
  void fill_from_worker(TaskPiece& task) const;
  std::string_view function_of(const TaskAttempt& task, const ProfileEvent& execution) const;
  // An actor's repr stands for its class (Ray: src/ray/gcs, GcsTaskManager; python/ray/util/state/common.py).
  void name_after_actor(TaskPiece& task) const;
  // The owner did not say how the task ended, but the worker recorded that it executed it.
  void end_by_profile(TaskPiece& task) const;
  // GCS marks without an event the tasks that a worker left behind when it died, or a driver when it left
  // (Ray: src/ray/gcs, GcsTaskManager::OnWorkerDead and OnJobFinished). The end that came first counts.
  void end_by_others(TaskPiece& task) const;
  void fail(TaskPiece& task, UnixNanoseconds time, std::string_view type, const std::string& message) const;

  const SessionState& state_;
  TextPool& texts_;
  const JobEnds& job_ends_;
};

}  // namespace rayhistory::historyserver
