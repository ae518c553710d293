// The journal: events on the local disk, synced before their sender has its answer, and from there to the
// store.
//
// A file holds the events of one session, kind, job and node, a line each, in the order of arrival. It grows,
// and is offered for shipping as it grows, until it is sealed: when it is old or large enough, when session
// or node change, at shutdown. Once the store holds all of a sealed file it is removed. With compression
// nothing is offered before the file is sealed and compressed.
//
// Which session: the one the event names. Which node: the one that session ran with. As long as that is not
// known the file waits under a name that says so (layout/local_path.h), and is renamed and offered when it
// is.
//
// How a batch is whole or not at all: it is written to all its files, then all are synced, and only then does
// it count anywhere (sizes, IDs, shipments). A failure on the way cuts every file back to what counted
// before. After a crash in between, the lines that got there are found by their eventIds when the sender
// repeats the batch.
//
// Files that grow are growing_journals.h's, sealed ones sealed_journals.h's; here is what drives both.
//
// Any thread may call any of these; one mutex covers them all, and disk writes are made under it. The journal
// may be destroyed before the shipper's workers end: an on_stored that comes later does nothing (the next
// start finds the file again).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/duration_histogram.h"
#include "base/result.h"
#include "journal/batch_plan.h"
#include "journal/event.h"
#include "journal/journal_backlog.h"
#include "journal/journal_shared.h"
#include "journal/recovery.h"
#include "journal/session_nodes.h"
#include "layout/ids.h"
#include "layout/local_path.h"
#include "layout/object_key.h"

namespace rayhistory::collector {

struct JournalOptions {
  Nanoseconds rotation_interval = Seconds(300);   // --event-rotation-interval
  uint64_t max_file_bytes = uint64_t{100} << 20;  // --event-max-file-size-mb
  uint64_t max_disk_bytes = uint64_t{200} << 20;  // --event-max-disk-mb
  bool compression = false;                       // --event-compression-enabled
};

// Since the start.
struct JournalTotals {
  uint64_t batches = 0;
  uint64_t stored = 0;
  uint64_t rejected = 0;
  uint64_t duplicate = 0;
  uint64_t batches_refused_malformed = 0;
  uint64_t batches_refused_disk_pressure = 0;
  uint64_t batches_refused_write_failure = 0;
  uint64_t bytes_written = 0;
  DurationHistogram::Counts sync_times;  // of single files
};

class GrowingJournals;
class SealedJournals;

class Journal {
 public:
  // Reads what is needed to recognise events of an earlier run (8 MiB at the most) and is then ready for
  // events. Nothing wrong with the folder keeps it from being made: append() tells. `clock` must outlive it.
  Journal(JournalFolder folder, ObjectKeys keys, JournalOptions options, const Clock& clock,
          ShipmentConsumer& consumer, NodeOfSession node_of_session);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // The body of one POST. On success every event of it is on the disk. Errors leave nothing of it, and are
  //   invalid    it is no JSON array of events: the same bytes will never be taken
  //   no_space   the disk budget, or the disk, is full: later
  //   any other  the disk failed: later
  Result<BatchOutcome> append(std::string_view body);

  // Takes up the files of earlier runs. Once, any time after the events are being taken; may take seconds.
  void recover();

  // What runs on this node now, as far as it is known; `node` never without `session`. Seals what belongs to
  // others.
  void set_running(const std::optional<SessionName>& session, const std::optional<NodeId>& node);

  // To be called every few seconds: seals files that are old enough, compresses what is sealed, tries again
  // what failed.
  void tick();

  // For shutdown: nothing stays open; compressed and offered is what can be. Events may come after it all the
  // same, so it may be called again.
  void seal_all();
  // Ends a compression that is under way, and all later ones, for the end of the shutdown's time.
  void cancel();

  JournalTotals totals() const;
  JournalBacklog backlog() const;
  // What it was when the journal was last free, or at the last tick: waits for no disk.
  JournalBacklog recent_backlog() const;
  // Whether batches are refused until the store has taken some bytes.
  bool is_full() const;
  uint64_t disk_bytes() const;

 private:
  // With the mutex of shared_ held.
  JournalBacklog backlog_now() const;

  void count_refused(uint64_t JournalTotals::*reason);
  void count_taken(const BatchPlan& plan);
  void watch_pressure();

  const JournalOptions options_;
  FoundJournals found_;  // until recover() has taken them up
  std::shared_ptr<JournalShared> shared_;
  std::shared_ptr<SealedJournals> sealed_;
  std::unique_ptr<GrowingJournals> growing_;
  BatchCutter cutter_;
  std::atomic<bool> under_pressure_{false};

  mutable std::mutex totals_mutex_;  // guards the next two: a reader must not wait for a disk
  JournalTotals totals_;
  mutable JournalBacklog recent_backlog_;
};

}  // namespace rayhistory::collector
