#include "ingest/rejection_watch.h"

#include <utility>

#include "base/log.h"

namespace rayhistory::collector {

void RejectionWatch::note(const BatchOutcome& outcome, SteadyTime now) {
  if (!has_window_ || now - window_began_ >= kRejectionWindow) begin_window(now);
  stored_ += outcome.stored;
  rejected_ += outcome.rejected;
  if (outcome.rejected == 0 || !are_most_rejected(stored_, rejected_)) return;
  // The first warning comes at once, and those after it at the pace.
  const bool is_due = pace_.due(now);
  if (std::exchange(was_told_, true) && !is_due) return;
  log_warning(
      "most events are set aside and missing from the history",
      {{"rejected", rejected_},
       {"stored", stored_},
       {"reason", outcome.example.reason},
       {"event_type", outcome.example.event_type},
       {"advice",
        "read an object under rejected_events in the store: each event needs a timestamp (RFC 3339) and a "
        "sessionName; if Ray itself sent it, this collector is too old for that Ray: update the collector"}});
}

void RejectionWatch::begin_window(SteadyTime now) {
  // A trouble that was over for a whole window is a new one when it comes again.
  const bool goes_on =
      has_window_ && are_most_rejected(stored_, rejected_) && now - window_began_ < 2 * kRejectionWindow;
  if (!goes_on) {
    pace_.reset();
    was_told_ = false;
  }
  has_window_ = true;
  window_began_ = now;
  stored_ = 0;
  rejected_ = 0;
}

}  // namespace rayhistory::collector
