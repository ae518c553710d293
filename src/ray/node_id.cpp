#include "ray/node_id.h"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/shared_path.h"

namespace rayhistory::collector {
namespace {

// An ID has 56 characters.
constexpr uint64_t kNodeIdFileLimitBytes = 4096;
// An entry of the answer has about 650 bytes for a plain node and twice that with labels and accelerators;
// 10,000 of them is what is asked for.
constexpr uint64_t kNodesAnswerLimitBytes = 16 * 1024 * 1024;
constexpr uint16_t kDashboardPort = 8265;
// A raylet whose ID was written does not end, and the next one's session begin, in less. So an ID written
// just before the session's folder came is of that session, in whatever order a container's script makes the
// two.
constexpr int64_t kShortestRestartNanoseconds = 2'000'000'000;
// From the raylet's first line to its agents' first port file: 2 s on an idle machine, 6 s on one with 7
// processes a core. Between a raylet's end and the next one's first port file lies a container's start, which
// takes about as long.
constexpr int64_t kAgentStartNanoseconds = 10'000'000'000;

std::string_view first_word(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  text.remove_prefix(first);
  return text.substr(0, text.find_first_of(kSpace));
}

struct NamedNode {
  NodeId node;
  std::string path;
  int64_t modified_nanoseconds;
};

// Nothing, and why not in `reason`.
std::optional<NamedNode> in_raylet_node_id(const SharedPath& path, std::string& reason) {
  const auto status = status_of(path);
  const auto content = read_file(path, kNodeIdFileLimitBytes);
  if (!status || !content) {
    reason = (status ? content.error() : status.error()).message;
    return std::nullopt;
  }
  auto node = node_id_from(first_word(*content));
  if (!node) {
    reason = path.str() + " holds no node ID";
    return std::nullopt;
  }
  return NamedNode{std::move(*node), path.str(), status->modified_nanoseconds};
}

struct PortFile {
  NodeId node;
  std::string name;
  int64_t modified_nanoseconds;
};

Result<std::vector<PortFile>> port_files(const SharedPath& session_folder) {
  TRY_ASSIGN(const OpenFolder folder, open_folder(session_folder));
  std::vector<PortFile> found;
  TRY(folder.for_each([&](std::string_view name, FileType) {
    auto node = node_id_of_port_file(name);
    const auto status = node ? folder.status_of(std::string(name)) : FileStatus();
    if (node && status) found.push_back({std::move(*node), std::string(name), status->modified_nanoseconds});
  }));
  return found;
}

std::optional<NamedNode> in_port_files(const SharedPath& session_folder, std::string& reason) {
  auto files = port_files(session_folder);
  if (!files) {
    reason = files.error().message;
    return std::nullopt;
  }
  const auto newest = std::max_element(
      files->begin(), files->end(),
      [](const PortFile& a, const PortFile& b) { return a.modified_nanoseconds < b.modified_nanoseconds; });
  if (newest == files->end()) {
    reason = "no " + session_folder.str() + "/*_port_<node id>";
    return std::nullopt;
  }
  return NamedNode{newest->node, (session_folder / newest->name).str(), newest->modified_nanoseconds};
}

std::string_view text_in(simdjson::ondemand::object& object, const char* name) {
  std::string_view text;
  return object[name].get_string().get(text) == simdjson::SUCCESS ? text : std::string_view();
}

// raylet_node_id names the raylet that runs now. Is that one of a later session than this?
bool names_a_later_raylet(const NamedNode& written, const RayFolder& folder, const SessionName& session) {
  const auto latest = read_symlink(folder.session_latest());
  if (!latest) return false;  // Ray is putting a new link in its place
  const auto running = SessionName::parse(latest->substr(latest->rfind('/') + 1));
  if (!running || *running == session) return false;
  const auto running_folder = status_of(folder.session(*running));
  return running_folder && running_folder->identity.birth_nanoseconds <=
                               written.modified_nanoseconds + kShortestRestartNanoseconds;
}

}  // namespace

NodeIdInFiles node_id_in_files(const RayFolder& folder, const SessionName& session) {
  std::string no_file;
  std::string no_port_file;
  auto written = in_raylet_node_id(folder.raylet_node_id(), no_file);
  auto port = in_port_files(folder.session(session), no_port_file);
  // A restarted raylet leaves its port files before the Ray container's hook has written its ID.
  if (written && port && port->node != written->node &&
      port->modified_nanoseconds > written->modified_nanoseconds)
    written.reset();
  // Of a session that has ended, only its own files tell.
  if (written && names_a_later_raylet(*written, folder, session)) {
    no_file = written->path + " names the raylet of a later session";
    written.reset();
  }
  if (written) {
    const auto session_folder = status_of(folder.session(session));
    // Not the folder's modification time: that is the last file's that came or went in it.
    const int64_t began = session_folder ? session_folder->identity.birth_nanoseconds : 0;
    const bool doubtful = !port && written->modified_nanoseconds + kShortestRestartNanoseconds < began;
    return {std::move(written->node), std::move(written->path), {}, doubtful};
  }
  if (port) return {std::move(port->node), std::move(port->path), {}, false};
  return {std::nullopt, {}, no_file + "; " + no_port_file, false};
}

NodeTimes node_times(const RayFolder& folder, const SessionName& session, const NodeId& known) {
  NodeTimes nodes;
  const auto files = port_files(folder.session(session));
  for (const PortFile& file : files ? *files : std::vector<PortFile>()) {
    const int64_t since = file.modified_nanoseconds - kAgentStartNanoseconds;
    const auto other = std::find_if(nodes.begin(), nodes.end(),
                                    [&](const NodeTime& each) { return each.node == file.node; });
    if (other == nodes.end()) {
      nodes.push_back({file.node, since});
    } else {
      other->since_nanoseconds = std::min(other->since_nanoseconds, since);
    }
  }
  std::sort(nodes.begin(), nodes.end(),
            [](const NodeTime& a, const NodeTime& b) { return a.since_nanoseconds < b.since_nanoseconds; });
  const bool has_known =
      std::any_of(nodes.begin(), nodes.end(), [&](const NodeTime& node) { return node.node == known; });
  if (!has_known) return {{known, 0}};
  return nodes;
}

Result<Url> nodes_url(std::string_view fq_ray_ip, std::string_view port) {
  auto url = parse_url(fq_ray_ip, Scheme::http);
  if (!url) return std::move(url).error().in("FQ_RAY_IP");
  if (url->port == 0) {
    url->port = kDashboardPort;
    if (!port.empty()) {
      const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url->port);
      const bool is_port = error == std::errc() && end == port.data() + port.size() && url->port != 0;
      if (!is_port) {
        return Error{ErrorKind::invalid,
                     fmt::format("RAY_DASHBOARD_PORT: \"{}\" is no port, 1 to 65535", port)};
      }
    }
  }
  url->encoded_path = "/api/v0/nodes";
  url->encoded_query = "limit=10000";
  return url;
}

std::optional<NodeId> alive_node_at(std::string_view pod_ip, std::string_view answer) {
  const simdjson::padded_string padded(answer);
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document;
  simdjson::ondemand::array nodes;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return std::nullopt;
  if (document["data"]["result"]["result"].get_array().get(nodes) != simdjson::SUCCESS) return std::nullopt;

  std::optional<NodeId> alive;
  int64_t alive_since = 0;
  for (auto element : nodes) {
    simdjson::ondemand::object node;
    if (element.error() != simdjson::SUCCESS) break;  // not JSON from here on
    if (element.get_object().get(node) != simdjson::SUCCESS) continue;
    if (text_in(node, "node_ip") != pod_ip || text_in(node, "state") != "ALIVE") continue;
    auto id = node_id_from(text_in(node, "node_id"));
    if (!id) continue;
    int64_t since = 0;
    if (node["start_time_ms"].get_int64().get(since) != simdjson::SUCCESS) since = 0;
    if (alive && since < alive_since) continue;
    alive = std::move(id);
    alive_since = since;
  }
  return alive;
}

Result<NodeId> ask_dashboard_for_node(HttpClient& http, const Url& nodes, std::string_view pod_ip,
                                      const TokenSource& token, const Deadline& deadline) {
  HttpRequest request;
  request.url = nodes;
  request.response_limit_bytes = kNodesAnswerLimitBytes;
  if (token) {
    TRY_ASSIGN(const std::optional<std::string> bearer, token());
    if (bearer) request.headers.set(kRayAuthHeader, "Bearer " + *bearer);
  }
  const std::string doing = "GET " + nodes.str();
  auto response = http.send(request, deadline);
  if (!response) return std::move(response).error().in(doing);
  if (response->status == 401 || response->status == 403) {
    return Error{ErrorKind::denied,
                 fmt::format("{}: status {}; set RAY_AUTH_TOKEN, or RAY_ENABLE_K8S_TOKEN_AUTH=true", doing,
                             response->status)};
  }
  if (response->status != 200)
    return Error{ErrorKind::retry, fmt::format("{}: status {}", doing, response->status)};
  auto node = alive_node_at(pod_ip, response->body);
  if (!node)
    return Error{ErrorKind::not_found, fmt::format("{}: no node with POD_IP {} is ALIVE yet", doing, pod_ip)};
  return std::move(*node);
}

}  // namespace rayhistory::collector
