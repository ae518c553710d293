#include "journal/remembered_events.h"

#include <algorithm>

#include "base/log.h"
#include "base/shared_path.h"

namespace rayhistory::collector {
namespace {

// Sixteen of the largest batches of Ray's agent; 256 KiB in the file, 1 MiB in memory.
constexpr size_t kEventIdsKept = 16'384;
// Twice what a full memory takes: longer is none of ours.
constexpr uint64_t kFileLimitBytes = 2 * kEventIdsKept * sizeof(EventIdHash);
// An earlier run's last name is believed up to this far ahead of the clock; further, it was the clock that
// was wrong.
constexpr int64_t kClockStepNanoseconds = int64_t{24} * 3600 * 1'000'000'000;

}  // namespace

RememberedEvents::RememberedEvents(const JournalFolder& folder, const FoundJournals& found,
                                   int64_t unix_nanoseconds)
    : path_(recent_event_ids_path(folder)), ids_(kEventIdsKept) {
  load(unix_nanoseconds);
  for (const EventIdHash& id : last_event_ids(found, kEventIdsKept))
    ids_.remember(id);
}

void RememberedEvents::load(int64_t unix_nanoseconds) {
  const auto recent = [this]() -> Result<RecentEventIds> {
    TRY_ASSIGN(const std::string content, read_file(path_, kFileLimitBytes));
    return decode_recent_event_ids(content);
  }();
  if (!recent) {
    if (recent.error().kind == ErrorKind::not_found) return;
    log_warning("event IDs of the earlier run are lost: a batch that is sent again may be stored twice",
                {{"path", path_.str()}, {"error", recent.error().message}});
    return;
  }
  for (const EventIdHash& id : recent->ids)
    ids_.remember(id);
  saved_ = ids_.latest();
  if (recent->last_opened_nanoseconds < unix_nanoseconds + kClockStepNanoseconds)
    last_opened_nanoseconds_ = recent->last_opened_nanoseconds;
}

int64_t RememberedEvents::next_opened(int64_t unix_nanoseconds) const {
  return std::max(unix_nanoseconds, last_opened_nanoseconds_ + 1);
}

std::optional<RememberedEvents::Unsaved> RememberedEvents::unsaved(uint64_t last_id) const {
  if (last_id <= saved_ || !ids_.reaches_back_to(last_id)) return std::nullopt;
  return Unsaved{{last_opened_nanoseconds_, ids_.all()}, ids_.latest()};
}

Result<void> RememberedEvents::save(const Unsaved& unsaved) const {
  return replace_file(path_, encode(unsaved.recent));
}

void RememberedEvents::set_saved(const Unsaved& saved) {
  saved_ = std::max(saved_, saved.latest);
}

}  // namespace rayhistory::collector
