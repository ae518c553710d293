#include "historyserver/state/session_state.h"

#include <algorithm>

namespace rayhistory::historyserver {
namespace {

constexpr std::array<std::string_view, kTaskStatuses> kStatusNames = {
    "NIL",
    "PENDING_ARGS_AVAIL",
    "PENDING_NODE_ASSIGNMENT",
    "PENDING_OBJ_STORE_MEM_AVAIL",
    "PENDING_ARGS_FETCH",
    "SUBMITTED_TO_WORKER",
    "PENDING_ACTOR_TASK_ARGS_FETCH",
    "PENDING_ACTOR_TASK_ORDERING_OR_CONCURRENCY",
    "GETTING_AND_PINNING_ARGS",
    "RUNNING",
    "RUNNING_IN_RAY_GET",
    "RUNNING_IN_RAY_WAIT",
    "FINISHED",
    "FAILED",
};

constexpr std::array<std::string_view, 5> kTypeNames = {"", "NORMAL_TASK", "ACTOR_CREATION_TASK",
                                                        "ACTOR_TASK", "DRIVER_TASK"};

template <typename Row>
const Row* find_row(const std::vector<Row>& rows, std::string_view Row::*id, std::string_view wanted) {
  const auto found = std::lower_bound(rows.begin(), rows.end(), wanted,
                                      [id](const Row& row, std::string_view key) { return row.*id < key; });
  return found != rows.end() && (*found).*id == wanted ? &*found : nullptr;
}

}  // namespace

std::string_view name_of(TaskStatus status) {
  return kStatusNames[static_cast<size_t>(status)];
}

std::optional<TaskStatus> parse_task_status(std::string_view name) {
  const auto found = std::find(kStatusNames.begin(), kStatusNames.end(), name);
  if (found == kStatusNames.end()) return std::nullopt;
  return static_cast<TaskStatus>(found - kStatusNames.begin());
}

std::string_view name_of(TaskType type) {
  return kTypeNames[static_cast<size_t>(type)];
}

TaskType parse_task_type(std::string_view name) {
  const auto found = std::find(kTypeNames.begin(), kTypeNames.end(), name);
  return found == kTypeNames.end() ? TaskType::unknown : static_cast<TaskType>(found - kTypeNames.begin());
}

uint64_t UnknownEvents::total() const {
  uint64_t total = of_other_types;
  for (const auto& [type, count] : of_type)
    total += count;
  return total;
}

std::vector<TaskAttempt>::const_iterator SessionState::find_task(std::string_view task_id) const {
  const auto found =
      std::lower_bound(attempts.begin(), attempts.end(), task_id,
                       [](const TaskAttempt& row, std::string_view key) { return row.task_id < key; });
  return found != attempts.end() && found->task_id == task_id ? found : attempts.end();
}

const Actor* SessionState::find_actor(std::string_view actor_id) const {
  return find_row(actors, &Actor::actor_id, actor_id);
}

const Node* SessionState::find_node(std::string_view node_id) const {
  return find_row(nodes, &Node::node_id, node_id);
}

}  // namespace rayhistory::historyserver
