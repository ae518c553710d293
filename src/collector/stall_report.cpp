#include "collector/stall_report.h"

#include "base/duration.h"
#include "base/log.h"

namespace rayhistory::collector {
namespace {

// A stall that lasts is told so often: seen by who looks into the log at any time, and not all that is seen.
constexpr Seconds kReminderInterval{300};

}  // namespace

void StallReport::look(const std::optional<Stall>& stall, const std::string& store_answer, SteadyTime now) {
  if (!stall) {
    if (is_told_) log_info("the backlog makes progress again");
    is_told_ = false;
    return;
  }
  if (is_told_ && now - told_at_ < kReminderInterval) return;
  is_told_ = true;
  told_at_ = now;
  const std::string& answer = stall->failure.empty() ? store_answer : stall->failure;
  log_warning(
      "the backlog makes no progress: bytes wait although it has long been their turn",
      {{"files", stall->files},
       {"key", stall->key},
       {"overdue", format_duration(std::chrono::floor<Seconds>(stall->overdue))},
       {"answer", answer.empty() ? "none: the upload is still under way" : answer},
       {"advice", "run `collector --check` in this container: it says which operation the store refuses"}});
}

}  // namespace rayhistory::collector
