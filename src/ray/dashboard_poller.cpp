#include "ray/dashboard_poller.h"

#include <utility>

namespace rayhistory {
namespace {

// Between two looks whether there is a session; new orders end it.
constexpr Nanoseconds kIdleTime = std::chrono::hours(1);

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
}

void DashboardPoller::follow(const SessionName& session) {
  const std::lock_guard lock(mutex_);
  if (orders_.session == session || orders_.last_poll) return;
  orders_.session = session;
  new_orders_.request_stop();
}

void DashboardPoller::begin_last_poll(const Deadline& deadline) {
  const std::lock_guard lock(mutex_);
  if (orders_.last_poll) return;
  orders_.last_poll = deadline;
  new_orders_.request_stop();
}

bool DashboardPoller::wait_for_last_poll(const Deadline& deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline.stop(), deadline.time(), [this] { return has_ended_; });
}

DashboardPoller::Orders DashboardPoller::take_orders(std::stop_token& new_orders) {
  const std::lock_guard lock(mutex_);
  if (new_orders_.stop_requested() && !orders_.is_stopped) new_orders_ = std::stop_source();
  new_orders = new_orders_.get_token();
  return orders_;
}

void DashboardPoller::work() {
  std::optional<SessionEndpoints> endpoints;
  while (true) {
    std::stop_token new_orders;
    const Orders orders = take_orders(new_orders);
    if (orders.is_stopped) break;
    if (orders.session && (!endpoints || endpoints->session() != *orders.session)) {
      endpoints.emplace(*orders.session, options_.endpoints, dashboard_, health_, store_, keys_, clock_);
    }
    if (orders.last_poll) {
      if (endpoints) endpoints->work_a_last_time(Deadline::at(orders.last_poll->time(), new_orders));
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

}  // namespace rayhistory
