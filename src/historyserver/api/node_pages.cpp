#include "historyserver/api/node_pages.h"

#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"
#include "historyserver/api/actor_pages.h"
#include "historyserver/api/fetched_endpoint.h"
#include "historyserver/api/json_value.h"
#include "historyserver/api/resource_usage.h"
#include "historyserver/api/session_end.h"

namespace rayhistory::historyserver {
namespace {

// What the pages calculate with, where nothing is known of the host.
constexpr std::string_view kNoFigures =
    R"("cpu": 0, "cpus": [0, 0], "mem": [0, 0, 0, 0], "hostMem": [0, 0], "cgroupMem": [0, 0], "shm": 0, )"
    R"("bootTime": 0, "loadAvg": [[0, 0, 0], [0, 0, 0]], "disk": {}, "diskIo": [0, 0, 0, 0], )"
    R"("diskIoSpeed": [0, 0, 0, 0], "gpus": [], "tpus": [], "network": [0, 0], "networkSpeed": [0, 0], )"
    R"("cmdline": [], "agent": {})";

// Of a fetched `/nodes?view=summary`, the elements of its nodes.
class FetchedFigures {
 public:
  static Result<FetchedFigures> read(const SessionView& view) {
    FetchedFigures figures;
    TRY_ASSIGN(auto fetched, fetched_list(view, "/nodes", "view=summary"));
    if (!fetched) return figures;
    simdjson::dom::array summary;
    // An answer that is none leaves the figures unknown.
    if (figures.parser_->parse(*fetched).at_pointer("/data/summary").get(summary) != simdjson::SUCCESS)
      return figures;
    for (const simdjson::dom::element node : summary) {
      std::string_view id;
      simdjson::dom::object members;
      if (node.at_pointer("/raylet/nodeId").get(id) == simdjson::SUCCESS &&
          node.get(members) == simdjson::SUCCESS)
        figures.nodes_.emplace(id, members);
    }
    return figures;
  }

  const simdjson::dom::object* find(std::string_view node_id) const {
    const auto found = nodes_.find(node_id);
    return found == nodes_.end() ? nullptr : &found->second;
  }

 private:
  std::unique_ptr<simdjson::dom::parser> parser_ = std::make_unique<simdjson::dom::parser>();
  std::map<std::string_view, simdjson::dom::object> nodes_;
};

size_t workers_alive(const SessionState& state, std::string_view node_id) {
  size_t count = 0;
  for (const Worker& worker : state.workers)
    if (worker.node_id == node_id && worker.is_alive) ++count;
  return count;
}

double resource_of(const Node& node, std::string_view name) {
  for (const auto& [resource, amount] : node.resources)
    if (resource == name) return amount;
  return 0;
}

// Where each node's Ray had its folder, which its tasks' logs tell: "/tmp/ray/session_…/logs/worker-….out".
// Actors' tasks have no log of their own, and Ray before 2.58 names few.
class SessionFolders {
 public:
  explicit SessionFolders(const SessionView& view) : of_any_(view.state.folder) {
    const std::string part = "/" + view.listing.session.name.str() + "/";
    for (const TaskAttempt& task : view.state.attempts) {
      const size_t at = task.stdout_file.find(part);
      if (at == std::string_view::npos) continue;
      const std::string_view folder = task.stdout_file.substr(0, at + part.size() - 1);
      of_nodes_.emplace(task.node_id, folder);
      if (of_any_.empty()) of_any_ = folder;
    }
  }
  // A node on which no task ran gets the folder of another, because nearly all clusters have one folder on
  // all nodes. Empty: unknown.
  std::string of(std::string_view node_id) const {
    const auto found = of_nodes_.find(node_id);
    return std::string(found == of_nodes_.end() ? of_any_ : found->second);
  }

 private:
  std::map<std::string_view, std::string_view> of_nodes_;
  std::string_view of_any_;
};

void append_raylet(std::string& json, const SessionView& view, const Node& node,
                   const SessionFolders& folders) {
  const std::string folder = folders.of(node.node_id);
  Comma comma;
  const auto text = [&](std::string_view key, std::string_view value) {
    append_key(json, comma, key);
    append_json_string(json, value);
  };
  const auto text_or_null = [&](std::string_view key, std::string_view value) {
    append_key(json, comma, key);
    append_text_or_null(json, value);
  };
  json += '{';
  text("nodeId", node.node_id);
  text("nodeManagerAddress", node.ip_address);
  text("nodeManagerHostname", node.host_name);
  text("nodeName", node.name);
  text("state", node.is_alive ? "ALIVE" : "DEAD");
  text_or_null("stateMessage", node.state_message);
  if (!node.death_reason.empty()) {
    append_key(json, comma, "deathInfo");
    json += fmt::format(R"({{"reason": {}, "reasonMessage": {}}})", json_string(node.death_reason),
                        json_string(node.death_message));
  }
  // As strings, as live: 64 bits.
  text("startTimeMs", std::to_string(node.start_time / 1'000'000));
  text("endTimeMs", std::to_string(node.end_time / 1'000'000));
  append_key(json, comma, "isHeadNode");
  append_bool(json, node.is_head);
  append_key(json, comma, "labels");
  append_text_map(json, node.labels);
  append_key(json, comma, "resourcesTotal");
  append_resources(json, node.resources);
  text("instanceId", node.instance_id);
  text("instanceTypeName", node.instance_type);
  text("nodeTypeName", "");
  text_or_null("sessionDir", folder);
  text_or_null("tempDir", folder.substr(0, folder.rfind('/')));
  text_or_null("rayletSocketName", folder.empty() ? folder : folder + "/sockets/raylet");
  text_or_null("objectStoreSocketName", folder.empty() ? folder : folder + "/sockets/plasma_store");
  for (const std::string_view unknown : {"nodeManagerPort", "objectManagerPort", "metricsExportPort"}) {
    append_key(json, comma, unknown);
    json += "null";
  }
  append_key(json, comma, "numWorkers");
  json += std::to_string(workers_alive(view.state, node.node_id));
  json += R"(, "coreWorkersStats": [], "storeStats": {}, "objectStoreUsedMemory": 0)";
  append_key(json, comma, "objectStoreAvailableMemory");
  fmt::format_to(std::back_inserter(json), "{:.0f}", resource_of(node, "object_store_memory"));
  json += '}';
}

void append_node(std::string& json, const SessionView& view, const Node& node, const FetchedFigures& figures,
                 const SessionFolders& folders, const LastSeen& last_seen) {
  json += R"({"hostname": )";
  append_json_string(json, node.host_name);
  json += R"(, "ip": )";
  append_json_string(json, node.ip_address);
  if (const simdjson::dom::object* fetched = figures.find(node.node_id)) {
    for (const auto member : *fetched) {
      if (member.key == "hostname" || member.key == "ip" || member.key == "raylet" ||
          member.key == "workers" || member.key == "actors")
        continue;
      json += ", ";
      append_json_string(json, member.key);
      json += ": ";
      append_json(json, member.value);
    }
  } else {
    json += R"(, "now": )";
    append_float(json, static_cast<double>(view.now) / 1e9);
    json += ", ";
    json += kNoFigures;
  }
  if (node.is_alive) json += last_seen.member();
  json += R"(, "raylet": )";
  append_raylet(json, view, node, folders);
}

void append_worker(std::string& json, std::string_view ip, std::string_view worker_id,
                   std::string_view job_id, std::string_view type, int64_t pid, std::string_view actor_id) {
  fmt::format_to(
      std::back_inserter(json),
      R"({{"pid": {}, "createTime": null, "cpuPercent": 0, "cpuTimes": null, "cmdline": [{}], )"
      R"("memoryInfo": {{"rss": 0}}, "memoryFullInfo": null, "numFds": null, "gpuMemoryUsage": 0, "gpuUtilization": 0, )",
      pid, json_string(fmt::format("ray::{}", type)));
  json += R"("coreWorkerStats": [{"ipAddress": )";
  append_text_or_null(json, ip);
  json += R"(, "actorId": )";
  append_text_or_null(json, actor_id);
  json += R"(, "jobId": )";
  append_text_or_null(json, job_id);
  json += R"(, "workerId": )";
  append_json_string(json, worker_id);
  fmt::format_to(std::back_inserter(json), R"(, "pid": {}, "workerType": )", pid);
  append_json_string(json, type);
  json += R"(}], "language": "PYTHON", "jobId": )";
  append_text_or_null(json, job_id);
  json += '}';
}

// Those that the session's end found alive.
void append_workers(std::string& json, const SessionState& state, std::string_view node_id) {
  std::map<std::string_view, const Actor*> actor_of;
  for (const Actor& actor : state.actors)
    if (actor.node_id == node_id && !actor.worker_id.empty()) actor_of[actor.worker_id] = &actor;
  Comma comma;
  json += '[';
  for (const Worker& worker : state.workers) {
    if (worker.node_id != node_id || !worker.is_alive) continue;
    const auto actor = actor_of.find(worker.worker_id);
    const bool has_actor = actor != actor_of.end();
    comma.next(json);
    append_worker(json, worker.ip_address, worker.worker_id,
                  has_actor ? actor->second->job_id : worker.job_id, worker.type, worker.pid,
                  has_actor ? actor->second->actor_id : std::string_view{});
  }
  json += ']';
}

}  // namespace

Response node_page(const SessionView& view, const Request& request) {
  const std::string_view what = request.query.get("view").value_or("summary");
  if (what == "hostNameList" || what == "hostnamelist") {
    std::set<std::string_view> names;
    for (const Node& node : view.state.nodes)
      if (node.is_alive) names.insert(node.host_name);
    std::string data = R"({"hostNameList": [)";
    Comma comma;
    for (const std::string_view name : names) {
      comma.next(data);
      append_json_string(data, name);
    }
    data += "]}";
    return envelope(200, "Node hostname list fetched.", data);
  }
  if (what != "summary") return envelope(400, fmt::format("Unknown view {}", what), "{}");

  const auto figures = FetchedFigures::read(view);
  if (!figures) return store_failure(figures.error());
  const auto usages = usage_of_nodes(view);
  if (!usages) return store_failure(usages.error());
  const SessionFolders folders(view);
  const LastSeen last_seen(view);
  std::string data = R"({"summary": [)";
  Comma comma;
  for (const Node& node : view.state.nodes) {
    comma.next(data);
    append_node(data, view, node, *figures, folders, last_seen);
    data += '}';
  }
  data += R"(], "nodeLogicalResources": {)";
  Comma resource_comma;
  for (size_t i = 0; i < usages->size(); ++i) {
    if (!view.state.nodes[i].is_alive) continue;
    append_key(data, resource_comma, view.state.nodes[i].node_id);
    append_json_string(data, fmt::format("{}", fmt::join(usage_lines((*usages)[i].resources), "\n")));
  }
  data += "}}";
  return envelope(200, "Node summary fetched.", data);
}

Response node_detail(const SessionView& view, std::string_view id) {
  const Node* node = view.state.find_node(id);
  if (node == nullptr) {
    return envelope(200, "Node details fetched.",
                    R"({"detail": {"raylet": {"objectStoreUsedMemory": 0, "objectStoreAvailableMemory": 0, )"
                    R"("stateMessage": null}, "tpus": [], "actors": {}, "workers": []}})");
  }
  const auto figures = FetchedFigures::read(view);
  if (!figures) return store_failure(figures.error());
  const LastSeen last_seen(view);
  std::string data = R"({"detail": )";
  append_node(data, view, *node, *figures, SessionFolders(view), last_seen);
  data += R"(, "actors": {)";
  Comma comma;
  for (const Actor& actor : view.state.actors) {
    if (actor.shown_node_id() != id) continue;
    append_key(data, comma, actor.actor_id);
    append_actor(data, actor, last_seen);
  }
  data += R"(}, "workers": )";
  append_workers(data, view.state, id);
  data += "}}";
  return envelope(200, "Node details fetched.", data);
}

}  // namespace rayhistory::historyserver
