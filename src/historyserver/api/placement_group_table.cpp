#include "historyserver/api/placement_group_table.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "base/json_text.h"
#include "historyserver/api/fetched_endpoint.h"
#include "historyserver/api/json_value.h"
#include "historyserver/api/state_table.h"

namespace rayhistory::historyserver {
namespace {

using Fetched = simdjson::dom::object;

// A group as events tell of it and as the dashboard answered it, or one of the two.
struct GroupRow {
  const PlacementGroup* told = nullptr;
  std::optional<Fetched> fetched;
};

std::string_view text_in(const Fetched& group, std::string_view key) {
  std::string_view text;
  return group.at_key(key).get(text) == simdjson::SUCCESS ? text : std::string_view();
}

std::string_view told_or_fetched(const GroupRow& row, std::string_view PlacementGroup::*told,
                                 std::string_view key) {
  if (row.told != nullptr && !(row.told->*told).empty()) return row.told->*told;
  return row.fetched ? text_in(*row.fetched, key) : std::string_view();
}

std::string_view id_of(const GroupRow& row) {
  return told_or_fetched(row, &PlacementGroup::placement_group_id, "placement_group_id");
}

// Events come as they happen, and the dashboard is asked from time to time. What is removed stays so.
std::string_view state_of(const GroupRow& row) {
  constexpr std::string_view kRemoved = "REMOVED";
  if (row.fetched && text_in(*row.fetched, "state") == kRemoved) return kRemoved;
  return told_or_fetched(row, &PlacementGroup::state, "state");
}

Cell text_cell(std::string_view text, const GroupRow& row, std::string_view key) {
  if (!text.empty()) return Cell{text};
  std::string_view fetched;
  const bool is_text = row.fetched && row.fetched->at_key(key).get(fetched) == simdjson::SUCCESS;
  return is_text ? Cell{fetched} : Cell{};
}

// A group may have no name, and then an event says so.
Cell name_cell(const GroupRow& row) {
  const std::string_view name = told_or_fetched(row, &PlacementGroup::name, "name");
  return row.told != nullptr ? Cell{name} : text_cell(name, row, "name");
}

// What is fetched; nothing where it is not, or is null.
std::optional<simdjson::dom::element> fetched_member(const GroupRow& row, std::string_view key) {
  simdjson::dom::element value;
  const bool is_there = row.fetched && row.fetched->at_key(key).get(value) == simdjson::SUCCESS;
  return is_there && !value.is_null() ? std::optional(value) : std::nullopt;
}

void append_fetched(const GroupRow& row, std::string_view key, std::string_view missing, std::string& json) {
  if (const auto value = fetched_member(row, key)) {
    append_json(json, *value);
  } else {
    json += missing;
  }
}

// Events do not say on which nodes the bundles are.
void append_bundles(const GroupRow& row, std::string& json) {
  const auto fetched = fetched_member(row, "bundles");
  if (fetched || row.told == nullptr) {
    // The pages go through the bundles without asking whether there are any.
    append_fetched(row, "bundles", "[]", json);
    return;
  }
  json += '[';
  Comma comma;
  for (const PlacementGroupBundle& bundle : row.told->bundles) {
    comma.next(json);
    json += fmt::format(R"({{"bundle_id": {{"placement_group_id": {}, "bundle_index": {}}}, )"
                        R"("unit_resources": )",
                        json_string(row.told->placement_group_id), bundle.index);
    append_resources(json, bundle.unit_resources);
    json += R"(, "node_id": null, "label_selector": )";
    append_text_map(json, bundle.label_selector);
    json += '}';
  }
  json += ']';
}

void append_stats(const GroupRow& row, std::string& json) {
  // What was fetched in another state is older.
  const bool is_newest =
      row.told == nullptr || row.told->state.empty() ||
      (row.fetched && text_in(*row.fetched, "state") == state_of(row) && fetched_member(row, "stats"));
  if (is_newest) {
    append_fetched(row, "stats", "null", json);
    return;
  }
  json += fmt::format(R"({{"creation_request_received_ns": "{}", "scheduling_attempt": {}, )"
                      R"("scheduling_state": {}, "highest_retry_delay_ms": {}}})",
                      row.told->requested, row.told->scheduling_attempt,
                      json_string(row.told->scheduling_state), float_text(row.told->highest_retry_delay_ms));
}

Cell detached_cell(const GroupRow& row) {
  bool detached = false;
  if (row.fetched && row.fetched->at_key("is_detached").get(detached) == simdjson::SUCCESS)
    return Cell{detached};
  return row.told != nullptr ? Cell{row.told->is_detached} : Cell{};
}

constexpr auto kColumns = std::to_array<Column<GroupRow>>({
    {.name = "placement_group_id",
     .filterable = true,
     .cell = [](const GroupRow& g) { return text_cell(id_of(g), g, "placement_group_id"); }},
    {.name = "name", .filterable = true, .cell = name_cell},
    {.name = "creator_job_id",
     .filterable = true,
     .cell =
         [](const GroupRow& g) {
           return text_cell(told_or_fetched(g, &PlacementGroup::creator_job_id, "creator_job_id"), g,
                            "creator_job_id");
         }},
    {.name = "state",
     .filterable = true,
     .cell = [](const GroupRow& g) { return text_cell(state_of(g), g, "state"); }},
    {.name = "bundles",
     .detail = true,
     .write = [](const GroupRow& g, RowScratch&, std::string& json) { append_bundles(g, json); }},
    {.name = "is_detached",
     .detail = true,
     .filterable = true,
     .type = CellType::boolean,
     .cell = detached_cell},
    {.name = "stats",
     .detail = true,
     .write = [](const GroupRow& g, RowScratch&, std::string& json) { append_stats(g, json); }},
    {.name = "topology_strategy",
     .detail = true,
     .write = [](const GroupRow& g, RowScratch&,
                 std::string& json) { append_fetched(g, "topology_strategy", "null", json); }},
    {.name = "topology_assignments",
     .detail = true,
     .write = [](const GroupRow& g, RowScratch&,
                 std::string& json) { append_fetched(g, "topology_assignments", "null", json); }},
});

}  // namespace

Response list_placement_groups(const SessionView& view, const Request& request) {
  const auto fetched = fetched_list(view, "/api/v0/placement_groups", "detail=1&limit=10000");
  if (!fetched) return state_error(fetched.error());
  std::vector<std::string> warnings;
  std::vector<GroupRow> groups;
  std::unordered_map<std::string_view, size_t> place_of;  // in `groups`, by ID
  for (const PlacementGroup& group : view.state.placement_groups) {
    place_of.emplace(group.placement_group_id, groups.size());
    groups.push_back({&group, std::nullopt});
  }
  simdjson::dom::parser parser;
  if (*fetched) {
    simdjson::dom::array list;
    if (parser.parse(**fetched).at_pointer("/data/result/result").get(list) != simdjson::SUCCESS) {
      warnings.emplace_back("What was fetched of the placement groups is no list of them.");
    } else {
      for (const simdjson::dom::element each : list) {
        Fetched group;
        if (each.get(group) != simdjson::SUCCESS) continue;
        const auto told = place_of.find(text_in(group, "placement_group_id"));
        if (told != place_of.end()) {
          groups[told->second].fetched = group;
        } else {
          groups.push_back({nullptr, group});
        }
      }
    }
  } else if (groups.empty()) {
    warnings.emplace_back(
        "Placement groups are not known of this session: no event tells of one, and the collector had not "
        "fetched them yet.");
  }
  std::stable_sort(groups.begin(), groups.end(),
                   [](const GroupRow& a, const GroupRow& b) { return id_of(a) < id_of(b); });
  return list_rows(std::span<const Column<GroupRow>>(kColumns), groups, request.query,
                   view.state.partial_failure, warnings);
}

}  // namespace rayhistory::historyserver
