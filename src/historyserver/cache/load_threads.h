// A few threads that load what is asked for, however many wait for it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace rayhistory {

class LoadThreads {
 public:
  using Work = std::function<void(const std::stop_token& stop)>;

  explicit LoadThreads(size_t threads);
  // Stops, and waits until all is ended.
  ~LoadThreads();
  LoadThreads(const LoadThreads&) = delete;
  LoadThreads& operator=(const LoadThreads&) = delete;

  // First come, first served. There is at most one waiting for each value that is loaded (reloaded_value.h).
  void run(Work work);
  // Asks what runs, and what is still to run, to stop: it ends at once, and tells who waits for it.
  void stop();

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_stopping_ = false;
  std::stop_source stop_;
  std::deque<Work> waiting_;
  std::vector<std::jthread> threads_;  // end first
};

}  // namespace rayhistory
