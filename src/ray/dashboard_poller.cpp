#include "ray/dashboard_poller.h"

#include <utility>

#include "base/log.h"

namespace rayhistory::collector {
namespace {

// Between two looks whether there is a session; new orders end it.
constexpr Nanoseconds kIdleTime = std::chrono::hours(1);
// Between two polls while Ray drains, for 30 s at the most (ray 2.60, RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S).
constexpr Nanoseconds kDrainPollInterval = Seconds(5);

void tell_lost(const SessionEndpoints& endpoints) {
  if (endpoints.unstored() == 0) return;
  log_warning("the session ended before the store took the dashboard's last answers; they are lost",
              {{"session", endpoints.session().str()}, {"endpoints", endpoints.unstored()}});
}

}  // namespace

DashboardPoller::DashboardPoller(DashboardPollerOptions options, HttpClient& http, Store& store,
                                 const ObjectKeys& keys, const Clock& clock)
    : options_(std::move(options)),
      dashboard_(options_.address, options_.token, http, clock),
      health_(clock),
      store_(store),
      keys_(keys),
      clock_(clock),
      thread_([this] { work(); }) {}

DashboardPoller::~DashboardPoller() {
  const std::lock_guard lock(mutex_);
  orders_.is_stopped = true;
  new_orders_.request_stop();
  no_more_polls_.request_stop();
}

void DashboardPoller::follow(const SessionName& session) {
  const std::lock_guard lock(mutex_);
  if (orders_.session == session || orders_.last_poll) return;
  orders_.session = session;
  new_orders_.request_stop();
}

void DashboardPoller::begin_last_polls(const Deadline& deadline) {
  const std::lock_guard lock(mutex_);
  if (orders_.last_poll) return;
  orders_.last_poll = deadline;
  new_orders_.request_stop();
}

uint64_t DashboardPoller::end_last_polls(const Deadline& deadline) {
  no_more_polls_.request_stop();
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline.stop(), deadline.time(), [this] { return has_ended_; });
  return totals().unstored;
}

DashboardPoller::Orders DashboardPoller::take_orders(std::stop_token& new_orders) {
  const std::lock_guard lock(mutex_);
  if (new_orders_.stop_requested() && !orders_.is_stopped) new_orders_ = std::stop_source();
  new_orders = new_orders_.get_token();
  return orders_;
}

void DashboardPoller::poll_while_ray_ends(SessionEndpoints& endpoints, const Deadline& deadline) {
  const std::stop_token no_more = no_more_polls_.get_token();
  do {
    endpoints.work_at_shutdown(deadline);
  } while (options_.endpoints.life(endpoints.session()) == SessionLife::alive &&
           !deadline.expired(clock_.steady_now()) && clock_.sleep_for(kDrainPollInterval, no_more));
  endpoints.store_the_rest(deadline);
}

void DashboardPoller::work() {
  std::optional<SessionEndpoints> endpoints;
  while (true) {
    std::stop_token new_orders;
    const Orders orders = take_orders(new_orders);
    if (orders.is_stopped) break;
    if (orders.session && (!endpoints || endpoints->session() != *orders.session)) {
      if (endpoints) tell_lost(*endpoints);
      health_.set_unstored(0);
      endpoints.emplace(*orders.session, options_.endpoints, dashboard_, health_, store_, keys_, clock_);
    }
    if (orders.last_poll) {
      if (endpoints) poll_while_ray_ends(*endpoints, Deadline::at(orders.last_poll->time(), new_orders));
      break;
    }
    if (!endpoints) {
      clock_.sleep_for(kIdleTime, new_orders);
      continue;
    }
    const SteadyTime now = clock_.steady_now();
    if (endpoints->due() <= now) {
      endpoints->work(new_orders);
    } else {
      clock_.sleep_for(endpoints->due() - now, new_orders);
    }
  }
  const std::lock_guard lock(mutex_);
  has_ended_ = true;
  changed_.notify_all();
}

}  // namespace rayhistory::collector
