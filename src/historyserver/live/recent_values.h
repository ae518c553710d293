// What somebody else was asked lately, by key: asked once for all who want to know at the same time, and kept
// for some seconds, also where nothing came of it.
//
// Who asks waits for the answer; but where there is a former one that is not too old, only the first who
// finds it stale does, so that an API server or a head that hangs costs one thread and not all.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"

namespace rayhistory::historyserver {

struct RecentValuesLimits {
  size_t keys = 1024;
  Nanoseconds freshness{};  // given out without asking
  Nanoseconds usable{};     // given out while somebody asks anew
};

// Any thread.
template <typename T>
class RecentValues {
 public:
  // `clock` must outlive it.
  RecentValues(RecentValuesLimits limits, const Clock& clock) : limits_(limits), clock_(clock) {}

  // `ask` is given the former value, where there is one, however old.
  T get(const std::string& key, const std::function<T(const std::optional<T>& former)>& ask) {
    std::unique_lock lock(mutex_);
    while (true) {
      if (const std::optional<T> value = at_hand(key)) return *value;
      if (!is_asked(key)) break;
      asked_.wait(lock);
    }
    make_room();
    Entry& entry = entries_[key];  // stays where it is: nobody removes what is being asked
    entry.is_asked = true;
    const std::optional<T> former = entry.value;
    const SteadyTime began = clock_.steady_now();
    lock.unlock();
    std::optional<T> value;
    try {
      value = ask(former);
    } catch (...) {  // no memory: whoever waits asks instead
      lock.lock();
      entry.is_asked = false;
      asked_.notify_all();
      throw;
    }
    lock.lock();
    entry.value = value;
    entry.asked_at = began;
    entry.is_asked = false;
    asked_.notify_all();
    return *std::move(value);
  }

 private:
  struct Entry {
    std::optional<T> value;
    SteadyTime asked_at;
    bool is_asked = false;  // at this moment
  };

  // All with the lock.
  bool is_asked(const std::string& key) const {
    const auto found = entries_.find(key);
    return found != entries_.end() && found->second.is_asked;
  }
  std::optional<T> at_hand(const std::string& key) const {
    const auto found = entries_.find(key);
    if (found == entries_.end() || !found->second.value) return std::nullopt;
    const Nanoseconds age = clock_.steady_now() - found->second.asked_at;
    const bool is_usable = age <= limits_.freshness || (found->second.is_asked && age <= limits_.usable);
    return is_usable ? found->second.value : std::nullopt;
  }
  void make_room() {
    if (entries_.size() < limits_.keys) return;
    const SteadyTime now = clock_.steady_now();
    std::erase_if(entries_, [&](const auto& entry) {
      return !entry.second.is_asked && now - entry.second.asked_at > limits_.freshness;
    });
    if (entries_.size() >= limits_.keys)
      std::erase_if(entries_, [](const auto& entry) { return !entry.second.is_asked; });
  }

  const RecentValuesLimits limits_;
  const Clock& clock_;
  std::mutex mutex_;  // held over no question
  std::condition_variable asked_;
  std::map<std::string, Entry> entries_;
};

}  // namespace rayhistory::historyserver
