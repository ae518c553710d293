// Follows the log files of one folder, as a rule the `logs` folder of the running session, and says what of
// them belongs in the store.
//
// A scan of the folder is the truth. It lists every folder and asks for the status of every file, 1 to 3 µs
// each: with 30,000 files every 30 s that is 0.3 % of a core. Between scans, once a second, inotify tells
// which names to look at; where the host has no watches left, the scan comes every 5 s instead.
//
// What a file is to us:
//   live      its key is its path. It is offered when it is new or has grown. One that was cut short
//             (copytruncate) or written anew is another generation; one whose name went to another file
//             (deleted and made again) is another file. What the store holds of the earlier one is preserved
//             under a rotated log's key.
//   rotated   `x.out.3`: see rotated_files.h. KubeRay's rule, by name alone.
//             One that was renamed over it is offered as its newer version (Shipment::renamed_over). So that
//             bytes written over in place are noticed too, a file's content is compared with what it was
//             whenever its size or one of its times has changed (content_digest.h).
//   state     Ray writes `debug_state*.txt` anew every 10 s. Only the last state is worth storing.
//   none      symlinks, sockets, fifos, devices: never opened, told once at debug level.
// What cannot be read is told once, counted, and tried again by each scan.
//
// Where several nodes ran in the session, a file is offered as a log of the one that it belongs to
// (log_place.h). When that changes, what the store holds of it under the earlier node stays as it is.
//
// Costs about 300 bytes a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "logs/log_place.h"
#include "logs/log_totals.h"
#include "logs/rotated_files.h"
#include "shipper/shipment_consumer.h"

namespace rayhistory::collector {

struct LogTrackerOptions {
  Nanoseconds scan_interval = Seconds(30);  // RAY_COLLECTOR_ROTATED_LOG_SCAN_INTERVAL
  bool use_hints = true;                    // false: scanning alone, as on a host without inotify
  size_t held_open = held_open_limit();
};

// Any thread may call any of these.
class LogTracker {
 public:
  // `clock` must outlive it. Nothing happens before start or scan_now.
  LogTracker(LogPlace place, ShipmentConsumer& consumer, const Clock& clock, LogTrackerOptions options = {});
  // Stops. What was offered stays offered.
  ~LogTracker();

  // Looks once a second on a thread of its own, until stop, which waits for a look under way.
  void start();
  void stop();

  // All nodes that are known of the session now; those of before are among them, or nothing tells when they
  // ran.
  void set_nodes(const std::vector<NodeLogs>& nodes);

  // Scans everything on the calling thread: when it returns, all that was there at the call has been offered.
  LogTotals scan_now();
  // What the thread does once a second: a scan if one is due, else what the hints name.
  LogTotals look_now();
  // As the last look left them: waits for none.
  LogTotals totals() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace rayhistory::collector
