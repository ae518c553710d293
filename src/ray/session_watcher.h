// Finds out which Ray session and which raylet run on this node, and goes on watching: a restarted Ray
// container is a new session, a restarted raylet a new node ID within the same one.
//
// The session is the last segment of what $RAY_TMP_ROOT/session_latest points to; the node ID comes from
// files, or from the head's dashboard where there are none (node_id.h). What is missing is waited for, for as
// long as it takes, with a warning at a slowing pace. What is once known stays known until something else
// takes its place: Ray itself replaces session_latest by removing it first, whenever a driver starts.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "base/slowing_pace.h"
#include "http/client.h"
#include "layout/ids.h"
#include "layout/local_path.h"
#include "ray/auth_token.h"
#include "ray/node_id.h"

namespace rayhistory::collector {

// What runs on this node, as far as it is known. `node` without `session` does not occur.
struct RunningNode {
  std::optional<SessionName> session;
  std::optional<NodeId> node;

  friend bool operator==(const RunningNode&, const RunningNode&) = default;
};

struct SessionWatcherOptions {
  RayFolder folder;
  std::string pod_ip;        // POD_IP; empty: the dashboard is not asked
  std::optional<Url> nodes;  // nodes_url(); nothing: the dashboard is not asked
  TokenSource token;         // empty: requests go without
};

// Any thread may call any of these.
class SessionWatcher {
 public:
  // Called by the thread that found the change, one call at a time, in order. It must call neither look_now
  // nor stop. A new session whose node is not known yet is a change of its own.
  using OnChange = std::function<void(const RunningNode& before, const RunningNode& now)>;

  // `http` and `clock` must outlive it.
  SessionWatcher(SessionWatcherOptions options, HttpClient& http, const Clock& clock, OnChange on_change);
  ~SessionWatcher();

  // Watches on a thread of its own until stop, which waits for a look under way; it ends within kAskTimeout
  // at the latest.
  void start();
  void stop();

  RunningNode running() const;
  // Looks at once, on the calling thread; as long as one request to the dashboard at the most.
  RunningNode look_now();

 private:
  void watch(const std::stop_token& stop);
  RunningNode look(const std::stop_token& stop);
  Result<SessionName> find_session() const;
  void find_node(RunningNode& now, const std::stop_token& stop);
  void ask_dashboard(RunningNode& now, const std::stop_token& stop);
  void take_node(RunningNode& now, const NodeId& node, std::string_view source);

  const SessionWatcherOptions options_;
  HttpClient& http_;
  const Clock& clock_;
  const OnChange on_change_;

  mutable std::mutex look_mutex_;  // one look at a time; guards what follows
  SlowingPace session_missing_;
  SlowingPace node_missing_;
  SteadyTime session_since_{};  // when the session in running_ was first seen
  std::string last_answer_;     // why the dashboard's last answer did not help
  std::optional<SteadyTime> asked_;
  FileIdentity asked_about_;  // the raylet's socket when the dashboard was asked
  bool answered_ = false;
  int asks_in_vain_ = 0;

  mutable std::mutex running_mutex_;
  RunningNode running_;

  std::jthread thread_;
};

}  // namespace rayhistory::collector
