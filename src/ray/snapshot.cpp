#include "ray/snapshot.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "http/body.h"
#include "ray/dashboard_endpoints.h"

namespace rayhistory::collector {
namespace {

// Ray: python/ray/_private/node.py names a session "session_<date>_<pid>".
constexpr std::string_view kSessionBeginning = "session_";

struct SnapshotEndpoint {
  std::string path;
  bool is_needed;  // without it there is no snapshot
};

std::vector<SnapshotEndpoint> endpoints_of(const std::vector<std::string>& additional) {
  std::vector<SnapshotEndpoint> endpoints;
  endpoints.reserve(kSnapshotEndpoints.size() + kPolledEndpoints.size() + kOnceEndpoints.size() +
                    additional.size());
  for (const std::string_view path : kSnapshotEndpoints)
    endpoints.push_back({std::string(path), true});
  for (const std::string_view path : kPolledEndpoints)
    endpoints.push_back({std::string(path), path == kNodesEndpoint || path == kJobsEndpoint});
  for (const std::string_view path : kOnceEndpoints)
    endpoints.push_back({std::string(path), false});
  for (const std::string& path : additional)
    endpoints.push_back({path, false});
  return endpoints;
}

Error not_answered(std::string_view endpoint, const DashboardAnswer& answer) {
  const std::string_view advice =
      answer.asked == Asked::refused || answer.asked == Asked::no_token
          ? "; give the collector Ray's RAY_AUTH_TOKEN"
          : "; --ray-dashboard-address (RAY_DASHBOARD_ADDRESS) names the dashboard of the head";
  return Error{ErrorKind::retry, fmt::format("{}: {}{}", endpoint, answer.reason, advice)};
}

// The dashboard shows 10,000 tasks at most and says how many there are.
void note_what_is_left_out(std::string_view body, std::FILE* out) {
  simdjson::dom::parser parser;
  simdjson::dom::element list;
  uint64_t total = 0;
  simdjson::dom::array rows;
  if (parser.parse(body.data(), body.size()).at_pointer("/data/result").get(list) != simdjson::SUCCESS)
    return;
  if (list["total"].get(total) != simdjson::SUCCESS || list["result"].get(rows) != simdjson::SUCCESS) return;
  if (total > rows.size()) {
    fmt::print(out,
               "note: the dashboard knows {} tasks and shows {}, so the others are not in the snapshot\n",
               total, rows.size());
  }
}

}  // namespace

std::optional<SessionName> session_in_nodes(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::array nodes;
  if (parser.parse(body.data(), body.size()).at_pointer("/data/summary").get(nodes) != simdjson::SUCCESS)
    return std::nullopt;
  for (const simdjson::dom::element node : nodes) {
    std::string_view folder;
    std::string_view state;
    if (node.at_pointer("/raylet/sessionDir").get(folder) != simdjson::SUCCESS) continue;
    if (node.at_pointer("/raylet/state").get(state) != simdjson::SUCCESS || state == "DEAD") continue;
    const std::string_view name = folder.substr(folder.rfind('/') + 1);
    if (auto session = SessionName::parse(name); session && name.starts_with(kSessionBeginning))
      return session;
  }
  return std::nullopt;
}

Result<SessionName> store_snapshot(const DashboardClient& dashboard, Store& store, const ObjectKeys& keys,
                                   const std::vector<std::string>& additional_endpoints,
                                   const Deadline& deadline, std::FILE* out) {
  const DashboardAnswer nodes = dashboard.get(kNodesEndpoint, deadline);
  if (nodes.asked != Asked::answered) return not_answered(kNodesEndpoint, nodes);
  const std::optional<SessionName> session = session_in_nodes(nodes.body);
  if (!session) {
    return Error{
        ErrorKind::not_found,
        fmt::format("{}: no node that is alive says which session it runs (raylet.sessionDir), so there is "
                    "no name to store a snapshot under; is this the dashboard of a running head?",
                    kNodesEndpoint)};
  }
  TRY(store.ensure_bucket(deadline));
  for (const SnapshotEndpoint& endpoint : endpoints_of(additional_endpoints)) {
    DashboardAnswer answer = endpoint.path == kNodesEndpoint ? nodes : dashboard.get(endpoint.path, deadline);
    if (answer.asked != Asked::answered) {
      if (endpoint.is_needed) return not_answered(endpoint.path, answer);
      const bool is_of_no_run = endpoint.path == kTrainEndpoint && answer.asked == Asked::failed;
      if (is_of_no_run) continue;
      fmt::print(out, "note: {} is not in the snapshot: {}\n", endpoint.path, answer.reason);
      continue;
    }
    if (endpoint.path == kSnapshotEndpoints.front()) note_what_is_left_out(answer.body, out);
    const size_t size = answer.body.size();
    TRY(store.put(keys.fetched_endpoint(*session, endpoint.path), MemoryBody(std::move(answer.body)),
                  kJsonContent, deadline));
    fmt::print(out, "stored: {}, {} bytes\n", endpoint.path, size);
  }
  TRY(store.put(keys.marker(*session), MemoryBody(""), kTextContent, deadline));
  return *session;
}

}  // namespace rayhistory::collector
