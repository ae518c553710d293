#include "historyserver/api/actor_pages.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/json_text.h"
#include "historyserver/api/json_value.h"
#include "historyserver/api/placement_group_resource.h"

namespace rayhistory::historyserver {
namespace {

// By the names that were asked for, whatever of a placement group they came out of.
void append_original_resources(std::string& json, const Resources& resources) {
  Resources original;
  for (const auto& [resource, amount] : resources) {
    const auto parsed = parse_placement_group_resource(resource);
    if (parsed.of_group && parsed.name == kBundleResource) continue;
    const auto known = std::find_if(original.begin(), original.end(),
                                    [&](const auto& each) { return each.first == parsed.name; });
    if (known == original.end()) {
      original.emplace_back(parsed.name, amount);
    } else {
      known->second = amount;
    }
  }
  append_resources(json, original);
}

// As Ray writes the ID of a node or a worker where there is none (src/ray/common/id.h NilID).
std::string_view id_or_nil(std::string_view id) {
  return id.empty() ? "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff" : id;
}

}  // namespace

void append_actor(std::string& json, const Actor& actor, const LastSeen& last_seen) {
  Comma comma;
  json += '{';
  append_key(json, comma, "actorId");
  append_json_string(json, actor.actor_id);
  append_key(json, comma, "jobId");
  append_json_string(json, actor.job_id);
  append_key(json, comma, "address");
  json += R"({"nodeId": )";
  append_json_string(json, id_or_nil(actor.shown_node_id()));
  json += R"(, "ipAddress": )";
  append_json_string(json, actor.ip_address);
  fmt::format_to(std::back_inserter(json), R"(, "port": {}, "workerId": )", actor.port);
  append_json_string(json, id_or_nil(actor.shown_worker_id()));
  json += '}';
  // A living actor's process says this of itself.
  if (actor.state == "ALIVE") {
    append_key(json, comma, "ipAddress");
    append_json_string(json, actor.ip_address);
    append_key(json, comma, "port");
    append_json_string(json, std::to_string(actor.port));
    append_key(json, comma, "workerId");
    append_json_string(json, actor.worker_id);
  }
  append_key(json, comma, "name");
  append_json_string(json, actor.name);
  append_key(json, comma, "className");
  append_json_string(json, actor.class_name);
  append_key(json, comma, "state");
  append_json_string(json, actor.state);
  append_key(json, comma, "numRestarts");
  append_json_string(json, std::to_string(actor.restarts));
  append_key(json, comma, "timestamp");
  // 0.0 of one that was never started.
  if (actor.last_change == 0) {
    append_float(json, 0);
  } else {
    append_float_milliseconds(json, actor.last_change);
  }
  append_key(json, comma, "pid");
  json += std::to_string(actor.pid);
  append_key(json, comma, "startTime");
  append_milliseconds(json, actor.start_time, "0");
  append_key(json, comma, "endTime");
  append_milliseconds(json, actor.end_time, "0");
  append_key(json, comma, "reprName");
  append_json_string(json, actor.repr_name);
  append_key(json, comma, "labelSelector");
  append_text_map(json, actor.label_selector);
  append_key(json, comma, "actorClass");
  append_json_string(json, actor.class_name);
  append_key(json, comma, "exitDetail");
  append_json_string(json, actor.exit_detail.empty() ? "-" : actor.exit_detail);
  append_key(json, comma, "requiredResources");
  append_original_resources(json, actor.required_resources);
  if (!actor.placement_group_id.empty()) {
    append_key(json, comma, "placementGroupId");
    append_json_string(json, actor.placement_group_id);
  }
  if (!actor.call_site.empty()) {
    append_key(json, comma, "callSite");
    append_json_string(json, actor.call_site);
  }
  // Of the process and its host nothing is stored.
  json += R"(, "gpus": [], "processStats": null, "mem": [], "tpus": [])";
  if (actor.end_time == 0 && actor.state != "DEAD") json += last_seen.member();
  json += '}';
}

Response actor_page(const SessionView& view, const Request& request) {
  const LastSeen last_seen(view);
  std::string data = R"({"actors": {)";
  Comma comma;
  if (const auto ids = request.query.get("ids")) {
    std::string_view left = *ids;
    while (!left.empty()) {
      const std::string_view id = left.substr(0, left.find(','));
      left.remove_prefix(std::min(left.size(), id.size() + 1));
      append_key(data, comma, id);
      if (const Actor* actor = view.state.find_actor(id)) {
        append_actor(data, *actor, last_seen);
      } else {
        data += "null";
      }
    }
  } else {
    for (const Actor& actor : view.state.actors) {
      append_key(data, comma, actor.actor_id);
      append_actor(data, actor, last_seen);
    }
  }
  data += "}}";
  return envelope(200, "All actors fetched.", data);
}

Response actor_detail(const SessionView& view, std::string_view id) {
  std::string data = R"({"detail": )";
  if (const Actor* actor = view.state.find_actor(id)) {
    append_actor(data, *actor, LastSeen(view));
  } else {
    data += "null";
  }
  data += '}';
  return envelope(200, "Actor details fetched.", data);
}

}  // namespace rayhistory::historyserver
