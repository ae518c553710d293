// Writes a session's marker: the empty object that makes the session visible to a History Server. The head's
// collector writes it when the session begins and again at shutdown (KubeRay does the same).
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "store/store.h"

namespace rayhistory::collector {

// Any thread may call; the store is waited for on a thread of its own.
class SessionMarker {
 public:
  explicit SessionMarker(Store& store);

  void write(std::string key);
  // False at the deadline.
  bool wait_until_written(const Deadline& deadline);

 private:
  void work(const std::stop_token& stop);

  Store& store_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  // One for each session that began while the store was away.
  std::deque<std::string> keys_;
  std::jthread thread_;
};

}  // namespace rayhistory::collector
