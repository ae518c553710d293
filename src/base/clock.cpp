#include "base/clock.h"

#include <condition_variable>
#include <mutex>

namespace rayhistory {
namespace {

class SystemClock final : public Clock {
 public:
  SteadyTime steady_now() const override { return std::chrono::steady_clock::now(); }

  int64_t unix_nanoseconds() const override {
    return std::chrono::duration_cast<Nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  bool sleep_for(Nanoseconds duration, const std::stop_token& stop) const override {
    std::mutex mutex;
    std::condition_variable_any woken;
    std::unique_lock lock(mutex);
    woken.wait_for(lock, stop, duration, [] { return false; });
    return !stop.stop_requested();
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace rayhistory
