#include "historyserver/api/runtime_env_table.h"

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "historyserver/api/state_table.h"

namespace rayhistory::historyserver {
namespace {

struct RuntimeEnvRow {
  std::string_view node_id;
  std::string_view serialized;
  bool success = false;
  std::string_view error;
};

constexpr std::string_view kSetupFailed = "RUNTIME_ENV_SETUP_FAILED";

constexpr auto kColumns = std::to_array<Column<RuntimeEnvRow>>({
    {.name = "runtime_env",
     .write = [](const RuntimeEnvRow& r, RowScratch& scratch,
                 std::string& json) { scratch.redactor.append_masked(json, r.serialized); }},
    {.name = "success",
     .filterable = true,
     .type = CellType::boolean,
     .cell = [](const RuntimeEnvRow& r) { return Cell{r.success}; }},
    {.name = "creation_time_ms", .cell = [](const RuntimeEnvRow&) { return Cell{}; }},
    {.name = "node_id", .filterable = true, .cell = [](const RuntimeEnvRow& r) { return Cell{r.node_id}; }},
    {.name = "ref_cnt", .detail = true, .cell = [](const RuntimeEnvRow&) { return Cell{}; }},
    {.name = "error",
     .detail = true,
     .filterable = true,
     .cell = [](const RuntimeEnvRow& r) { return known_text(r.error); }},
});

}  // namespace

Response list_runtime_envs(const SessionView& view, const Request& request) {
  // What went to a worker of a node found its environment there, unless it failed for want of it.
  std::map<std::pair<std::string_view, std::string_view>, RuntimeEnvRow> seen;
  const auto see = [&](std::string_view node_id, std::string_view serialized, std::string_view error) {
    if (node_id.empty() || serialized.empty() || serialized == "{}") return;
    RuntimeEnvRow& row = seen[{node_id, serialized}];
    row.node_id = node_id;
    row.serialized = serialized;
    if (error.empty()) {
      row.success = true;
    } else if (row.error.empty()) {
      row.error = error;
    }
  };
  for (const TaskAttempt& task : view.state.attempts) {
    const bool failed = task.status == TaskStatus::failed && task.error_type == kSetupFailed;
    const std::string_view error = task.error_message.empty() ? kSetupFailed : task.error_message;
    see(task.node_id, task.serialized_runtime_env, failed ? error : std::string_view());
  }
  for (const Actor& actor : view.state.actors)
    see(actor.node_id, actor.serialized_runtime_env, {});
  std::vector<RuntimeEnvRow> rows;
  rows.reserve(seen.size());
  for (auto& [key, row] : seen) {
    if (row.success) row.error = {};
    rows.push_back(row);
  }
  return list_rows(std::span<const Column<RuntimeEnvRow>>(kColumns), rows, request.query,
                   view.state.partial_failure);
}

}  // namespace rayhistory::historyserver
