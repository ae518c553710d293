#include "shipper/shipper.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "shipper/ledger.h"
#include "shipper/upload.h"

namespace rayhistory::collector {
namespace {

// A worker that has nothing to do looks again at least this often. Nothing depends on it: every change wakes
// one.
constexpr Nanoseconds kLongestNap = Seconds(60);

}  // namespace

class Shipper::State {
 public:
  State(Store& store, const Clock& clock, ShipperOptions options)
      : store_(store), clock_(clock), ledger_(options) {
    workers_.reserve(static_cast<size_t>(options.workers));
    for (int i = 0; i < options.workers; ++i)
      workers_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }

  ~State() {
    for (std::jthread& worker : workers_)
      worker.request_stop();
    workers_.clear();
  }

  template <typename Change>
  void change(Change change_ledger) {
    {
      const std::lock_guard lock(mutex_);
      change_ledger(ledger_, clock_.steady_now());
      if (ledger_.all_stored()) settled_.notify_all();
      if (!is_sooner_than_awaited()) return;
      ++changes_;
    }
    work_.notify_one();
  }

  template <typename Look>
  auto look(Look look_at_ledger) const {
    const std::lock_guard lock(mutex_);
    return look_at_ledger(ledger_, clock_.steady_now());
  }

  bool wait_until_stored(const Deadline& deadline) {
    std::unique_lock lock(mutex_);
    return wait_until(lock, deadline, [this] { return ledger_.all_stored(); });
  }

  bool wait_until_stored_or_failed(const Deadline& deadline) {
    std::unique_lock lock(mutex_);
    wait_until(lock, deadline, [this] { return ledger_.all_stored() || ledger_.failure(); });
    return ledger_.all_stored() && !ledger_.failure();
  }

 private:
  template <typename Condition>
  bool wait_until(std::unique_lock<std::mutex>& lock, const Deadline& deadline, const Condition& condition) {
    if (deadline.time() == SteadyTime::max()) return settled_.wait(lock, deadline.stop(), condition);
    return settled_.wait_until(lock, deadline.stop(), deadline.time(), condition);
  }

  // Whether the workers that sleep would sleep past what is due. Most changes are files that grew and are due
  // when they were before: waking a worker for each would cost more than the change.
  bool is_sooner_than_awaited() const {
    const std::optional<SteadyTime> due = ledger_.next_due();
    return due && *due < awaited_;
  }

  void work(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      const SteadyTime now = clock_.steady_now();
      std::optional<Task> task = ledger_.next_task(now);
      if (!task) {
        // The look may have found that there is nothing to do.
        if (ledger_.all_stored()) settled_.notify_all();
        const SteadyTime latest = now + kLongestNap;
        const SteadyTime wake_at = std::min(latest, ledger_.next_due().value_or(latest));
        awaited_ = wake_at;
        work_.wait_until(lock, stop, wake_at, [&, seen = changes_] { return changes_ != seen; });
        continue;
      }
      // There may be more: the next worker finds out.
      ++changes_;
      work_.notify_one();
      lock.unlock();
      const auto found = [this](ListedObject object) {
        const std::lock_guard page_lock(mutex_);
        ledger_.found(std::move(object));
      };
      const TaskResult result = perform(*task, store_, found, Deadline::never(stop));
      lock.lock();
      ledger_.set_growth(store_.growth());
      ledger_.settle(*task, result, clock_.steady_now());
      if (ledger_.all_stored() || result.outcome == Outcome::failed) settled_.notify_all();
    }
  }

  Store& store_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable_any work_;
  std::condition_variable_any settled_;
  Ledger ledger_;
  uint64_t changes_ = 0;  // what a sleeping worker has not seen yet
  // When the worker that looked last, and found nothing, looks again. Whoever finds something wakes another,
  // who looks in turn: so it is never earlier than what some worker sleeps until, unless none sleeps.
  SteadyTime awaited_ = SteadyTime::min();
  std::vector<std::jthread> workers_;  // last: they use all of the above
};

Shipper::Shipper(Store& store, const Clock& clock, ShipperOptions options)
    : state_(std::make_unique<State>(store, clock, options)) {}

Shipper::~Shipper() = default;

void Shipper::offer(Shipment shipment) {
  state_->change([&](Ledger& ledger, SteadyTime now) { ledger.offer(std::move(shipment), now); });
}

void Shipper::withdraw(const std::string& key) {
  state_->change([&](Ledger& ledger, SteadyTime now) { ledger.withdraw(key, now); });
}

void Shipper::hand_over(const std::string& key) {
  state_->change([&](Ledger& ledger, SteadyTime now) { ledger.hand_over(key, now); });
}

void Shipper::look_below(const std::string& prefix) {
  state_->change([&](Ledger& ledger, SteadyTime) { ledger.look_below(prefix); });
}

void Shipper::prefix_ended(const std::string& prefix, std::function<void()> on_done) {
  state_->change([&](Ledger& ledger, SteadyTime) { ledger.prefix_ended(prefix, std::move(on_done)); });
}

void Shipper::begin_drain() {
  state_->change([](Ledger& ledger, SteadyTime now) { ledger.begin_drain(now); });
}

bool Shipper::wait_until_stored(const Deadline& deadline) {
  return state_->wait_until_stored(deadline);
}

bool Shipper::wait_until_stored_or_failed(const Deadline& deadline) {
  return state_->wait_until_stored_or_failed(deadline);
}

Backlog Shipper::backlog() const {
  return state_->look([](const Ledger& ledger, SteadyTime now) { return ledger.backlog(now); });
}

std::optional<Stall> Shipper::stall() const {
  return state_->look([](const Ledger& ledger, SteadyTime now) { return ledger.stall(now); });
}

std::optional<ShippingFailure> Shipper::failure() const {
  return state_->look([](const Ledger& ledger, SteadyTime) { return ledger.failure(); });
}

ShipperTotals Shipper::totals() const {
  return state_->look([](const Ledger& ledger, SteadyTime) { return ledger.totals(); });
}

EventsAndLogs<Backlog> Shipper::backlogs() const {
  return state_->look([](const Ledger& ledger, SteadyTime now) { return ledger.backlogs(now); });
}

EventsAndLogs<ShipperTotals> Shipper::totals_by_kind() const {
  return state_->look([](const Ledger& ledger, SteadyTime) { return ledger.totals_by_kind(); });
}

}  // namespace rayhistory::collector
