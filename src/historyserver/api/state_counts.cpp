#include "historyserver/api/state_counts.h"

#include <iterator>

#include <fmt/format.h>

#include "historyserver/api/json_value.h"

namespace rayhistory::historyserver {

void StateCounts::append(std::string& json) const {
  Comma comma;
  json += '{';
  for (size_t i = 0; i < kTaskStatuses; ++i) {
    if (counts_[i] == 0) continue;
    append_key(json, comma, name_of(static_cast<TaskStatus>(i)));
    fmt::format_to(std::back_inserter(json), "{}", counts_[i]);
  }
  json += '}';
}

void TaskTotals::add(TaskType type) {
  switch (type) {
    case TaskType::normal_task:
      ++tasks;
      return;
    case TaskType::actor_task:
      ++actor_tasks;
      return;
    case TaskType::actor_creation_task:
      ++actors_scheduled;
      return;
    case TaskType::driver_task:
    case TaskType::unknown:
      return;
  }
}

void TaskTotals::append_members(std::string& json) const {
  fmt::format_to(std::back_inserter(json),
                 R"("total_tasks": {}, "total_actor_tasks": {}, "total_actor_scheduled": {})", tasks,
                 actor_tasks, actors_scheduled);
}

}  // namespace rayhistory::historyserver
