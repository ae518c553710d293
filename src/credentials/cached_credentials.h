// What an Issuer handed out, kept until it has to be renewed: once for all threads, ahead of its expiry, and
// through an outage of the issuer for as long as what is kept is good.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "credentials/credentials_source.h"

namespace rayhistory {

// Renewal begins when this much of the lifetime is over: with the usual hour, a quarter of an hour is left to
// sit out an outage of the issuer.
inline constexpr double kRenewAfterShareOfLifetime = 0.75;
// An issuer is asked ahead of expiry at most this often, so that one which is away, or which (as Google's
// metadata server does) repeats what it issued until it is nearly over, is not asked with each request.
inline constexpr Nanoseconds kRenewalPace = Seconds(30);

template <typename Credentials>
class CachedCredentials final : public CredentialsSource<Credentials> {
 public:
  // `clock` must outlive it.
  CachedCredentials(std::unique_ptr<Issuer<Credentials>> issuer, const Clock& clock)
      : issuer_(std::move(issuer)), clock_(clock) {}

  Result<Credentials> get(const Deadline& deadline) override {
    std::unique_lock lock(mutex_);
    for (;;) {
      const SteadyTime now = clock_.steady_now();
      if (kept_ && now < expires_ && (asking_ || now < renew_)) return *kept_;
      if (!asking_) return renew(lock, deadline);
      const Nanoseconds wait = deadline.remaining(now, kLongestWait);
      if (wait == Nanoseconds::zero())
        return Error{ErrorKind::cancelled, "waiting for credentials from " + issuer_->origin()};
      renewed_.wait_for(lock, deadline.stop(), wait, [this] { return !asking_; });
    }
  }

  void invalidate(const Credentials& refused) override {
    const std::lock_guard lock(mutex_);
    if (kept_ && *kept_ == refused) kept_.reset();
  }

  std::string origin() const override { return issuer_->origin(); }

 private:
  // A wait is cut into these, so that a deadline far ahead needs no arithmetic of its own.
  static constexpr Nanoseconds kLongestWait = Seconds(60);

  Result<Credentials> renew(std::unique_lock<std::mutex>& lock, const Deadline& deadline) {
    asking_ = true;
    lock.unlock();
    Result<Issued<Credentials>> issued = issuer_->issue(deadline);
    lock.lock();
    asking_ = false;
    renewed_.notify_all();
    const SteadyTime now = clock_.steady_now();
    if (issued) {
      keep(*std::move(issued), now);
      return *kept_;
    }
    if (!kept_ || now >= expires_) return std::move(issued).error();
    renew_ = now + kRenewalPace;
    return *kept_;
  }

  void keep(Issued<Credentials> issued, SteadyTime now) {
    kept_ = std::move(issued.credentials);
    expires_ = renew_ = SteadyTime::max();
    if (!issued.expires_unix_nanoseconds) return;
    // Counted in steady time from here on: a wall clock that is set later neither ends nor prolongs it. What
    // seems over already is, by a clock that is wrong, new all the same: a store's refusal will tell.
    const Nanoseconds left = std::max<Nanoseconds>(
        Nanoseconds(*issued.expires_unix_nanoseconds - clock_.unix_nanoseconds()), kRenewalPace);
    expires_ = now + left;
    renew_ =
        now + std::max<Nanoseconds>(
                  std::chrono::duration_cast<Nanoseconds>(left * kRenewAfterShareOfLifetime), kRenewalPace);
  }

  const std::unique_ptr<Issuer<Credentials>> issuer_;
  const Clock& clock_;

  std::mutex mutex_;
  std::condition_variable_any renewed_;
  bool asking_ = false;  // one thread is, without the lock
  std::optional<Credentials> kept_;
  SteadyTime renew_;
  SteadyTime expires_;
};

}  // namespace rayhistory
