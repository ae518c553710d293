// What is asked of Ray's dashboard and stored. A query is a part of the key, so each must be what Ray's own
// pages ask for.
#pragma once

#include <array>
#include <string_view>

namespace rayhistory {

inline constexpr std::string_view kJobsEndpoint = "/api/jobs/";
inline constexpr std::string_view kServeEndpoint = "/api/serve/applications/";
inline constexpr std::string_view kPlacementGroupsEndpoint = "/api/v0/placement_groups?detail=1&limit=10000";
inline constexpr std::string_view kNodesEndpoint = "/nodes?view=summary";
inline constexpr std::string_view kStatusEndpoint = "/api/cluster_status?format=1";

// What does not change while a session runs.
inline constexpr std::array<std::string_view, 2> kOnceEndpoints = {"/api/v0/cluster_metadata", "/timezone"};
// What does. In the order of what would be missed most, should the dashboard end amid a round.
inline constexpr std::array<std::string_view, 5> kPolledEndpoints = {
    kJobsEndpoint, kServeEndpoint, kPlacementGroupsEndpoint, kNodesEndpoint, kStatusEndpoint};
// What events tell of where a collector takes them, and a snapshot has to ask for.
inline constexpr std::array<std::string_view, 2> kSnapshotEndpoints = {"/api/v0/tasks?detail=1&limit=10000",
                                                                       "/logical/actors"};

}  // namespace rayhistory
