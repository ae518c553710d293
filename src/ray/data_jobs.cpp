#include "ray/data_jobs.h"

#include <utility>

namespace rayhistory::collector {
namespace {

constexpr int kEmptyAnswersPastEnd = 2;
// Some 100 bytes each. No list names more, so that only jobs which Ray itself has dropped are forgotten.
constexpr size_t kRememberedJobs = kListedJobsLimit;

}  // namespace

void DataJobs::set_listed(const std::vector<ListedJob>& jobs) {
  for (auto& [id, state] : jobs_)
    state.is_listed = false;
  for (const ListedJob& job : jobs) {
    State& state = jobs_[job.id];
    state.is_listed = true;
    state.has_ended = job.has_ended;
  }
  if (jobs_.size() > kRememberedJobs) forget_unlisted();
}

std::vector<JobId> DataJobs::to_ask(bool with_given_up) const {
  std::vector<JobId> wanted;
  std::vector<JobId> given_up;
  const auto take = [&](const std::pair<const JobId, State>& job) {
    const State& state = job.second;
    if (!state.is_listed || (state.has_ended && state.is_stored)) return;
    const bool is_given_up = state.has_ended && state.empty_past_end >= kEmptyAnswersPastEnd;
    (is_given_up ? given_up : wanted).push_back(job.first);
  };
  const auto first = last_asked_ ? jobs_.upper_bound(*last_asked_) : jobs_.begin();
  for (auto job = first; job != jobs_.end(); ++job)
    take(*job);
  for (auto job = jobs_.begin(); job != first; ++job)
    take(*job);
  if (with_given_up) wanted.insert(wanted.end(), given_up.begin(), given_up.end());
  return wanted;
}

void DataJobs::answered_empty(const JobId& job) {
  const auto found = jobs_.find(job);
  if (found != jobs_.end() && found->second.has_ended) ++found->second.empty_past_end;
}

void DataJobs::stored(const JobId& job) {
  const auto found = jobs_.find(job);
  if (found != jobs_.end() && found->second.has_ended) found->second.is_stored = true;
}

void DataJobs::forget_unlisted() {
  std::erase_if(jobs_, [](const auto& job) { return !job.second.is_listed; });
}

}  // namespace rayhistory::collector
