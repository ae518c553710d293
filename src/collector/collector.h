// The collector: all parts wired together, started in their order, and taken down in the reverse.
//
// Events are taken first of all, before anything is known of the session, the node or the store. Then the
// session and the node are found, and watched on; the node's logs are followed; all of it is mirrored into
// the store. A drain ships what is left, for as long as the raylet lives and its last events and log lines
// come in.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <thread>

#include "base/clock.h"
#include "base/result.h"
#include "collector/figures.h"
#include "collector/followed_logs.h"
#include "collector/health.h"
#include "collector/session_marker.h"
#include "collector/settings.h"
#include "collector/status_line.h"
#include "http/curl_client.h"
#include "ingest/event_server.h"
#include "journal/journal.h"
#include "layout/local_path.h"
#include "layout/object_key.h"
#include "ray/dashboard_poller.h"
#include "ray/event_silence.h"
#include "ray/session_watcher.h"
#include "shipper/shipper.h"
#include "status/status_server.h"
#include "store/metered_store.h"
#include "store/store.h"

namespace rayhistory::collector {

// What a drain left unsaved.
struct Leftover {
  Backlog backlog;  // the shipper's, and the files that the journal still keeps back
  uint64_t dashboard_answers = 0;
  bool marker_missing = false;  // the session's marker was not written

  bool empty() const { return backlog.empty() && dashboard_answers == 0 && !marker_missing; }
};

class Collector {
 public:
  // Runs when this returns. `invalid` or `exists` when the events port cannot be had, or the store's settings
  // cannot work. A metrics port that cannot be had is only warned about.
  static Result<std::unique_ptr<Collector>> start(const Settings& settings);
  // Stops everything at once; what is not stored stays on the disk.
  ~Collector() = default;

  // Returns when everything is stored and the raylet is gone, or at --shutdown-timeout.
  Leftover drain();

 private:
  Collector(const Settings& settings, std::unique_ptr<Store> store, std::shared_ptr<StoreMeter> meter,
            std::stop_source draining);
  Result<void> start_events();
  void prepare_node();
  void start_status();
  void start_survey();
  void log_bucket_warnings(const Deadline& deadline);
  void start_node();

  void on_change(const RunningNode& before, const RunningNode& now);
  void write_marker(const RunningNode& node);
  Backlog what_is_left() const;
  void tick(const std::stop_token& stop);
  // Waits for no disk and no store. After start_node(); any thread.
  Figures figures() const;

  const Settings settings_;
  const Clock& clock_;
  const RayFolder ray_folder_;
  const JournalFolder journal_folder_;
  const ObjectKeys keys_;
  // In the order in which they are started; each uses only what stands above it.
  const std::shared_ptr<StoreMeter> store_meter_;
  std::stop_source draining_;  // hurries the store's calls
  std::unique_ptr<Store> store_;
  Shipper shipper_;
  std::unique_ptr<SessionMarker> marker_;        // on the head
  std::unique_ptr<Journal> journal_;             // when events are collected
  std::unique_ptr<EventServer> event_server_;    // likewise
  std::unique_ptr<FollowedLogs> logs_;           // when logs are collected
  std::unique_ptr<EventSilence> event_silence_;  // on the head, when events are collected
  CurlClient http_;
  std::unique_ptr<DashboardPoller> poller_;  // on the head
  std::unique_ptr<SessionWatcher> watcher_;
  std::unique_ptr<Health> health_;
  std::jthread survey_;
  std::jthread ticker_;
  std::unique_ptr<StatusTicker> status_ticker_;
  std::unique_ptr<StatusServer> status_server_;  // unless --metrics-port is 0
};

}  // namespace rayhistory::collector
