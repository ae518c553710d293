// What /clusters answers.
#pragma once

#include <string>
#include <vector>

#include "historyserver/live/ray_cluster.h"
#include "historyserver/sessions/session_list.h"

namespace rayhistory::historyserver {

// A JSON array, in KubeRay's form: what runs, in Kubernetes' order, then what is stored, the newest session
// first.
std::string clusters_json(const std::vector<RayCluster>& running, const SessionList& stored);

}  // namespace rayhistory::historyserver
