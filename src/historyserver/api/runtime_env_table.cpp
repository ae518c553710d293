#include "historyserver/api/runtime_env_table.h"

#include <array>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "historyserver/api/state_table.h"

namespace rayhistory {
namespace {

using Redactor = RuntimeEnvRedactor;

struct RuntimeEnvRow {
  std::string_view node_id;
  std::string_view serialized;
};

constexpr auto kColumns = std::to_array<Column<RuntimeEnvRow>>({
    {.name = "runtime_env",
     .write = [](const RuntimeEnvRow& r, Redactor& redactor,
                 std::string& json) { redactor.append_masked(json, r.serialized); }},
    {.name = "success",
     .filterable = true,
     .type = CellType::boolean,
     .cell = [](const RuntimeEnvRow&) { return Cell{}; }},
    {.name = "creation_time_ms", .cell = [](const RuntimeEnvRow&) { return Cell{}; }},
    {.name = "node_id", .filterable = true, .cell = [](const RuntimeEnvRow& r) { return Cell{r.node_id}; }},
    {.name = "ref_cnt", .detail = true, .cell = [](const RuntimeEnvRow&) { return Cell{}; }},
    {.name = "error",
     .detail = true,
     .filterable = true,
     .cell = [](const RuntimeEnvRow&) { return Cell{}; }},
});

}  // namespace

Response list_runtime_envs(const SessionView& view, const Request& request) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  const auto see = [&](std::string_view node_id, std::string_view serialized) {
    if (!node_id.empty() && !serialized.empty() && serialized != "{}") seen.emplace(node_id, serialized);
  };
  for (const TaskAttempt& task : view.state.attempts)
    see(task.node_id, task.serialized_runtime_env);
  for (const Actor& actor : view.state.actors)
    see(actor.node_id, actor.serialized_runtime_env);
  std::vector<RuntimeEnvRow> rows;
  rows.reserve(seen.size());
  for (const auto& [node_id, serialized] : seen)
    rows.push_back({node_id, serialized});
  return list_rows(std::span<const Column<RuntimeEnvRow>>(kColumns), rows, request.query);
}

}  // namespace rayhistory
