// A few threads that load what is asked for, however many wait for it. Shared fairly: the groups that have
// something to load take turns, and none of them has all threads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace rayhistory::historyserver {

class LoadThreads {
 public:
  using Work = std::function<void(const std::stop_token& stop)>;

  // `waiters`: so many may wait for what is loaded, over all values. Each of them holds one of the server's
  // threads, of which some are to stay free for what needs no load.
  explicit LoadThreads(size_t threads, size_t waiters = 48);
  // Stops, and waits until all is ended.
  ~LoadThreads();
  LoadThreads(const LoadThreads&) = delete;
  LoadThreads& operator=(const LoadThreads&) = delete;

  // Within a group first come, first served. There is at most one waiting for each value that is loaded
  // (reloaded_value.h).
  void run(const std::string& group, Work work);
  // Whether one more may wait; end_wait() when it does not any more.
  bool begin_wait();
  void end_wait();
  // Asks what runs, and what is still to run, to stop: it ends at once, and tells who waits for it.
  void stop();

 private:
  struct Group {
    std::deque<Work> waiting;
    size_t running = 0;
  };

  void work();
  // With the lock. The group whose turn it is, and that may run one more; the end where there is none.
  std::map<std::string, Group>::iterator next_group();

  const size_t most_of_group_;
  const size_t most_waiters_;
  std::atomic<size_t> waiters_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_stopping_ = false;
  std::stop_source stop_;
  std::map<std::string, Group> groups_;  // those that wait or run
  std::string last_group_;               // the one that had its turn
  std::vector<std::jthread> threads_;    // end first
};

}  // namespace rayhistory::historyserver
