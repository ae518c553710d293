// Keeps asking Ray's dashboard, on a thread of its own: nothing else waits for it, however slow, wrong or
// large its answers are. On the head only. What is asked and stored is session_endpoints.h's.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

#include "base/clock.h"
#include "http/client.h"
#include "layout/ids.h"
#include "layout/object_key.h"
#include "ray/dashboard_client.h"
#include "ray/dashboard_health.h"
#include "ray/session_endpoints.h"
#include "store/store.h"

namespace rayhistory::collector {

struct DashboardPollerOptions {
  Url address;
  TokenSource token;
  SessionEndpointsOptions endpoints;
};

// Any thread may call any of these, and none waits unless it says so.
class DashboardPoller {
 public:
  // All references must outlive it.
  DashboardPoller(DashboardPollerOptions options, HttpClient& http, Store& store, const ObjectKeys& keys,
                  const Clock& clock);
  // Cancels the request under way.
  ~DashboardPoller();

  // From now on it is this session's dashboard. What is under way for the one before is given up, and what
  // the store did not take of it is lost, with a warning.
  void follow(const SessionName& session);

  // Once more at once, because Ray's dashboard may end at any moment, and again every few seconds for as long
  // as the raylet lives: a cluster that drains still finishes jobs. Each of these polls takes ten seconds at
  // the most, and none goes on beyond `deadline`.
  void begin_last_polls(const Deadline& deadline);
  // Begins no other, and waits for the one under way. How many endpoints' last answers are not stored.
  uint64_t end_last_polls(const Deadline& deadline);

  DashboardTotals totals() const { return health_.totals(); }

 private:
  struct Orders {
    std::optional<SessionName> session;
    std::optional<Deadline> last_poll;
    bool is_stopped = false;
  };

  void work();
  void poll_while_ray_ends(SessionEndpoints& endpoints, const Deadline& deadline);
  Orders take_orders(std::stop_token& new_orders);

  const DashboardPollerOptions options_;
  const DashboardClient dashboard_;
  DashboardHealth health_;
  Store& store_;
  const ObjectKeys& keys_;
  const Clock& clock_;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  Orders orders_;
  std::stop_source new_orders_;     // stopped when orders_ change: ends what the thread waits for
  std::stop_source no_more_polls_;  // stopped when none may begin any more
  bool has_ended_ = false;

  std::jthread thread_;
};

}  // namespace rayhistory::collector
