// What the journal remembers across restarts: the IDs of its last events (event_id_memory.h), and up to when
// its files are named. Kept in the file `recent_event_ids`, which is written before a journal file, whose
// lines are the memory otherwise, is removed.
//
// Not for several threads at once, but for save().
#pragma once

#include <cstdint>
#include <optional>

#include "base/shared_tree.h"
#include "journal/event_id_memory.h"
#include "journal/recovery.h"

namespace rayhistory::collector {

class RememberedEvents {
 public:
  // Reads what earlier runs left, 8 MiB at the most. What cannot be read is said, and not remembered.
  RememberedEvents(const JournalFolder& folder, const FoundJournals& found, int64_t unix_nanoseconds);

  EventIdMemory& ids() { return ids_; }

  // Names only go forward: the object of a file that was stored and removed must never be written again under
  // the same key, also when two files are opened in one nanosecond or the wall clock is set back.
  int64_t next_opened(int64_t unix_nanoseconds) const;
  void set_opened(int64_t nanoseconds) { last_opened_nanoseconds_ = nanoseconds; }

  struct Unsaved {
    RecentEventIds recent;
    uint64_t latest;
  };
  // What has to be saved before a file goes none of whose events is beyond sequence number `last_id`. Nothing
  // where it is saved already, or forgotten long since.
  std::optional<Unsaved> unsaved(uint64_t last_id) const;
  // One thread at a time.
  Result<void> save(const Unsaved& unsaved) const;
  void set_saved(const Unsaved& saved);

 private:
  void load(int64_t unix_nanoseconds);

  const SharedPath path_;
  EventIdMemory ids_;
  uint64_t saved_ = 0;  // up to this sequence number they are in the file
  int64_t last_opened_nanoseconds_ = 0;
};

}  // namespace rayhistory::collector
