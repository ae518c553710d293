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

namespace rayhistory {

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

  // From now on it is this session's dashboard. What is under way for the one before is given up.
  void follow(const SessionName& session);

  // Once more at once, because Ray's dashboard may end at any moment, then never again: within ten seconds,
  // or until `deadline` where that is sooner.
  void begin_last_poll(const Deadline& deadline);
  // Waits. False at the deadline.
  bool wait_for_last_poll(const Deadline& deadline);

  DashboardTotals totals() const { return health_.totals(); }

 private:
  struct Orders {
    std::optional<SessionName> session;
    std::optional<Deadline> last_poll;
    bool is_stopped = false;
  };

  void work();
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
  std::stop_source new_orders_;  // stopped when orders_ change: ends what the thread waits for
  bool has_ended_ = false;

  std::jthread thread_;
};

}  // namespace rayhistory
