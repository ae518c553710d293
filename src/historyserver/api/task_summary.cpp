#include "historyserver/api/task_summary.h"

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json_text.h"
#include "historyserver/api/json_value.h"
#include "historyserver/api/state_counts.h"
#include "historyserver/api/state_table.h"
#include "historyserver/api/task_lineage.h"
#include "historyserver/api/task_table.h"

namespace rayhistory::historyserver {
namespace {

struct NamedTasks {
  std::string_view name;
  TaskType type = TaskType::unknown;
  StateCounts states;
};

std::string summary_by_name(const std::vector<const TaskAttempt*>& attempts, TaskTotals& totals) {
  std::vector<NamedTasks> names;  // as they come
  std::unordered_map<std::string_view, size_t> index_of;
  for (const TaskAttempt* task : attempts) {
    const std::string_view name = task->name.empty() ? task->func_or_class_name : task->name;
    const auto [found, is_new] = index_of.try_emplace(name, names.size());
    if (is_new) names.push_back({name, task->type, {}});
    names[found->second].states.add(task->status);
    totals.add(task->type);
  }
  std::string json = "{";
  Comma comma;
  for (const NamedTasks& each : names) {
    append_key(json, comma, each.name);
    json += R"({"func_or_class_name": )";
    append_json_string(json, each.name);
    json += R"(, "type": )";
    append_text_or_null(json, name_of(each.type));
    json += R"(, "state_counts": )";
    each.states.append(json);
    json += '}';
  }
  json += '}';
  return json;
}

}  // namespace

Response summarize_tasks(const SessionView& view, const Request& request) {
  const std::string_view by = request.query.get("summary_by").value_or("func_name");
  const bool lineage = by == "lineage";
  if (!lineage && !by.empty() && by != "func_name" && by != "task_name") {
    return state_error(
        {ErrorKind::invalid, R"(summary_by must be one of "func_name", "task_name", or "lineage".)"});
  }
  const auto filters = parse_filters(request.query);
  if (!filters) return state_error(filters.error());
  const auto tasks = select_tasks(view.state, *filters, /*exclude_driver=*/true);
  if (!tasks) return state_error(tasks.error());

  TaskTotals totals;
  std::vector<std::string> warnings;
  const std::string summary = lineage ? lineage_json(tasks->attempts, view.state, totals, warnings)
                                      : summary_by_name(tasks->attempts, totals);
  if (totals.all() < tasks->attempts.size()) {
    warnings.emplace_back(
        "There is missing data in this aggregation. Possibly due to task data being "
        "evicted to preserve memory.");
  }
  std::string result = R"({"node_id_to_summary": {"cluster": {"summary": )" + summary + ", ";
  totals.append_members(result);
  result += lineage ? R"(, "summary_by": "lineage"}}})" : R"(, "summary_by": "func_name"}}})";
  return list_answer({.total = tasks->total, .filtered = tasks->attempts.size()}, result,
                     view.state.partial_failure, warnings);
}

}  // namespace rayhistory::historyserver
