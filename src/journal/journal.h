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
// Any thread may call any of these; one mutex covers them all, and disk writes are made under it. The journal
// may be destroyed before the shipper's workers end: an on_stored that comes later does nothing (the next
// start finds the file again).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/duration_histogram.h"
#include "base/result.h"
#include "layout/ids.h"
#include "layout/local_path.h"
#include "layout/object_key.h"
#include "shipper/shipment.h"

namespace rayhistory {

struct JournalOptions {
  Nanoseconds rotation_interval = Seconds(300);   // --event-rotation-interval
  uint64_t max_file_bytes = uint64_t{100} << 20;  // --event-max-file-size-mb
  uint64_t max_disk_bytes = uint64_t{200} << 20;  // --event-max-disk-mb
  bool compression = false;                       // --event-compression-enabled
};

// What became of a batch's elements.
struct BatchOutcome {
  uint64_t stored = 0;
  uint64_t rejected = 0;   // set aside, in rejected_events
  uint64_t duplicate = 0;  // in the journal already, as good events or as set aside

  friend bool operator==(const BatchOutcome&, const BatchOutcome&) = default;
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

// What no shipment names yet, and would so be missing in the shipper's backlog.
struct JournalBacklog {
  uint64_t waiting_files = 0;  // for the session or the node to be known
  uint64_t waiting_bytes = 0;
  uint64_t uncompressed_files = 0;  // with compression: to be sealed and compressed
  uint64_t uncompressed_bytes = 0;
  Nanoseconds oldest{0};  // how long ago the oldest of these files was opened
};

// Where files go. Called under the journal's mutex: neither may call back into the journal, nor run the
// shipment's on_stored before it returns.
struct JournalSink {
  std::function<void(Shipment)> offer;
  std::function<void(const std::string& key)> withdraw;
};

// The node that a session ran or runs with, as its folder on this disk says (its *_port_<node> files).
using NodeOfSession = std::function<std::optional<NodeId>(const SessionName&)>;

class Journal {
 public:
  // Reads what is needed to recognise events of an earlier run (8 MiB at the most) and is then ready for
  // events. Nothing wrong with the folder keeps it from being made: append() tells. `clock` must outlive it.
  Journal(JournalFolder folder, ObjectKeys keys, JournalOptions options, const Clock& clock, JournalSink sink,
          NodeOfSession node_of_session);
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
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace rayhistory
