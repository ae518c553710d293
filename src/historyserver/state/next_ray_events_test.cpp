// Events that Ray's .proto files have and Ray 2.60 does not send, and events that no .proto file has yet.
#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "historyserver/state/event_reader.h"
#include "historyserver/state/event_text.h"
#include "historyserver/state/session_builder.h"

namespace rayhistory::historyserver {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr std::string_view kGroup = "573641eac119abb40d501790674a02000000";

std::shared_ptr<SessionState> state_of(const std::vector<std::string>& events) {
  SessionBuilder builder;
  EventReader reader(builder);
  for (const std::string& event : events) {
    const std::string padded = event + std::string(kEventPadding, ' ');
    EXPECT_TRUE(reader.read(std::string_view(padded).substr(0, event.size()))) << event;
  }
  return *builder.build(Deadline::never());
}

std::string group_definition() {
  return R"({"eventType": "PLACEMENT_GROUP_DEFINITION_EVENT", "placementGroupDefinitionEvent": {)"
         R"("placementGroupId": "573641eac119abb40d501790674a02000000", "name": "pgx", "isDetached": true, )"
         R"("creatorJobId": "AgAAAA==", "creationRequestReceivedNs": "1795404343530653296", "bundles": [)"
         R"({"bundleIndex": 1, "unitResources": {"my_res": 2}, "labelSelector": {"job_id": "in_a"}}, )"
         R"({"bundleIndex": 0, "unitResources": {"CPU": 0.5}, "labelSelector": {}}]}})";
}

std::string group_change(std::string_view state, int second, std::string_view scheduling, int attempt) {
  return fmt::format(
      R"({{"placement_group_lifecycle_event": {{"placement_group_id": "{}", "state_transitions": [)"
      R"({{"state": "{}", "timestamp": "2026-11-23T03:26:{:02}Z", "scheduling_state": "{}", )"
      R"("scheduling_attempt": {}, "highest_retry_delay_ms": 1.5}}]}}}})",
      kGroup, state, second, scheduling, attempt);
}

std::string text_of(const PlacementGroup& group) {
  std::string text =
      fmt::format("{} {} {} {} {} {} {} {} {}", group.placement_group_id, group.name, group.creator_job_id,
                  group.is_detached, group.requested, group.state, group.scheduling_state,
                  group.scheduling_attempt, group.highest_retry_delay_ms);
  for (const PlacementGroupBundle& bundle : group.bundles) {
    text += fmt::format(" [{}", bundle.index);
    for (const auto& [name, amount] : bundle.unit_resources)
      text += fmt::format(" {}={}", name, amount);
    for (const auto& [label, value] : bundle.label_selector)
      text += fmt::format(" {}:{}", label, value);
    text += "]";
  }
  return text;
}

TEST(NextRayEvents, TellOfAPlacementGroupInAnyOrderAndHoweverOften) {
  std::vector<std::string> events = {group_definition(), group_change("PENDING", 1, "QUEUED", 0),
                                     group_change("PREPARED", 2, "SCHEDULING_STARTED", 1),
                                     group_change("CREATED", 2, "FINISHED", 1)};
  std::mt19937 random(5);
  for (int i = 0; i < 10; ++i) {
    const auto state = state_of(events);
    ASSERT_EQ(state->placement_groups.size(), 1u);
    EXPECT_EQ(text_of(state->placement_groups[0]),
              "573641eac119abb40d501790674a02000000 pgx 02000000 true 1795404343530653296 CREATED FINISHED 1 "
              "1.5 [0 CPU=0.5] [1 my_res=2 job_id:in_a]");
    EXPECT_EQ(state->last_seen, 1'795'404'362'000'000'000);
    EXPECT_EQ(state->unknown_events.total(), 0u);
    events.push_back(events[random() % events.size()]);
    std::shuffle(events.begin(), events.end(), random);
  }
}

TEST(NextRayEvents, ARemovedPlacementGroupStaysSo) {
  const auto state = state_of({group_change("REMOVED", 3, "SCHEDULING_REMOVED", 1),
                               group_change("RESCHEDULING", 4, "QUEUED", 2), group_definition()});
  EXPECT_EQ(state->placement_groups.at(0).state, "REMOVED");
}

TEST(NextRayEvents, ATransitionWithoutAStateIsTheFirstOne) {
  const auto state = state_of({fmt::format(
      R"({{"placementGroupLifecycleEvent": {{"placementGroupId": "{}", "stateTransitions": [{{"timestamp": )"
      R"("2026-11-23T03:26:01Z"}}]}}}})",
      kGroup)});
  EXPECT_EQ(state->placement_groups.at(0).state, "PENDING");
  EXPECT_EQ(state->placement_groups.at(0).scheduling_state, "QUEUED");
}

std::string envelope_of(std::string_view id, std::string_view payload) {
  return fmt::format(R"({{"event_id": "{}", "timestamp": "2026-11-23T03:26:40Z", {}}})", id, payload);
}

TEST(NextRayEvents, TellWhatTheAutoscalerDecided) {
  const std::string decision = envelope_of(
      "two",
      R"("autoscalerScalingDecisionEvent": {)"
      R"("launchActions": [{"instanceType": "small", "count": 2}], )"
      R"("terminateActions": [{"cause": "IDLE", "instanceType": "gpu", "count": 1}], )"
      R"("clusterResourcesAfter": {"CPU": 12.0, "GPU": 1}, )"
      R"("infeasibleResourceRequests": [{"resources": {"CPU": 100.0, "my_res": 0.5}, "count": "3", )"
      R"("labelConstraints": [{"labelKey": "zone", "operator": "IN", "values": ["a", "b"]}]}], )"
      R"("infeasibleGangResourceRequests": [{"bundles": [{"resources": {"TPU": 4}}], "details": "pgx"}], )"
      R"("infeasibleClusterResourceConstraints": [{"resourceRequests": [{"request": {"resources": )"
      R"({"CPU": 1, "memory": 1e300}}, "count": 7}]}]})");
  const std::string config = envelope_of(
      "one", R"("autoscaler_config_definition_event": {)"
             R"("autoscaler_version": "V2", "cloud_provider_type": "kuberay", "max_workers": 10, )"
             R"("available_node_types": [{"node_type_name": "small", "max_worker_nodes": 4}]})");
  // A decision to change nothing is no news.
  const std::string nothing =
      envelope_of("none", R"("autoscalerScalingDecisionEvent": {"clusterResourcesAfter": {"CPU": 1}})");
  const auto state = state_of({decision, decision, config, nothing});
  ASSERT_EQ(state->autoscaler_reports.size(), 2u);
  EXPECT_EQ(state->autoscaler_reports[0].message,
            "The autoscaler (V2, kuberay) may run 10 worker nodes, of these types: small (0 to 4).");
  EXPECT_FALSE(state->autoscaler_reports[0].is_warning);
  const std::string_view end = ". Add suitable node types to this cluster to resolve this issue.";
  EXPECT_EQ(
      state->autoscaler_reports[1].message,
      fmt::format(
          "Adding 2 node(s) of type small.\nRemoving 1 nodes of type gpu (idle).\nResized to 12 CPUs, 1 "
          "GPUs.\nNo available node types can fulfill cluster constraint: {{'CPU': 1.0, 'memory': "
          "1e+300}}*7{0}\nNo available "
          "node types can fulfill placement group requests (detail=pgx): {{'TPU': 4.0}}*1{0}\nNo available "
          "node types can fulfill resource requests {{'CPU': 100.0, 'my_res': 0.5}}*3 with label selectors: "
          "[zone IN [a,b]]{0}",
          end));
  EXPECT_TRUE(state->autoscaler_reports[1].is_warning);
}

TEST(NextRayEvents, TellWhichNodesAreStillToCome) {
  const auto provisioning = [](int second, std::string_view members) {
    return fmt::format(
        R"({{"timestamp": "2026-11-23T03:26:{:02}Z", "autoscalerNodeProvisioningEvent": {{{}}}}})", second,
        members);
  };
  const std::string later = provisioning(
      2,
      R"("requestedInstances": [{"rayNodeTypeName": "small", "count": 2}], )"
      R"("allocatedInstances": [{"rayNodeTypeName": "gpu", "instanceId": "i-1", "ipAddress": "10.0.0.9"}], )"
      R"("failedInstances": [{"rayNodeTypeName": "big", "reason": "no quota", )"
      R"("failedTs": "2026-11-23T03:25:07Z"}])");
  const std::string earlier =
      provisioning(1, R"("requestedInstances": [{"rayNodeTypeName": "old", "count": 1}])");
  for (const auto& events : {std::vector{later, earlier}, std::vector{earlier, later, later}}) {
    const auto state = state_of(events);
    EXPECT_EQ(state->provisioning.pending, " small, 2 launching\n i-1: gpu, allocated (10.0.0.9)\n");
    EXPECT_EQ(state->provisioning.failed, " big: LaunchFailed (latest_attempt: 03:25:07) - no quota\n");
  }
  std::string many;
  for (int i = 0; i < 25; ++i)
    many += fmt::format(R"({}{{"rayNodeTypeName": "t{}", "count": 1}})", i == 0 ? "" : ", ", i);
  const auto state = state_of({provisioning(3, fmt::format(R"("requestedInstances": [{}])", many))});
  EXPECT_THAT(std::string(state->provisioning.pending),
              testing::EndsWith(" t19, 1 launching\n and 5 more\n"));
}

TEST(NextRayEvents, ThatSayTooMuchAreCutBetweenTwoCharacters) {
  std::string name = "x";  // so that the limit falls amid a character
  for (int i = 0; i < 20'000; ++i)
    name += "\u00fc";
  const auto state =
      state_of({envelope_of("one", fmt::format(R"("autoscalerScalingDecisionEvent": {{"launchActions": [)"
                                               R"({{"instanceType": "{}", "count": 1}}]}})",
                                               name)),
                fmt::format(R"({{"timestamp": "2026-11-23T03:26:00Z", "autoscalerNodeProvisioningEvent": )"
                            R"({{"failedInstances": [{{"reason": "{}"}}]}}}})",
                            name)});
  for (const std::string_view text : {state->autoscaler_reports.at(0).message, state->provisioning.failed}) {
    EXPECT_LE(text.size(), 16U * 1024);
    EXPECT_GE(text.size(), 16U * 1024 - 1);
    EXPECT_EQ(text.substr(text.size() - 2), "\u00fc");
  }
}

TEST(NextRayEvents, OfUnknownTypesAreCountedByType) {
  const auto state = state_of({R"({"eventType": "NEW_EVENT", "newEvent": {"taskId": "x"}})",
                               R"({"event_type": "NEW_EVENT", "new_event": {}})",
                               R"({"eventType": "OTHER_EVENT"})", R"({"eventType": 7})", R"({})",
                               R"({"eventType": "<script>alert(1)</script>"})", group_definition()});
  EXPECT_THAT(state->unknown_events.of_type, ElementsAre(Pair("NEW_EVENT", 2), Pair("OTHER_EVENT", 1)));
  EXPECT_EQ(state->unknown_events.of_other_types, 3u);
  EXPECT_EQ(state->unknown_events.total(), 6u);
}

TEST(NextRayEvents, OfManyUnknownTypesTheFirstAreNamedWhateverTheirOrder) {
  std::vector<std::string> events;
  for (int i = 0; i < 50; ++i) {
    for (int times = 0; times <= i % 3; ++times)
      events.push_back(fmt::format(R"({{"eventType": "TYPE_{:02}"}})", i));
  }
  events.push_back(fmt::format(R"({{"eventType": "{}"}})", std::string(1000, 'A')));
  std::mt19937 random(7);
  for (int i = 0; i < 5; ++i) {
    const auto state = state_of(events);
    ASSERT_EQ(state->unknown_events.of_type.size(), 20u);
    EXPECT_EQ(state->unknown_events.of_type.begin()->first, "TYPE_00");
    EXPECT_EQ(state->unknown_events.of_type.rbegin()->first, "TYPE_19");
    EXPECT_EQ(state->unknown_events.of_type.at("TYPE_17"), 3u);
    EXPECT_EQ(state->unknown_events.total(), events.size());
    std::shuffle(events.begin(), events.end(), random);
  }
}

}  // namespace
}  // namespace rayhistory::historyserver
