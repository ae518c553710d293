#include "historyserver/state/session_state.h"

#include <algorithm>

#include "base/check.h"

namespace rayhistory {
namespace {

struct StatusName {
  TaskStatus status;
  std::string_view name;
};
constexpr StatusName kStatusNames[] = {
    {TaskStatus::nil, "NIL"},
    {TaskStatus::pending_args_avail, "PENDING_ARGS_AVAIL"},
    {TaskStatus::pending_node_assignment, "PENDING_NODE_ASSIGNMENT"},
    {TaskStatus::pending_obj_store_mem_avail, "PENDING_OBJ_STORE_MEM_AVAIL"},
    {TaskStatus::pending_args_fetch, "PENDING_ARGS_FETCH"},
    {TaskStatus::submitted_to_worker, "SUBMITTED_TO_WORKER"},
    {TaskStatus::pending_actor_task_args_fetch, "PENDING_ACTOR_TASK_ARGS_FETCH"},
    {TaskStatus::pending_actor_task_ordering_or_concurrency, "PENDING_ACTOR_TASK_ORDERING_OR_CONCURRENCY"},
    {TaskStatus::getting_and_pinning_args, "GETTING_AND_PINNING_ARGS"},
    {TaskStatus::running, "RUNNING"},
    {TaskStatus::running_in_ray_get, "RUNNING_IN_RAY_GET"},
    {TaskStatus::running_in_ray_wait, "RUNNING_IN_RAY_WAIT"},
    {TaskStatus::finished, "FINISHED"},
    {TaskStatus::failed, "FAILED"},
};
static_assert(std::size(kStatusNames) == kTaskStatuses);

// The element of `rows`, sorted by `id`, whose ID it is; rows.end() where there is none.
template <typename Row>
auto find_by(const std::vector<Row>& rows, std::string_view Row::*id, std::string_view wanted) {
  const auto found = std::lower_bound(rows.begin(), rows.end(), wanted,
                                      [&](const Row& row, std::string_view text) { return row.*id < text; });
  return found != rows.end() && (*found).*id == wanted ? found : rows.end();
}

}  // namespace

std::string_view name_of(TaskStatus status) {
  return kStatusNames[static_cast<size_t>(status)].name;
}

std::optional<TaskStatus> parse_task_status(std::string_view name) {
  for (const StatusName& known : kStatusNames)
    if (known.name == name) return known.status;
  return std::nullopt;
}

std::string_view name_of(TaskType type) {
  switch (type) {
    case TaskType::unknown:
      return "";
    case TaskType::normal_task:
      return "NORMAL_TASK";
    case TaskType::actor_creation_task:
      return "ACTOR_CREATION_TASK";
    case TaskType::actor_task:
      return "ACTOR_TASK";
    case TaskType::driver_task:
      return "DRIVER_TASK";
  }
  UNREACHABLE("a TaskType out of range");
}

std::vector<TaskAttempt>::const_iterator SessionState::find_task(std::string_view task_id) const {
  return find_by(attempts, &TaskAttempt::task_id, task_id);
}

const Actor* SessionState::find_actor(std::string_view actor_id) const {
  const auto found = find_by(actors, &Actor::actor_id, actor_id);
  return found == actors.end() ? nullptr : &*found;
}

const Node* SessionState::find_node(std::string_view node_id) const {
  const auto found = find_by(nodes, &Node::node_id, node_id);
  return found == nodes.end() ? nullptr : &*found;
}

}  // namespace rayhistory
