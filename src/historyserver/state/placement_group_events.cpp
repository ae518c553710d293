#include "historyserver/state/placement_group_events.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace rayhistory::historyserver {
namespace {

using simdjson::ondemand::value;

// Protobuf may leave out what has an enumeration's first value.
constexpr std::string_view kFirstState = "PENDING";
constexpr std::string_view kFirstSchedulingState = "QUEUED";

PlacementGroupBundle read_bundle(EventWalk& walk, value of) {
  PlacementGroupBundle bundle;
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "bundleIndex") {
      bundle.index = EventWalk::number(member).value_or(0);
    } else if (key == "unitResources") {
      bundle.unit_resources = walk.resources(member);
    } else if (key == "labelSelector") {
      bundle.label_selector = walk.map(member);
    }
  });
  return bundle;
}

PlacementGroupChange read_transition(EventWalk& walk, value of) {
  PlacementGroupChange change{
      .time = 0, .state = kFirstState, .scheduling_state = kFirstSchedulingState, .scheduling_attempt = 0};
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "state") {
      change.state = EventWalk::text(member);
    } else if (key == "timestamp") {
      change.time = EventWalk::time(member);
    } else if (key == "schedulingState") {
      change.scheduling_state = EventWalk::text(member);
    } else if (key == "schedulingAttempt") {
      change.scheduling_attempt = EventWalk::count(member);
    } else if (key == "highestRetryDelayMs") {
      change.highest_retry_delay_ms = EventWalk::amount(member).value_or(0);
    }
  });
  return change;
}

}  // namespace

void read_placement_group_definition(EventWalk& walk, value of, PlacementGroupPiece& group) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "placementGroupId") {
      group.placement_group_id = walk.id(member, kPlacementGroupIdBytes);
    } else if (key == "name") {
      group.name = EventWalk::text(member);
    } else if (key == "creatorJobId") {
      group.creator_job_id = walk.id_unless_nil(member, kJobIdBytes);
    } else if (key == "isDetached") {
      group.is_detached = EventWalk::truth(member).value_or(false);
    } else if (key == "creationRequestReceivedNs") {
      group.requested = EventWalk::count(member);
    } else if (key == "bundles") {
      walk.elements(member, [&](value bundle) { group.bundles.push_back(read_bundle(walk, bundle)); });
    }
  });
  std::stable_sort(
      group.bundles.begin(), group.bundles.end(),
      [](const PlacementGroupBundle& a, const PlacementGroupBundle& b) { return a.index < b.index; });
}

void read_placement_group_lifecycle(EventWalk& walk, value of, PlacementGroupPiece& group) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "placementGroupId") group.placement_group_id = walk.id(member, kPlacementGroupIdBytes);
    if (key != "stateTransitions") return;
    walk.elements(member, [&](value transition) {
      PlacementGroupChange change = read_transition(walk, transition);
      if (!change.state.empty()) group.changes.push_back(change);
    });
  });
}

}  // namespace rayhistory::historyserver
