#include "historyserver/api/node_table.h"

#include <array>

#include "historyserver/api/session_end.h"
#include "historyserver/api/state_table.h"

namespace rayhistory::historyserver {
namespace {

constexpr auto kColumns = std::to_array<Column<Node>>({
    {.name = "node_id", .filterable = true, .cell = [](const Node& n) { return Cell{n.node_id}; }},
    {.name = "node_ip", .filterable = true, .cell = [](const Node& n) { return Cell{n.ip_address}; }},
    {.name = "is_head_node",
     .filterable = true,
     .type = CellType::boolean,
     .cell = [](const Node& n) { return Cell{n.is_head}; }},
    {.name = "state",
     .filterable = true,
     .cell = [](const Node& n) { return Cell{std::string_view(n.is_alive ? "ALIVE" : "DEAD")}; }},
    {.name = "state_message", .cell = [](const Node& n) { return known_text(n.state_message); }},
    {.name = "node_name", .filterable = true, .cell = [](const Node& n) { return Cell{n.name}; }},
    {.name = "resources_total",
     .write = [](const Node& n, RowScratch&, std::string& json) { append_resources(json, n.resources); }},
    {.name = "labels",
     .write = [](const Node& n, RowScratch&, std::string& json) { append_text_map(json, n.labels); }},
    {.name = "start_time_ms",
     .detail = true,
     .write = [](const Node& n, RowScratch&,
                 std::string& json) { append_milliseconds(json, n.start_time, "0"); }},
    {.name = "end_time_ms",
     .detail = true,
     .write = [](const Node& n, RowScratch&,
                 std::string& json) { append_milliseconds(json, n.end_time, "0"); }},
});

}  // namespace

Response list_nodes(const SessionView& view, const Request& request) {
  return list_rows(std::span<const Column<Node>>(kColumns), view.state.nodes, request.query,
                   view.state.partial_failure, {}, LastSeen(view).member());
}

}  // namespace rayhistory::historyserver
