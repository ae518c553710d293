#include "historyserver/state/autoscaler_events.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace rayhistory::historyserver {
namespace {

using simdjson::ondemand::value;

constexpr UnixNanoseconds kSecond = 1'000'000'000;
// Ray's AUTOSCALER_MAX_FAILURES_DISPLAYED. As many nodes that are still to come are named: a cluster may wait
// for thousands, and this is a text for people.
constexpr size_t kNodesNamed = 20;

// Of what one event says. Ray's own reports have a few lines; a hostile event may be a thousand times as
// long.
constexpr size_t kTextBytes = 16UL * 1024;

// Where it is too long, its beginning, cut between two characters.
std::string_view bounded(std::string_view text) {
  if (text.size() <= kTextBytes) return text;
  size_t end = kTextBytes;
  const auto is_inside = [&](size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U; };
  while (end > 0 && is_inside(end))
    --end;
  return text.substr(0, end);
}

// The lines of `parts` that fit, and how many do not.
std::string first_lines(const std::vector<std::string>& parts) {
  std::string text;
  for (size_t i = 0; i < std::min(parts.size(), kNodesNamed); ++i)
    text += parts[i] + "\n";
  if (parts.size() > kNodesNamed) text += fmt::format(" and {} more\n", parts.size() - kNodesNamed);
  return text;
}

std::string words_of_cause(std::string_view cause) {
  if (cause == "IDLE") return "idle";
  if (cause == "MAX_NUM_NODE_PER_TYPE") return "max number of worker nodes per type reached";
  if (cause == "MAX_NUM_NODES") return "max number of worker nodes reached";
  if (cause == "OUTDATED") return "outdated";
  return "no cause given";
}

// Up to here a double is written without an exponent.
constexpr double kWholeLimit = 1e15;

// "{'CPU': 4.0, 'GPU': 1.0}", as Python prints a dictionary.
std::string shape_of(const Resources& resources) {
  std::string text;
  for (const auto& [name, amount] : resources) {
    const bool is_whole = std::abs(amount) < kWholeLimit && amount == std::floor(amount);
    text += fmt::format("{}'{}': {}{}", text.empty() ? "" : ", ", name, amount, is_whole ? ".0" : "");
  }
  return "{" + text + "}";
}

std::string joined(const std::vector<std::string>& parts) {
  return fmt::format("{}", fmt::join(parts, ", "));
}

// A request for resources, so many times.
std::string bundle_text(EventWalk& walk, value of) {
  Resources resources;
  int64_t count = 1;
  std::vector<std::string> constraints;
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "resources") resources = walk.resources(member);
    if (key == "count") count = std::max<int64_t>(EventWalk::count(member), 1);
    if (key != "labelConstraints") return;
    walk.elements(member, [&](value constraint) {
      std::string label;
      std::string operation;
      std::vector<std::string> values;
      walk.fields(constraint, [&](std::string_view name, value part) {
        if (name == "labelKey") label = EventWalk::text(part);
        if (name == "operator") operation = EventWalk::text(part);
        if (name == "values")
          walk.elements(part, [&](value one) { values.emplace_back(EventWalk::text(one)); });
      });
      constraints.push_back(fmt::format("{} {} [{}]", label, operation, fmt::join(values, ",")));
    });
  });
  std::string text = fmt::format("{}*{}", shape_of(resources), count);
  if (!constraints.empty()) text += fmt::format(" with label selectors: [{}]", fmt::join(constraints, "; "));
  return text;
}

std::vector<std::string> bundle_texts(EventWalk& walk, value of) {
  std::vector<std::string> texts;
  walk.elements(of, [&](value bundle) { texts.push_back(bundle_text(walk, bundle)); });
  return texts;
}

// "instanceType" and "count" of an action; the cause of one that ends nodes.
struct Action {
  std::string type;
  int64_t count = 0;
  std::string cause;
};

Action read_action(EventWalk& walk, value of) {
  Action action;
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "instanceType") action.type = EventWalk::text(member);
    if (key == "count") action.count = EventWalk::count(member);
    if (key == "cause") action.cause = EventWalk::text(member);
  });
  return action;
}

std::string size_text(const Resources& resources) {
  std::string text;
  for (const std::string_view name : {"CPU", "GPU", "TPU"}) {
    const auto found = std::find_if(resources.begin(), resources.end(),
                                    [&](const auto& resource) { return resource.first == name; });
    const double amount = found == resources.end() ? 0 : found->second;
    if (name == "CPU" || found != resources.end())
      text += fmt::format("{}{:.0f} {}s", text.empty() ? "" : ", ", amount, name);
  }
  return text;
}

void read_gang(EventWalk& walk, value of, std::vector<std::string>& warnings) {
  std::string details;
  std::vector<std::string> bundles;
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "details") details = EventWalk::text(member);
    if (key == "bundles") bundles = bundle_texts(walk, member);
  });
  warnings.push_back(fmt::format("placement group requests (detail={}): {}", details, joined(bundles)));
}

void read_constraint(EventWalk& walk, value of, std::vector<std::string>& warnings) {
  std::vector<std::string> requests;
  walk.fields(of, [&](std::string_view key, value member) {
    if (key != "resourceRequests") return;
    walk.elements(member, [&](value by_count) {
      Resources resources;
      int64_t count = 1;
      walk.fields(by_count, [&](std::string_view name, value part) {
        if (name == "count") count = std::max<int64_t>(EventWalk::count(part), 1);
        if (name != "request") return;
        walk.fields(part, [&](std::string_view inner, value amount) {
          if (inner == "resources") resources = walk.resources(amount);
        });
      });
      requests.push_back(fmt::format("{}*{}", shape_of(resources), count));
    });
  });
  warnings.push_back("cluster constraint: " + joined(requests));
}

struct Instance {
  std::string type;
  std::string id;
  std::string address;
  int64_t count = 0;
  UnixNanoseconds failed = 0;
  std::string reason;
};

Instance read_instance(EventWalk& walk, value of) {
  Instance instance;
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "rayNodeTypeName") {
      instance.type = EventWalk::text(member);
    } else if (key == "instanceId") {
      instance.id = EventWalk::text(member);
    } else if (key == "ipAddress") {
      instance.address = EventWalk::text(member);
    } else if (key == "count") {
      instance.count = EventWalk::count(member);
    } else if (key == "failedTs") {
      instance.failed = EventWalk::time(member);
    } else if (key == "reason") {
      instance.reason = EventWalk::text(member);
    }
  });
  // One that is named is one, whatever is counted.
  instance.count = std::max<int64_t>(instance.count, 1);
  return instance;
}

}  // namespace

void read_autoscaler_config(EventWalk& walk, value of, AutoscalerReportPiece& report) {
  std::string version;
  std::string provider;
  int64_t most = 0;
  std::vector<std::string> types;
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "autoscalerVersion") {
      version = EventWalk::text(member);
    } else if (key == "cloudProviderType") {
      provider = EventWalk::text(member);
    } else if (key == "maxWorkers") {
      most = EventWalk::count(member);
    } else if (key == "availableNodeTypes") {
      walk.elements(member, [&](value type) {
        std::string name;
        int64_t least_of_type = 0;
        int64_t most_of_type = 0;
        walk.fields(type, [&](std::string_view inner, value part) {
          if (inner == "nodeTypeName") name = EventWalk::text(part);
          if (inner == "minWorkerNodes") least_of_type = EventWalk::count(part);
          if (inner == "maxWorkerNodes") most_of_type = EventWalk::count(part);
        });
        types.push_back(fmt::format("{} ({} to {})", name, least_of_type, most_of_type));
      });
    }
  });
  const std::string message =
      fmt::format("The autoscaler ({}, {}) may run {} worker nodes, of these types: {}.", version, provider,
                  most, types.empty() ? "none" : joined(types));
  report.message = walk.keep(bounded(message));
}

void read_scaling_decision(EventWalk& walk, value of, AutoscalerReportPiece& report) {
  std::vector<std::string> lines;
  std::vector<std::string> unfulfillable;
  std::string size;
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "launchActions") {
      walk.elements(member, [&](value each) {
        const Action action = read_action(walk, each);
        lines.push_back(fmt::format("Adding {} node(s) of type {}.", action.count, action.type));
      });
    } else if (key == "terminateActions") {
      walk.elements(member, [&](value each) {
        const Action action = read_action(walk, each);
        lines.push_back(fmt::format("Removing {} nodes of type {} ({}).", action.count, action.type,
                                    words_of_cause(action.cause)));
      });
    } else if (key == "clusterResourcesAfter") {
      size = size_text(walk.resources(member));
    } else if (key == "infeasibleResourceRequests") {
      const std::vector<std::string> requests = bundle_texts(walk, member);
      if (!requests.empty()) unfulfillable.push_back("resource requests " + joined(requests));
    } else if (key == "infeasibleGangResourceRequests") {
      walk.elements(member, [&](value gang) { read_gang(walk, gang, unfulfillable); });
    } else if (key == "infeasibleClusterResourceConstraints") {
      walk.elements(member, [&](value constraint) { read_constraint(walk, constraint, unfulfillable); });
    }
  });
  // The fields of an event come in any order.
  std::sort(lines.begin(), lines.end());
  std::sort(unfulfillable.begin(), unfulfillable.end());
  if (!lines.empty() && !size.empty()) lines.push_back(fmt::format("Resized to {}.", size));
  for (const std::string& what : unfulfillable) {
    lines.push_back(fmt::format(
        "No available node types can fulfill {}. Add suitable node types to this cluster to resolve this "
        "issue.",
        what));
  }
  report.is_warning = !unfulfillable.empty();
  report.message = walk.keep(bounded(fmt::format("{}", fmt::join(lines, "\n"))));
}

void read_node_provisioning(EventWalk& walk, value of, NodeProvisioning& provisioning) {
  std::vector<std::string> requested;
  std::vector<std::string> allocated;
  std::vector<Instance> failed;
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "requestedInstances") {
      walk.elements(member, [&](value each) {
        const Instance instance = read_instance(walk, each);
        requested.push_back(fmt::format(" {}, {} launching", instance.type, instance.count));
      });
    } else if (key == "allocatedInstances") {
      walk.elements(member, [&](value each) {
        const Instance instance = read_instance(walk, each);
        allocated.push_back(fmt::format(" {}: {}, allocated{}", instance.id, instance.type,
                                        instance.address.empty() ? "" : " (" + instance.address + ")"));
      });
    } else if (key == "failedInstances") {
      walk.elements(member, [&](value each) { failed.push_back(read_instance(walk, each)); });
    }
  });
  requested.insert(requested.end(), allocated.begin(), allocated.end());
  std::stable_sort(failed.begin(), failed.end(),
                   [](const Instance& a, const Instance& b) { return a.failed > b.failed; });
  std::vector<std::string> failures;
  failures.reserve(failed.size());
  for (const Instance& instance : failed) {
    failures.push_back(fmt::format(" {}: LaunchFailed (latest_attempt: {:%H:%M:%S}) - {}", instance.type,
                                   fmt::gmtime(static_cast<time_t>(instance.failed / kSecond)),
                                   instance.reason));
  }
  provisioning.pending = walk.keep(bounded(first_lines(requested)));
  provisioning.failed = walk.keep(bounded(first_lines(failures)));
}

}  // namespace rayhistory::historyserver
