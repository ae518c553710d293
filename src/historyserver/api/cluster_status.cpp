#include "historyserver/api/cluster_status.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/json_text.h"
#include "historyserver/api/fetched_endpoint.h"
#include "historyserver/api/json_value.h"
#include "historyserver/api/placement_group_resource.h"
#include "historyserver/api/resource_usage.h"

namespace rayhistory::historyserver {
namespace {

// Ray's AUTOSCALER_MAX_FAILURES_DISPLAYED.
constexpr size_t kFailures = 20;
constexpr std::string_view kGroupLabel = "ray.io/node-group";
constexpr std::string_view kNotRecorded = " (not recorded)\n";

// The group of a KubeRay cluster; what Ray calls a node of none.
std::string group_of(const Node& node) {
  for (const auto& [label, value] : node.labels)
    if (label == kGroupLabel && !value.empty()) return std::string(value);
  return fmt::format("node_{}", node.node_id);
}

// "2026-11-23 03:27:15.228971", in UTC.
std::string time_text(UnixNanoseconds time) {
  constexpr UnixNanoseconds kSecond = 1'000'000'000;
  return fmt::format("{:%Y-%m-%d %H:%M:%S}.{:06}", fmt::gmtime(static_cast<time_t>(time / kSecond)),
                     time % kSecond / 1000);
}

// When the last of it is known to have been alive; else when it began, which its name says:
// "session_2026-11-23_03-25-19_402666_11".
std::string last_time(const SessionView& view) {
  UnixNanoseconds last = 0;
  for (const TaskAttempt& task : view.state.attempts)
    last = std::max(last, task.end_time());
  for (const Actor& actor : view.state.actors)
    last = std::max(last, actor.end_time);
  if (last != 0) return time_text(last);
  std::string text = view.listing.session.name.str();
  constexpr std::string_view kPrefix = "session_";
  constexpr size_t kTimeEnd = std::string_view("session_2026-11-23_03-25-19_402666").size();
  if (text.size() < kTimeEnd) return text;
  text = text.substr(kPrefix.size(), kTimeEnd - kPrefix.size());
  text[10] = ' ';
  text[13] = text[16] = ':';
  text[19] = '.';
  return text;
}

// Groups and how many nodes of each, a line each, in the order of the nodes.
class GroupCounts {
 public:
  void add(const std::string& group) {
    const auto [found, is_new] = index_of_.try_emplace(group, counts_.size());
    if (is_new) counts_.emplace_back(group, 0);
    ++counts_[found->second].second;
  }
  std::string lines(std::string_view none) const {
    std::string text;
    for (const auto& [group, count] : counts_)
      text += fmt::format(" {} {}\n", count, group);
    return text.empty() ? std::string(none) : text;
  }

 private:
  std::vector<std::pair<std::string, size_t>> counts_;
  std::unordered_map<std::string, size_t> index_of_;
};

std::string failure_lines(const SessionState& state) {
  std::vector<const Node*> failed;
  for (const Node& node : state.nodes) {
    if (!node.is_alive && node.death_reason != "EXPECTED_TERMINATION" &&
        node.death_reason != "AUTOSCALER_DRAIN_IDLE")
      failed.push_back(&node);
  }
  std::stable_sort(failed.begin(), failed.end(),
                   [](const Node* a, const Node* b) { return a->end_time > b->end_time; });
  if (failed.size() > kFailures) failed.resize(kFailures);
  std::string text;
  for (const Node* node : failed)
    text += fmt::format(" {}: NodeTerminated (ip: {})\n", group_of(*node), node->ip_address);
  text += state.provisioning.failed;
  return text.empty() ? " (no failures)\n" : text;
}

std::string pending_lines(const NodeProvisioning& provisioning) {
  if (provisioning.time == 0) return std::string(kNotRecorded);
  return provisioning.pending.empty() ? " (no pending nodes)\n" : std::string(provisioning.pending);
}

// What waits for resources, by what it waits for. Of a job that has ended nothing waits.
class Demands {
 public:
  void add(const Resources& resources) {
    std::map<std::string_view, double> shape;
    bool in_group = false;
    for (const auto& [resource, amount] : resources) {
      const auto parsed = parse_placement_group_resource(resource);
      in_group = in_group || parsed.of_group;
      if (parsed.of_group && parsed.name == kBundleResource) continue;
      shape[parsed.name] = amount;
    }
    if (shape.empty()) return;
    std::string text = "{";
    Comma comma;
    for (const auto& [resource, amount] : shape) {
      comma.next(text);
      text += fmt::format("'{}': {}", resource, float_text(amount));
    }
    text += '}';
    const auto [found, is_new] = index_of_.try_emplace(text, shapes_.size());
    if (is_new) shapes_.push_back({text, 0, 0});
    ++shapes_[found->second].count;
    if (in_group) ++shapes_[found->second].in_groups;
  }

  std::string lines() const {
    std::string text;
    for (const Shape& shape : shapes_) {
      text += fmt::format(" {}: {}+ pending tasks/actors", shape.text, shape.count);
      if (shape.in_groups > 0) text += fmt::format(" ({}+ using placement groups)", shape.in_groups);
      text += '\n';
    }
    return text.empty() ? " (no resource demands)\n" : text;
  }

 private:
  struct Shape {
    std::string text;
    size_t count;
    size_t in_groups;
  };
  std::vector<Shape> shapes_;
  std::unordered_map<std::string, size_t> index_of_;
};

bool waits_for_resources(TaskStatus status) {
  return status == TaskStatus::pending_args_avail || status == TaskStatus::pending_node_assignment ||
         status == TaskStatus::pending_obj_store_mem_avail || status == TaskStatus::pending_args_fetch;
}

Demands demands_of(const SessionState& state) {
  std::unordered_set<std::string_view> ended;
  for (const Job& job : state.jobs)
    if (job.driver_end_time != 0 || job.end_time != 0) ended.insert(job.job_id);
  Demands demands;
  // An actor waits once, and not again as its creation task.
  for (const TaskAttempt& task : state.attempts) {
    if (task.type != TaskType::actor_creation_task && waits_for_resources(task.status) &&
        !ended.contains(task.job_id))
      demands.add(task.required_resources);
  }
  for (const Actor& actor : state.actors) {
    if ((actor.state == "DEPENDENCIES_UNREADY" || actor.state == "PENDING_CREATION") &&
        !ended.contains(actor.job_id))
      demands.add(actor.required_resources);
  }
  return demands;
}

Result<std::string> status_text(const SessionView& view) {
  TRY_ASSIGN(const auto usages, usage_of_nodes(view));
  GroupCounts active;
  GroupCounts idle;
  UsageByResource usage;
  for (size_t i = 0; i < usages.size(); ++i) {
    const Node& node = view.state.nodes[i];
    if (!node.is_alive) continue;
    (usages[i].is_idle ? idle : active).add(group_of(node));
    for (const auto& [resource, amount] : usages[i].resources) {
      usage[resource].used += amount.used;
      usage[resource].total += amount.total;
    }
  }
  std::string usage_text;
  for (const std::string& line : usage_lines(usage))
    usage_text += fmt::format(" {}\n", line);

  const std::string header = fmt::format("======== Autoscaler status: {} ========", last_time(view));
  const std::string dashes(header.size(), '-');
  std::string text = fmt::format(
      "{}\nNode status\n{}\nActive:\n{}Idle:\n{}Pending:\n{}Recent failures:\n{}\n"
      "Resources\n{}\nTotal Usage:\n{}\nFrom request_resources:\n{}Pending Demands:\n{}",
      header, dashes, active.lines(" (no active nodes)\n"), idle.lines(" (no idle nodes)\n"),
      pending_lines(view.state.provisioning), failure_lines(view.state), dashes, usage_text, kNotRecorded,
      demands_of(view.state).lines());
  text.pop_back();  // the last line's end
  return text;
}

}  // namespace

Response cluster_status(const SessionView& view, const Request& request) {
  const bool formatted = request.query.get("format") == "1";
  auto fetched = fetched_endpoint(view, formatted ? "/api/cluster_status?format=1" : "/api/cluster_status");
  if (!fetched) return store_failure(fetched.error());
  if (*fetched) return {.body = std::move(**fetched)};
  if (!formatted) {
    return envelope(200, "Got cluster status.",
                    R"({"autoscalingStatus": null, "autoscalingError": null, "clusterStatus": null})");
  }
  const auto text = status_text(view);
  if (!text) return store_failure(text.error());
  return envelope(200, "Got formatted cluster status.",
                  fmt::format(R"({{"clusterStatus": {}}})", json_string(*text)));
}

}  // namespace rayhistory::historyserver
