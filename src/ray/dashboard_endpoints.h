// The collector asks Ray's dashboard for these, and stores the answers. A query is a part of the key, so each
// must be what Ray's own pages ask for.
#pragma once

#include <array>
#include <string_view>

namespace rayhistory::collector {

inline constexpr std::string_view kJobsEndpoint = "/api/jobs/";
inline constexpr std::string_view kServeEndpoint = "/api/serve/applications/";
inline constexpr std::string_view kPlacementGroupsEndpoint = "/api/v0/placement_groups?detail=1&limit=10000";
inline constexpr std::string_view kNodesEndpoint = "/nodes?view=summary";
inline constexpr std::string_view kStatusEndpoint = "/api/cluster_status?format=1";
// Ray Train's runs. Where there has been none, Ray answers 500.
inline constexpr std::string_view kTrainEndpoint = "/api/train/v2/runs/v1";

inline constexpr std::string_view kMetadataEndpoint = "/api/v0/cluster_metadata";

// These answers do not change while a session runs.
inline constexpr std::array<std::string_view, 2> kOnceEndpoints = {kMetadataEndpoint, "/timezone"};
// These do. They stand in the order in which they would be missed most, should the dashboard end amid a
// round.
inline constexpr std::array<std::string_view, 6> kPolledEndpoints = {
    kJobsEndpoint, kServeEndpoint, kPlacementGroupsEndpoint, kNodesEndpoint, kStatusEndpoint, kTrainEndpoint};
// A snapshot asks for these too; a collector learns the same from events.
inline constexpr std::array<std::string_view, 2> kSnapshotEndpoints = {"/api/v0/tasks?detail=1&limit=10000",
                                                                       "/logical/actors"};

}  // namespace rayhistory::collector
