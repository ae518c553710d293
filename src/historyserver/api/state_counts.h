// How many attempts are in each state.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "historyserver/state/session_state.h"

namespace rayhistory::historyserver {

class StateCounts {
 public:
  void add(TaskStatus status) { ++counts_[static_cast<size_t>(status)]; }
  void add(const StateCounts& other) {
    for (size_t i = 0; i < kTaskStatuses; ++i)
      counts_[i] += other.counts_[i];
  }
  uint32_t of(TaskStatus status) const { return counts_[static_cast<size_t>(status)]; }

  // {"FINISHED": 10}: without those that are none.
  void append(std::string& json) const;

 private:
  std::array<uint32_t, kTaskStatuses> counts_{};
};

// By what they are; what a summary is compared with, to say whether something is missing from it.
struct TaskTotals {
  size_t tasks = 0;
  size_t actor_tasks = 0;
  size_t actors_scheduled = 0;

  void add(TaskType type);
  size_t all() const { return tasks + actor_tasks + actors_scheduled; }
  // "total_tasks": 30, …
  void append_members(std::string& json) const;
};

}  // namespace rayhistory::historyserver
