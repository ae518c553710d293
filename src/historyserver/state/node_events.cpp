#include "historyserver/state/node_events.h"

#include <string_view>
#include <utility>

#include "historyserver/state/ray_id.h"

namespace rayhistory::historyserver {
namespace {

using simdjson::ondemand::value;
using Walk = EventWalk;

}  // namespace

void read_node_definition(Walk& walk, value of, NodePiece& node) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "nodeId") {
      node.node_id = walk.id(member, kNodeIdBytes);
    } else if (key == "nodeIpAddress") {
      node.ip_address = Walk::text(member);
    } else if (key == "hostname") {
      node.host_name = Walk::text(member);
    } else if (key == "nodeName") {
      node.name = Walk::text(member);
    } else if (key == "instanceId") {
      node.instance_id = Walk::text(member);
    } else if (key == "instanceTypeName") {
      node.instance_type = Walk::text(member);
    } else if (key == "labels") {
      node.labels = walk.map(member);
    } else if (key == "startTimestamp") {
      node.start_time = Walk::time(member);
    }
  });
}

void read_node_lifecycle(Walk& walk, value of, NodePiece& node) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "nodeId") node.node_id = walk.id(member, kNodeIdBytes);
    if (key != "stateTransitions") return;
    walk.elements(member, [&](value transition) {
      NodeChange change;
      walk.fields(transition, [&](std::string_view name, value part) {
        if (name == "state") {
          change.state = Walk::text(part);
        } else if (name == "timestamp") {
          change.time = Walk::time(part);
        } else if (name == "resources") {
          change.resources = walk.resources(part);
        } else if (name == "aliveSubState") {
          change.alive_sub_state = Walk::text(part);
        } else if (name == "deathInfo") {
          walk.fields(part, [&](std::string_view detail, value text) {
            if (detail == "reason") change.death_reason = Walk::text(text);
            if (detail == "reasonMessage") change.death_message = Walk::text(text);
          });
        }
      });
      if (!change.state.empty()) node.changes.push_back(std::move(change));
    });
  });
}

}  // namespace rayhistory::historyserver
