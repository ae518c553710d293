#include "historyserver/cache/load_threads.h"

#include <utility>

namespace rayhistory {

LoadThreads::LoadThreads(size_t threads) {
  for (size_t i = 0; i < threads; ++i)
    threads_.emplace_back([this] { work(); });
}

LoadThreads::~LoadThreads() {
  stop();
}

void LoadThreads::run(Work work) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(work));
  }
  changed_.notify_one();
}

void LoadThreads::stop() {
  stop_.request_stop();
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
}

void LoadThreads::work() {
  while (true) {
    Work next;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
      if (waiting_.empty()) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    next(stop_.get_token());
  }
}

}  // namespace rayhistory
