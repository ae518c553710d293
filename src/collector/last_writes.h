// The beginning of a drain: Ray has had the same SIGTERM as the collector, and goes on writing logs and
// posting events while it ends.
#pragma once

#include "base/clock.h"
#include "collector/followed_logs.h"
#include "ingest/event_server.h"
#include "layout/local_path.h"
#include "ray/session_watcher.h"
#include "shipper/shipper.h"

namespace rayhistory::collector {

// Where the last writes come from, and where they go.
struct LastWrites {
  SessionWatcher& watcher;
  const RayFolder& folder;
  Shipper& shipper;
  const EventServer* events;  // nullptr where no events are collected
  FollowedLogs* logs;         // nullptr where no logs are collected
  Nanoseconds shutdown_timeout;
};

// Returns when the raylet is gone and the session is quiet, or at the deadline. Offers meanwhile what Ray
// writes.
void wait_for(const LastWrites& writes, const Clock& clock, const Deadline& deadline);

}  // namespace rayhistory::collector
