// The logs of this node: those of the running session are followed, those of ended sessions are offered once.
#pragma once

#include <memory>
#include <mutex>

#include "base/clock.h"
#include "layout/local_path.h"
#include "layout/object_key.h"
#include "logs/ended_session.h"
#include "logs/log_tracker.h"
#include "ray/session_watcher.h"
#include "shipper/shipper.h"

namespace rayhistory::collector {

// Any thread. What it offers goes on being shipped when it is gone.
class FollowedLogs {
 public:
  // All references must outlive it.
  FollowedLogs(const RayFolder& folder, const ObjectKeys& keys, Shipper& shipper, const Clock& clock,
               LogTrackerOptions options);
  FollowedLogs(const FollowedLogs&) = delete;
  FollowedLogs& operator=(const FollowedLogs&) = delete;

  // Goes on with ended sessions that the previous run of the collector had not finished.
  void resume() { ended_sessions_.resume(); }
  // The watcher saw `now` where it had seen `before`. Scans what the session that ended wrote last.
  void follow(const RunningNode& before, const RunningNode& now);
  void scan_now();
  // Waits for no scan.
  LogTotals totals() const;

 private:
  LogPlace place_of(const SessionName& session, const NodeId& node) const;
  void end_tracker();
  void start_tracker(const SessionName& session, const NodeId& node);
  void count(const LogTracker* tracker);

  const RayFolder& folder_;
  const ObjectKeys& keys_;
  Shipper& shipper_;
  const Clock& clock_;
  const LogTrackerOptions options_;
  std::mutex mutex_;  // guards the next two
  EndedSessions ended_sessions_;
  std::unique_ptr<LogTracker> tracker_;  // once session and node are known
  mutable std::mutex totals_mutex_;      // guards the next two; a scrape must not wait for a scan
  LogTotals earlier_totals_;             // of trackers that are gone
  const LogTracker* counted_ = nullptr;
};

}  // namespace rayhistory::collector
