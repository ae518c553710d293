#include "historyserver/api/actor_table.h"

#include <array>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "historyserver/api/session_end.h"
#include "historyserver/api/state_table.h"

namespace rayhistory::historyserver {
namespace {

// Ray writes its 64-bit counts as strings.
void append_count(std::string& json, uint32_t count) {
  append_json_string(json, std::to_string(count));
}

constexpr auto kColumns = std::to_array<Column<Actor>>({
    {.name = "actor_id", .filterable = true, .cell = [](const Actor& a) { return Cell{a.actor_id}; }},
    {.name = "class_name", .filterable = true, .cell = [](const Actor& a) { return Cell{a.class_name}; }},
    {.name = "state", .filterable = true, .cell = [](const Actor& a) { return Cell{a.state}; }},
    {.name = "job_id", .filterable = true, .cell = [](const Actor& a) { return Cell{a.job_id}; }},
    {.name = "name", .filterable = true, .cell = [](const Actor& a) { return Cell{a.name}; }},
    {.name = "node_id", .filterable = true, .cell = [](const Actor& a) { return known_text(a.node_id); }},
    {.name = "pid",
     .filterable = true,
     .type = CellType::integer,
     .cell = [](const Actor& a) { return Cell{a.pid}; }},
    {.name = "ray_namespace",
     .filterable = true,
     .cell = [](const Actor& a) { return Cell{a.ray_namespace}; }},
    {.name = "serialized_runtime_env",
     .detail = true,
     .write =
         [](const Actor& a, RowScratch& scratch, std::string& json) {
           append_json_string(json, scratch.redactor.masked(a.serialized_runtime_env));
         }},
    {.name = "required_resources",
     .detail = true,
     .write = [](const Actor& a, RowScratch&,
                 std::string& json) { append_resources(json, a.required_resources); }},
    {.name = "death_cause",
     .detail = true,
     .write = [](const Actor& a, RowScratch&,
                 std::string& json) { json += a.death_cause.empty() ? "null" : a.death_cause; }},
    {.name = "is_detached", .detail = true, .cell = [](const Actor& a) { return Cell{a.is_detached}; }},
    {.name = "placement_group_id",
     .detail = true,
     .filterable = true,
     .cell = [](const Actor& a) { return known_text(a.placement_group_id); }},
    {.name = "repr_name",
     .detail = true,
     .filterable = true,
     .cell = [](const Actor& a) { return Cell{a.repr_name}; }},
    {.name = "num_restarts",
     .detail = true,
     .write = [](const Actor& a, RowScratch&, std::string& json) { append_count(json, a.restarts); }},
    {.name = "num_restarts_due_to_lineage_reconstruction",
     .detail = true,
     .write = [](const Actor& a, RowScratch&,
                 std::string& json) { append_count(json, a.restarts_by_lineage_reconstruction); }},
    {.name = "num_restarts_due_to_node_preemption",
     .detail = true,
     .write = [](const Actor& a, RowScratch&,
                 std::string& json) { append_count(json, a.restarts_by_node_preemption); }},
    {.name = "call_site", .detail = true, .cell = [](const Actor& a) { return known_text(a.call_site); }},
    {.name = "label_selector",
     .detail = true,
     .write = [](const Actor& a, RowScratch&,
                 std::string& json) { append_text_map(json, a.label_selector); }},
    // Live it is null, too, in 2.60.
    {.name = "fallback_strategy", .detail = true, .cell = [](const Actor&) { return Cell{}; }},
});

constexpr std::span<const Column<Actor>> kAll(kColumns);

}  // namespace

Response list_actors(const SessionView& view, const Request& request) {
  return list_kept_rows(kAll, view.state.actors, request.query, view.state.partial_failure,
                        LastSeen(view).member());
}

Response summarize_actors(const SessionView& view, const Request& request) {
  const auto filters = parse_filters(request.query);
  if (!filters) return state_error(filters.error());
  const auto filter = RowFilter<Actor>::make(kAll, *filters);
  if (!filter) return state_error(filter.error());

  std::vector<std::pair<std::string_view, std::map<std::string_view, size_t>>> classes;  // as they come
  std::unordered_map<std::string_view, size_t> index_of;
  size_t actors = 0;
  for (const Actor& actor : view.state.actors) {
    if (!filter->passes(actor)) continue;
    ++actors;
    const auto [found, is_new] = index_of.try_emplace(actor.class_name, classes.size());
    if (is_new) classes.emplace_back(actor.class_name, std::map<std::string_view, size_t>{});
    ++classes[found->second].second[actor.state];
  }

  std::string json = R"({"node_id_to_summary": {"cluster": {"summary": {)";
  Comma comma;
  for (const auto& [name, states] : classes) {
    append_key(json, comma, name);
    json += R"({"class_name": )";
    append_json_string(json, name);
    json += R"(, "state_counts": {)";
    Comma state_comma;
    for (const auto& [state, count] : states) {
      append_key(json, state_comma, state);
      json += std::to_string(count);
    }
    json += "}}";
  }
  fmt::format_to(std::back_inserter(json), R"(}}, "total_actors": {}, "summary_by": "class"}}}}}})", actors);
  return list_answer({.total = view.state.actors.size(), .filtered = actors}, json,
                     view.state.partial_failure);
}

}  // namespace rayhistory::historyserver
