// What the History Server is told about how to serve, once there is a store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.h"
#include "historyserver/live/head_dashboard.h"
#include "historyserver/live/kubernetes_client.h"
#include "historyserver/web/allowed_hosts.h"

namespace rayhistory::historyserver {

struct ServingSettings {
  std::string root;            // in front of every key; may be empty
  std::string listen_address;  // empty: all
  uint16_t listen_port = 0;    // 0 takes a free one
  AllowedHosts allowed_hosts;
  std::string metrics_address;  // empty: all
  uint16_t metrics_port = 0;    // 0: none
  std::string dashboard_folder;
  uint64_t memory_bytes = 0;  // 0: without a limit
  Nanoseconds load_time{};
  size_t cache_sessions = 0;
  uint64_t cache_bytes = 0;      // 0: without a limit
  Nanoseconds cache_lifetime{};  // 0: for ever
  // Whether running clusters are shown, too. What follows is of these.
  bool live_clusters = false;
  KubernetesRate kubernetes_rate;
  HeadDashboardOptions heads;
};

}  // namespace rayhistory::historyserver
