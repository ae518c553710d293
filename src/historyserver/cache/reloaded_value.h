// A value out of the store that many ask for and one loads: anew when it has become too old.
//
// Who asks first waits until it is loaded. Later the earlier value stays at hand: when a store is slow or
// away, it is given out after a short wait, because what is shown here has mostly ended and changes no more.
// A load that fails is never kept: the next who asks has it tried again, but not before a pause as long as
// the failed load itself, times the failures so far. So a load that is long and hopeless takes at most half
// of a thread.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "historyserver/cache/load_threads.h"

namespace rayhistory::historyserver {

struct ReloadLimits {
  // How old a value may be and still be given out at once. A page of the dashboard asks every 4 s.
  Nanoseconds freshness = Seconds(10);
  // One load, from its start.
  Nanoseconds load_time = Seconds(120);
  // How long who could have the earlier value waits for a newer one.
  Nanoseconds patience = Seconds(2);
  // After a failure, while there is an earlier value: so that a store that is away is not asked by everyone.
  Nanoseconds pause_after_failure = Seconds(10);
  // The limit of the pauses between failed loads while there is no earlier value.
  Nanoseconds longest_pause = Seconds(60);
  // Who waits beyond these is sent away: each holds one of the server's threads, and others need them.
  size_t waiters = 16;
};

// Any thread may call. Lives on while it is loaded.
template <typename T>
class ReloadedValue : public std::enable_shared_from_this<ReloadedValue<T>> {
 public:
  using Value = std::shared_ptr<const T>;
  // `before` is the earlier value, or null.
  using Load = std::function<Result<Value>(const Value& before, const Deadline& deadline)>;

  // `threads` and `clock` must outlive it. `name` is for an operator: "the list of sessions".
  // `group` shares the threads fairly with others (load_threads.h).
  ReloadedValue(std::string name, std::string group, Load load, ReloadLimits limits, LoadThreads& threads,
                const Clock& clock)
      : name_(std::move(name)),
        group_(std::move(group)),
        load_(std::move(load)),
        limits_(limits),
        threads_(threads),
        clock_(clock) {}

  // Not older than `freshness` where the store lets it. Errors are the load's; `cancelled` where it takes
  // longer than its limit.
  Result<Value> get(Nanoseconds freshness) {
    std::unique_lock lock(mutex_);
    const SteadyTime now = clock_.steady_now();
    const bool is_fresh = value_ && now - loaded_at_ <= freshness;
    const bool is_paused = value_ && failed_at_ && now - *failed_at_ <= limits_.pause_after_failure;
    if (is_fresh || is_paused) return value_;
    if (!value_ && failed_at_ && now - *failed_at_ < pause_) return *error_;
    if (waiters_ >= limits_.waiters || !threads_.begin_wait()) {
      if (value_) return value_;
      return Error{ErrorKind::cancelled, name_ + " is being loaded, and many wait for it already; ask again"};
    }
    if (!is_loading_) begin_load();
    const uint64_t round = round_;
    // A load may wait for a thread, and ends itself: it is given the same time twice.
    const Nanoseconds wait = value_ ? limits_.patience : 2 * limits_.load_time;
    ++waiters_;
    loaded_.wait_for(lock, wait, [&] { return round_ != round || !is_loading_; });
    --waiters_;
    threads_.end_wait();
    if (value_) return value_;
    if (error_) return *error_;
    return Error{ErrorKind::cancelled, name_ + " is still being loaded; ask again"};
  }
  Result<Value> get() { return get(limits_.freshness); }

  // What is at hand, however old; null where nothing is. Does not wait.
  Value at_hand() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  // When the load of what is at hand began; nothing where nothing is.
  std::optional<SteadyTime> loaded_at() const {
    const std::lock_guard lock(mutex_);
    return value_ ? std::optional(loaded_at_) : std::nullopt;
  }
  bool is_loading() const {
    const std::lock_guard lock(mutex_);
    return is_loading_;
  }

 private:
  // With the lock.
  void begin_load() {
    is_loading_ = true;
    ++round_;
    threads_.run(group_,
                 [self = this->shared_from_this()](const std::stop_token& stop) { self->load(stop); });
  }

  void load(const std::stop_token& stop) {
    const Value before = at_hand();
    const SteadyTime began = clock_.steady_now();
    Result<Value> loaded = load_(before, Deadline::after(clock_, limits_.load_time, stop));
    // Who waits for the first value is told the error.
    if (!loaded && before) log_warning("not loaded", {{"what", name_}, {"error", loaded.error().message}});
    {
      const std::lock_guard lock(mutex_);
      is_loading_ = false;
      if (loaded) {
        value_ = *std::move(loaded);
        loaded_at_ = began;
        failed_at_.reset();
        error_.reset();
        failures_ = 0;
      } else {
        failed_at_ = clock_.steady_now();
        error_ = std::move(loaded).error();
        ++failures_;
        pause_ = std::min<Nanoseconds>((*failed_at_ - began) * failures_, limits_.longest_pause);
      }
    }
    loaded_.notify_all();
  }

  const std::string name_;
  const std::string group_;
  const Load load_;
  const ReloadLimits limits_;
  LoadThreads& threads_;
  const Clock& clock_;

  mutable std::mutex mutex_;  // held over no load
  std::condition_variable loaded_;
  Value value_;
  SteadyTime loaded_at_;
  std::optional<Error> error_;  // of the last load
  std::optional<SteadyTime> failed_at_;
  int64_t failures_ = 0;  // since the last load that went well
  Nanoseconds pause_{};   // after the last of them
  size_t waiters_ = 0;
  bool is_loading_ = false;
  uint64_t round_ = 0;
};

}  // namespace rayhistory::historyserver
