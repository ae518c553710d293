#include "historyserver/cache/load_threads.h"

#include <algorithm>
#include <utility>

namespace rayhistory::historyserver {

LoadThreads::LoadThreads(size_t threads, size_t waiters)
    : most_of_group_(std::max<size_t>(threads, 2) - 1), most_waiters_(waiters) {
  for (size_t i = 0; i < threads; ++i)
    threads_.emplace_back([this] { work(); });
}

LoadThreads::~LoadThreads() {
  stop();
}

void LoadThreads::run(const std::string& group, Work work) {
  {
    const std::lock_guard lock(mutex_);
    groups_[group].waiting.push_back(std::move(work));
  }
  changed_.notify_one();
}

bool LoadThreads::begin_wait() {
  if (++waiters_ <= most_waiters_) return true;
  --waiters_;
  return false;
}

void LoadThreads::end_wait() {
  --waiters_;
}

void LoadThreads::stop() {
  stop_.request_stop();
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
}

std::map<std::string, LoadThreads::Group>::iterator LoadThreads::next_group() {
  const auto is_ready = [this](const auto& each) {
    // Stopping, each ends at once.
    return !each.second.waiting.empty() && (is_stopping_ || each.second.running < most_of_group_);
  };
  const auto behind_last = groups_.upper_bound(last_group_);
  const auto found = std::find_if(behind_last, groups_.end(), is_ready);
  if (found != groups_.end()) return found;
  const auto before = std::find_if(groups_.begin(), behind_last, is_ready);
  return before == behind_last ? groups_.end() : before;
}

void LoadThreads::work() {
  while (true) {
    std::unique_lock lock(mutex_);
    auto group = groups_.end();
    changed_.wait(lock, [&] {
      group = next_group();
      return is_stopping_ || group != groups_.end();
    });
    if (group == groups_.end()) return;
    last_group_ = group->first;
    const Work next = std::move(group->second.waiting.front());
    group->second.waiting.pop_front();
    ++group->second.running;
    lock.unlock();
    next(stop_.get_token());
    lock.lock();
    // A group stays as long as it runs something.
    if (--group->second.running == 0 && group->second.waiting.empty()) groups_.erase(group);
    lock.unlock();
    changed_.notify_one();
  }
}

}  // namespace rayhistory::historyserver
