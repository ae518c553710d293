// Journal files that take events, one for each place, until they are sealed.
//
// A batch is written whole or not at all: to all its files, then all are synced, and only then does it count.
// All calls with the journal's mutex held.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/duration_histogram.h"
#include "base/result.h"
#include "journal/batch_plan.h"
#include "journal/journal_backlog.h"
#include "journal/journal_file.h"
#include "journal/journal_place.h"
#include "journal/journal_shared.h"
#include "journal/sealed_journals.h"

namespace rayhistory::collector {

struct GrowingJournal {
  JournalPlace place;
  int64_t opened_nanoseconds = 0;
  SteadyTime opened;
  JournalFile file;
  uint64_t last_id = 0;  // sequence number (event_id_memory.h) that none of its events' IDs is beyond
  uint64_t budgeted_bytes = 0;

  JournalName name() const { return {place.kind, place.job, place.node, opened_nanoseconds}; }
};

class GrowingJournals {
 public:
  // So many at a time, some 2 kB of memory each with their shipments. A node that runs more jobs than this at
  // once gets more, smaller files.
  static constexpr size_t kLimit = 2'048;

  // Both must outlive it. A file of `max_file_bytes` is sealed.
  GrowingJournals(JournalShared& shared, SealedJournals& sealed, uint64_t max_file_bytes);

  // On the disk and remembered when this returns well, and offered as far as it is to be; after an error
  // nothing of it is there.
  Result<void> write(const BatchPlan& plan);

  void seal_if(const std::function<bool(const GrowingJournal&)>& is_wanted);
  // The folder lies in Ray's own, where others may clean up. A file that is gone takes what it held with it;
  // what comes next must not be written to a file that nobody can open.
  void forget_vanished();
  void add_to(JournalBacklog& backlog) const;

  // Of single files. Any thread, without the mutex.
  DurationHistogram::Counts sync_times() const { return sync_times_.counts(); }

 private:
  using Files = std::list<GrowingJournal>;  // the one used longest ago first
  using File = Files::iterator;

  Result<File> file_for(const JournalPlace& place, std::set<SharedPath>& folders_to_sync);
  Result<File> new_file_for(const JournalPlace& place, std::set<SharedPath>& folders_to_sync);
  Result<void> write_and_sync(const BatchPlan& plan, std::vector<File>& files);
  void commit(const BatchPlan& plan, const std::vector<File>& files);
  void undo(const std::vector<File>& files);
  void retire(File file);
  void keep_limits();
  File seal(File file);
  void update_budget(GrowingJournal& growing);
  bool forget_if_vanished(File file);
  void offer(const GrowingJournal& growing);

  JournalShared& shared_;
  SealedJournals& sealed_;
  const uint64_t max_file_bytes_;
  const size_t descriptors_limit_;
  Files files_;
  std::map<JournalPlace, File> by_place_;
  DurationHistogram sync_times_;
};

}  // namespace rayhistory::collector
