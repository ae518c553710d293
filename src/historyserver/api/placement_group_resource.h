// What a placement group reserves is a resource of its own name on a node: "CPU_group_0_<group>" for a
// bundle's share and "CPU_group_<group>" for the whole group's (Ray: common/bundle_spec.h,
// autoscaler/_private/util.py parse_placement_group_resource_str).
#pragma once

#include <string_view>

namespace rayhistory::historyserver {

struct PlacementGroupResource {
  std::string_view name;  // "CPU"; of anything else, the resource itself
  bool of_group = false;
  bool of_bundle = false;  // counted in the group's, too
};

PlacementGroupResource parse_placement_group_resource(std::string_view resource);

// A resource that stands for a group's bundle, not for anything that a task asks for.
inline constexpr std::string_view kBundleResource = "bundle";

}  // namespace rayhistory::historyserver
