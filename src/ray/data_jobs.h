// Which jobs are still to be asked for their Ray Data statistics, one request a job.
//
// A job that has ended and whose datasets are stored is done with. One that stays empty is given up after two
// empty answers past its end: most jobs never use Ray Data, but its statistics may come a little after the
// job's end. What was answered while a job ran decides nothing.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "layout/ids.h"
#include "ray/endpoint_answers.h"

namespace rayhistory::collector {

// The jobs of one session. Not for several threads at once.
class DataJobs {
 public:
  // The latest list takes the place of the one before; what is known of a job stays.
  void set_listed(const std::vector<ListedJob>& jobs);

  // In turn: the first is the one after the job that was asked last, so that jobs which are slow to answer
  // keep none from its turn. At the end of everything those given up are asked once more, last.
  std::vector<JobId> to_ask(bool with_given_up) const;

  void asked(const JobId& job) { last_asked_ = job; }
  void answered_empty(const JobId& job);
  void stored(const JobId& job);

 private:
  struct State {
    bool is_listed = false;
    bool has_ended = false;
    bool is_stored = false;  // as answered past its end
    int empty_past_end = 0;
  };

  void forget_unlisted();

  std::map<JobId, State> jobs_;
  std::optional<JobId> last_asked_;
};

}  // namespace rayhistory::collector
