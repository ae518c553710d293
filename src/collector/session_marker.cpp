#include "collector/session_marker.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace rayhistory::collector {
namespace {

// The store retries by itself; this bounds how often a refusal that it calls final is asked about again.
constexpr Nanoseconds kRefusedDelay = Seconds(60);

}  // namespace

SessionMarker::SessionMarker(Store& store)
    : store_(store), thread_([this](const std::stop_token& stop) { work(stop); }) {}

void SessionMarker::write(std::string key) {
  const std::lock_guard lock(mutex_);
  if (std::find(keys_.begin(), keys_.end(), key) == keys_.end()) keys_.push_back(std::move(key));
  changed_.notify_all();
}

bool SessionMarker::wait_until_written(const Deadline& deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_until(lock, deadline.stop(), deadline.time(), [this] { return keys_.empty(); });
}

void SessionMarker::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested() && changed_.wait(lock, stop, [this] { return !keys_.empty(); })) {
    const std::string key = keys_.front();
    lock.unlock();
    const Deadline deadline = Deadline::never(stop);
    Result<void> written = store_.ensure_bucket(deadline);
    if (written) {
      auto object = store_.put(key, MemoryBody({}), kTextContent, deadline);
      if (!object) written = std::move(object).error();
    }
    if (written) {
      log_info("session marker stored", {{"key", key}});
    } else if (written.error().kind != ErrorKind::cancelled) {
      log_error("session marker not stored: no History Server will show this session",
                {{"key", key}, {"error", written.error().message}});
      system_clock().sleep_for(kRefusedDelay, stop);
    }
    lock.lock();
    if (written) {
      keys_.pop_front();
      changed_.notify_all();
    }
  }
}

}  // namespace rayhistory::collector
