#include "historyserver/api/placement_group_table.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "historyserver/api/fetched_endpoint.h"
#include "historyserver/api/state_table.h"

namespace rayhistory {
namespace {

using Group = simdjson::dom::object;

Cell text_cell(const Group& group, std::string_view key) {
  std::string_view text;
  return group.at_key(key).get(text) == simdjson::SUCCESS ? Cell{text} : Cell{};
}

void append_member(const Group& group, std::string_view key, std::string_view missing, std::string& json) {
  simdjson::dom::element value;
  if (group.at_key(key).get(value) == simdjson::SUCCESS && !value.is_null()) {
    append_json(json, value);
  } else {
    json += missing;
  }
}

constexpr auto kColumns = std::to_array<Column<Group>>({
    {.name = "placement_group_id",
     .filterable = true,
     .cell = [](const Group& g) { return text_cell(g, "placement_group_id"); }},
    {.name = "name", .filterable = true, .cell = [](const Group& g) { return text_cell(g, "name"); }},
    {.name = "creator_job_id",
     .filterable = true,
     .cell = [](const Group& g) { return text_cell(g, "creator_job_id"); }},
    {.name = "state", .filterable = true, .cell = [](const Group& g) { return text_cell(g, "state"); }},
    // The pages go through the bundles without asking whether there are any.
    {.name = "bundles",
     .detail = true,
     .write = [](const Group& g, RowScratch&,
                 std::string& json) { append_member(g, "bundles", "[]", json); }},
    {.name = "is_detached",
     .detail = true,
     .filterable = true,
     .type = CellType::boolean,
     .cell =
         [](const Group& g) {
           bool detached = false;
           return g.at_key("is_detached").get(detached) == simdjson::SUCCESS ? Cell{detached} : Cell{};
         }},
    {.name = "stats",
     .detail = true,
     .write = [](const Group& g, RowScratch&,
                 std::string& json) { append_member(g, "stats", "null", json); }},
    {.name = "topology_strategy",
     .detail = true,
     .write = [](const Group& g, RowScratch&,
                 std::string& json) { append_member(g, "topology_strategy", "null", json); }},
    {.name = "topology_assignments",
     .detail = true,
     .write = [](const Group& g, RowScratch&,
                 std::string& json) { append_member(g, "topology_assignments", "null", json); }},
});

std::string_view id_of(const Group& group) {
  std::string_view id;
  return group.at_key("placement_group_id").get(id) == simdjson::SUCCESS ? id : std::string_view{};
}

}  // namespace

Response list_placement_groups(const SessionView& view, const Request& request) {
  const auto fetched = fetched_list(view, "/api/v0/placement_groups", "detail=1&limit=10000");
  if (!fetched) return state_error(fetched.error());
  std::vector<Group> groups;
  std::vector<std::string> warnings;
  simdjson::dom::parser parser;
  if (*fetched) {
    simdjson::dom::array list;
    if (parser.parse(**fetched).at_pointer("/data/result/result").get(list) != simdjson::SUCCESS) {
      warnings.emplace_back("What was fetched of the placement groups is no list of them.");
    } else {
      for (const simdjson::dom::element each : list) {
        Group group;
        if (each.get(group) == simdjson::SUCCESS) groups.push_back(group);
      }
    }
  } else {
    warnings.emplace_back(
        "Placement groups are not known of this session: the collector had not fetched them yet.");
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Group& a, const Group& b) { return id_of(a) < id_of(b); });
  return list_rows(std::span<const Column<Group>>(kColumns), groups, request.query,
                   view.state.partial_failure, warnings);
}

}  // namespace rayhistory
