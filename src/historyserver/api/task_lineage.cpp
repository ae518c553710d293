#include "historyserver/api/task_lineage.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <limits>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"
#include "historyserver/api/json_value.h"

namespace rayhistory::historyserver {
namespace {

// How the IDs of drivers' own tasks begin: whoever has such a parent is a root.
constexpr std::string_view kDriverTaskPrefix = "ffffffffffffffffffffffffffffffffffffffff";

using BranchIndex = uint32_t;
constexpr BranchIndex kNone = std::numeric_limits<BranchIndex>::max();

struct Branch {
  enum class Kind { task, actor, group };

  Kind kind = Kind::group;
  std::string_view name;
  std::string_view id = {};  // of the task or the actor
  TaskType type = TaskType::unknown;
  std::string_view parent_task_id = {};  // of an actor: its creation task's
  int64_t milliseconds = 0;              // 0: unknown
  bool planted = false;                  // has its place, or is known to have none
  StateCounts states = {};
  std::vector<BranchIndex> children = {};
};

int64_t creation_milliseconds(const TaskAttempt& task) {
  return task.time_of(TaskStatus::pending_args_avail) / 1'000'000;
}

int64_t or_last(int64_t milliseconds) {
  return milliseconds == 0 ? std::numeric_limits<int64_t>::max() : milliseconds;
}

bool belongs_to_actor(const Branch& branch) {
  return branch.type == TaskType::actor_task || branch.type == TaskType::actor_creation_task;
}

class LineageTree {
 public:
  LineageTree(const std::vector<const TaskAttempt*>& attempts, const SessionState& state) {
    for (const TaskAttempt* task : attempts) {
      if (branch_of_task_.contains(task->task_id)) continue;
      branch_of_task_.emplace(task->task_id, add_task(*task));
      if (task->type == TaskType::actor_creation_task)
        branch_of_actor_.try_emplace(task->actor_id, add_actor(*task, state));
    }
    for (const TaskAttempt* task : attempts) {
      const BranchIndex branch = branch_of_task_.at(task->task_id);
      branches_[branch].states.add(task->status);
      plant(branch, *task);
    }
    cut(roots_, 1);
    group(roots_);
    total(roots_);
  }

  bool is_cut() const { return is_cut_; }

  void append(std::string& json) const { append(json, roots_); }

 private:
  BranchIndex add_task(const TaskAttempt& task) {
    Branch branch{.kind = Branch::Kind::task,
                  .name = task.name.empty() ? task.func_or_class_name : task.name,
                  .id = task.task_id,
                  .type = task.type,
                  .parent_task_id = task.parent_task_id,
                  .milliseconds = creation_milliseconds(task),
                  .states = {}};
    branches_.push_back(std::move(branch));
    actor_of_.push_back(task.actor_id);
    return static_cast<BranchIndex>(branches_.size() - 1);
  }

  BranchIndex add_actor(const TaskAttempt& creation, const SessionState& state) {
    std::string_view name = creation.func_or_class_name.substr(0, creation.func_or_class_name.find('.'));
    if (const Actor* actor = state.find_actor(creation.actor_id))
      name = actor->repr_name.empty() ? actor->class_name : actor->repr_name;
    Branch branch{.kind = Branch::Kind::actor,
                  .name = name,
                  .id = creation.actor_id,
                  .parent_task_id = creation.parent_task_id,
                  .states = {}};
    branches_.push_back(std::move(branch));
    actor_of_.emplace_back();
    return static_cast<BranchIndex>(branches_.size() - 1);
  }

  // Gives `branch` and those above it their places, up to one that has its own. Siblings are in the order in
  // which tasks lead to them.
  void plant(BranchIndex branch, const TaskAttempt& led_by) {
    while (branch != kNone && !branches_[branch].planted) {
      Branch& planted = branches_[branch];
      planted.planted = true;
      // An actor's time is at first that of the task that led to it, as in Ray.
      if (planted.kind == Branch::Kind::actor) planted.milliseconds = creation_milliseconds(led_by);
      BranchIndex parent = kNone;
      if (belongs_to_actor(planted)) {
        if (const auto actor = branch_of_actor_.find(actor_of_[branch]); actor != branch_of_actor_.end())
          parent = actor->second;
      } else if (planted.parent_task_id.empty() || planted.parent_task_id.starts_with(kDriverTaskPrefix)) {
        roots_.push_back(branch);
      } else if (const auto task = branch_of_task_.find(planted.parent_task_id);
                 task != branch_of_task_.end()) {
        parent = task->second;
      }
      if (parent != kNone) branches_[parent].children.push_back(branch);
      branch = parent;
    }
  }

  // From here on no chain is longer than kLineageGenerations, and what recurses has a bottom. Generations of
  // tasks alone count: groups come between them, and an actor is one.
  void cut(const std::vector<BranchIndex>& siblings, size_t generation) {
    for (const BranchIndex each : siblings) {
      if (generation < kLineageGenerations) {
        cut(branches_[each].children, generation + 1);
      } else if (!branches_[each].children.empty()) {
        branches_[each].children.clear();
        is_cut_ = true;
      }
    }
  }

  // Siblings of one name come under a group, where there are several. Gives the earliest time among them.
  int64_t group(std::vector<BranchIndex>& siblings) {
    std::vector<std::pair<std::string_view, std::vector<BranchIndex>>> names;  // as they come
    std::unordered_map<std::string_view, size_t> index_of;
    int64_t earliest = 0;
    for (const BranchIndex each : siblings) {
      // Taken out meanwhile: groups below make branches_ grow.
      std::vector<BranchIndex> children = std::move(branches_[each].children);
      const int64_t below = group(children);
      Branch& branch = branches_[each];
      branch.children = std::move(children);
      if (below != 0 && below < or_last(branch.milliseconds)) branch.milliseconds = below;
      if (branch.milliseconds != 0) earliest = std::min(or_last(earliest), branch.milliseconds);
      const auto [name, is_new] = index_of.try_emplace(branch.name, names.size());
      if (is_new) names.emplace_back(branch.name, std::vector<BranchIndex>{});
      names[name->second].second.push_back(each);
    }
    siblings.clear();
    for (auto& [name, members] : names) {
      if (members.size() == 1) {
        siblings.push_back(members.front());
        continue;
      }
      Branch together{.kind = Branch::Kind::group, .name = name, .states = {}};
      for (const BranchIndex member : members) {
        if (branches_[member].milliseconds != 0)
          together.milliseconds = std::min(or_last(together.milliseconds), branches_[member].milliseconds);
      }
      together.children = std::move(members);
      siblings.push_back(static_cast<BranchIndex>(branches_.size()));
      branches_.push_back(std::move(together));
    }
    return earliest;
  }

  // Adds what is below to each, and sorts: what runs, what waits, what failed, what is old.
  void total(std::vector<BranchIndex>& siblings) {
    for (const BranchIndex each : siblings) {
      Branch& branch = branches_[each];
      total(branch.children);
      for (const BranchIndex child : branch.children)
        branch.states.add(branches_[child].states);
    }
    std::stable_sort(siblings.begin(), siblings.end(), [this](BranchIndex a, BranchIndex b) {
      return rank(branches_[a]) < rank(branches_[b]);
    });
  }

  static std::tuple<int64_t, int64_t, int64_t, int64_t, bool> rank(const Branch& branch) {
    const auto count = [&](TaskStatus status) { return static_cast<int64_t>(branch.states.of(status)); };
    const int64_t running = count(TaskStatus::running) + count(TaskStatus::running_in_ray_get) +
                            count(TaskStatus::running_in_ray_wait);
    const int64_t pending =
        count(TaskStatus::pending_args_avail) + count(TaskStatus::pending_node_assignment) +
        count(TaskStatus::pending_obj_store_mem_avail) + count(TaskStatus::pending_args_fetch);
    return {-running, -pending, -count(TaskStatus::failed), or_last(branch.milliseconds),
            branch.type != TaskType::actor_creation_task};
  }

  void append(std::string& json, const std::vector<BranchIndex>& siblings) const {
    Comma comma;
    json += '[';
    for (const BranchIndex each : siblings) {
      comma.next(json);
      append(json, branches_[each]);
    }
    json += ']';
  }

  void append(std::string& json, const Branch& branch) const {
    json += R"({"name": )";
    append_json_string(json, branch.name);
    json += R"(, "key": )";
    switch (branch.kind) {
      case Branch::Kind::task:
        append_json_string(json, branch.id);
        json += R"(, "type": )";
        append_text_or_null(json, name_of(branch.type));
        break;
      case Branch::Kind::actor:
        append_json_string(json, "actor:" + std::string(branch.id));
        json += R"(, "type": "ACTOR")";
        break;
      case Branch::Kind::group:
        append_json_string(json, branch.name);
        json += R"(, "type": "GROUP")";
        break;
    }
    json += R"(, "timestamp": )";
    if (branch.milliseconds == 0) {
      json += "null";
    } else {
      fmt::format_to(std::back_inserter(json), "{}", branch.milliseconds);
    }
    json += R"(, "state_counts": )";
    branch.states.append(json);
    json += R"(, "children": )";
    append(json, branch.children);
    json += R"(, "link": )";
    if (branch.kind == Branch::Kind::group) {
      json += "null}";
      return;
    }
    json += branch.kind == Branch::Kind::task ? R"({"type": "task", "id": )" : R"({"type": "actor", "id": )";
    append_json_string(json, branch.id);
    json += "}}";
  }

  std::vector<Branch> branches_;
  std::vector<std::string_view> actor_of_;  // beside branches_, until groups come
  std::unordered_map<std::string_view, BranchIndex> branch_of_task_;
  std::unordered_map<std::string_view, BranchIndex> branch_of_actor_;
  std::vector<BranchIndex> roots_;
  bool is_cut_ = false;
};

}  // namespace

std::string lineage_json(std::vector<const TaskAttempt*> attempts, const SessionState& state,
                         TaskTotals& totals, std::vector<std::string>& warnings) {
  if (attempts.size() > kLineageAttempts) {
    warnings.push_back(fmt::format("Of {} task attempts, the first {} by ID are shown: filter by job_id.",
                                   attempts.size(), kLineageAttempts));
    attempts.resize(kLineageAttempts);
  }
  for (const TaskAttempt* task : attempts)
    totals.add(task->type);
  const LineageTree tree(attempts, state);
  if (tree.is_cut()) {
    warnings.push_back(
        fmt::format("Tasks more than {} generations below the driver are left out.", kLineageGenerations));
  }
  std::string json;
  tree.append(json);
  return json;
}

}  // namespace rayhistory::historyserver
