#include "historyserver/api/dashboard_api.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "historyserver/api/actor_pages.h"
#include "historyserver/api/actor_table.h"
#include "historyserver/api/cluster_status.h"
#include "historyserver/api/datasets.h"
#include "historyserver/api/fetched_endpoint.h"
#include "historyserver/api/job_list.h"
#include "historyserver/api/log_events.h"
#include "historyserver/api/node_pages.h"
#include "historyserver/api/node_table.h"
#include "historyserver/api/object_table.h"
#include "historyserver/api/placement_group_table.h"
#include "historyserver/api/platform_events.h"
#include "historyserver/api/runtime_env_table.h"
#include "historyserver/api/session_facts.h"
#include "historyserver/api/session_summary.h"
#include "historyserver/api/task_summary.h"
#include "historyserver/api/task_table.h"
#include "historyserver/api/timeline.h"
#include "historyserver/api/train_runs.h"
#include "historyserver/api/worker_table.h"

namespace rayhistory::historyserver {
namespace {

using Handler = Response (*)(const SessionView&, const Request&);

// What is the same for every session that has ended.
constexpr std::string_view kUsageStats = R"({"usageStatsEnabled": false, "usageStatsPromptEnabled": false})";
constexpr std::string_view kProfiling =
    R"({"profilingEnabled": false, "profilingDefaults": {"native": false, "subprocesses": false, "idle": false, )"
    R"("leaks": false, "tracePythonAllocators": false, "cpuDuration": 5, "memoryDuration": 10, )"
    R"("maxDuration": 60, "cpuFormat": "flamegraph", "memoryFormat": "flamegraph", )"
    R"("pyspyNativeSupported": false}})";

Response never(const SessionView&, const Request&) {
  return text_response(501, "This session has ended: only a running cluster can answer this.");
}

struct Route {
  std::string_view path;  // without the slashes at its end
  Handler handler;
};

constexpr std::array kRoutes{
    Route{"/api/v0/tasks", list_tasks},
    Route{"/api/v0/tasks/summarize", summarize_tasks},
    Route{"/api/v0/tasks/timeline", task_timeline},
    Route{"/api/v0/actors", list_actors},
    Route{"/api/v0/actors/summarize", summarize_actors},
    Route{"/api/v0/jobs", list_jobs},
    Route{"/api/v0/nodes", list_nodes},
    Route{"/api/v0/workers", list_workers},
    Route{"/api/v0/placement_groups", list_placement_groups},
    Route{"/api/v0/runtime_envs", list_runtime_envs},
    Route{"/api/v0/cluster_events", list_cluster_events},
    Route{"/api/v0/objects", [](const SessionView&, const Request& r) { return list_objects(r); }},
    Route{"/api/v0/objects/summarize",
          [](const SessionView&, const Request&) { return summarize_objects(); }},
    Route{"/api/v0/cluster_metadata",
          [](const SessionView& v, const Request&) { return cluster_metadata(v); }},
    Route{"/api/v0/runtime_env_redaction",
          [](const SessionView&, const Request&) {
            return envelope(200, "", R"({"redactionEnabled": true})");
          }},
    Route{"/api/v0/platform_events", [](const SessionView& v, const Request&) { return platform_events(v); }},
    Route{"/api/jobs", [](const SessionView& v, const Request&) { return all_jobs(v); }},
    Route{"/api/cluster_status", cluster_status},
    Route{"/api/version", [](const SessionView& v, const Request&) { return ray_version(v); }},
    Route{"/api/ray/version", [](const SessionView& v, const Request&) { return ray_version(v); }},
    Route{"/api/component_activities",
          [](const SessionView& v, const Request&) { return component_activities(v); }},
    Route{"/api/profiling_enabled",
          [](const SessionView&, const Request&) { return envelope(200, "", kProfiling); }},
    Route{"/api/authentication_mode",
          [](const SessionView&, const Request&) {
            return Response{.body = R"({"authentication_mode": "disabled"})"};
          }},
    Route{"/api/serve/applications",
          [](const SessionView& v, const Request&) {
            return fetched_or(v, "/api/serve/applications/", {.body = R"({"applications": {}})"});
          }},
    Route{"/api/train/v2/runs",
          [](const SessionView& v, const Request&) {
            return fetched_or(
                v, "/api/train/v2/runs",
                text_response(501, "No state of Ray Train's first version is stored of this session."));
          }},
    Route{"/api/train/v2/runs/v1", [](const SessionView& v, const Request&) { return list_train_runs(v); }},
    Route{"/api/history/session", [](const SessionView& v, const Request&) { return session_summary(v); }},
    Route{"/api/history/page.js", [](const SessionView& v, const Request&) { return session_script(v); }},
    Route{"/logical/actors", actor_page},
    Route{"/nodes", node_page},
    Route{"/events", event_page},
    Route{"/timezone", [](const SessionView& v, const Request&) { return timezone(v); }},
    Route{"/cluster_id", [](const SessionView& v, const Request&) { return cluster_id(v); }},
    Route{"/usage_stats_enabled",
          [](const SessionView&, const Request&) {
            return envelope(200, "Fetched usage stats enabled", kUsageStats);
          }},
    // The pages take anything but 200 as "not set up".
    Route{"/api/grafana_health", never},
    Route{"/api/prometheus_health", never},
    Route{"/api/gcs_healthz", never},
    Route{"/api/healthz", never},
    Route{"/api/local_raylet_healthz", never},
    Route{"/api/prometheus/sd", never},
    Route{"/test/dump", never},
    Route{"/memory_profile", never},
    Route{"/worker/traceback", never},
    Route{"/worker/cpu_profile", never},
    Route{"/worker/gpu_profile", never},
    Route{"/worker/memory_profile", never},
    Route{"/task/traceback", never},
    Route{"/task/cpu_profile", never},
};

// A websocket, live. Behind Ray's dashboard, a 404 would follow another cluster's job of that name.
bool is_followed_log(std::string_view path) {
  return path.starts_with("/api/jobs/") && path.ends_with("/logs/tail");
}

// What comes after `prefix`, where that is one name.
std::optional<std::string_view> name_after(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return std::nullopt;
  path.remove_prefix(prefix.size());
  if (path.empty() || path.find('/') != std::string_view::npos) return std::nullopt;
  return path;
}

Response any_other(const SessionView& view, std::string_view path) {
  constexpr std::array<std::string_view, 5> kOnlyLive{"/task/", "/worker/", "/api/packages/",
                                                      "/api/v0/delay/", "/api/job_agent/"};
  if (std::any_of(kOnlyLive.begin(), kOnlyLive.end(),
                  [&](std::string_view prefix) { return path.starts_with(prefix); }) ||
      is_followed_log(path)) {
    return never(view, {});
  }
  if (!path.starts_with("/api/")) return text_response(404, "404: Not Found");
  return fetched_or(view, path, text_response(404, "Endpoint data not found in storage"));
}

}  // namespace

Response answer(const Request& request, const SessionView& view) {
  if (request.method == Method::other) {
    Response refused = text_response(
        405, "405: Method Not Allowed. This session has ended: it can be looked at, and not changed.");
    refused.headers.emplace_back("Allow", "GET, HEAD");
    return refused;
  }
  std::string_view path = request.path;
  while (path.size() > 1 && path.ends_with('/'))
    path.remove_suffix(1);
  const auto route =
      std::find_if(kRoutes.begin(), kRoutes.end(), [&](const Route& each) { return each.path == path; });
  if (route != kRoutes.end()) return route->handler(view, request);
  if (const auto id = name_after(path, "/api/jobs/")) return one_job(view, *id);
  if (const auto id = name_after(path, "/logical/actors/")) return actor_detail(view, *id);
  if (const auto id = name_after(path, "/nodes/")) return node_detail(view, *id);
  if (const auto job = name_after(path, "/api/data/datasets/")) return list_datasets(view, *job);
  return any_other(view, path);
}

std::vector<std::string_view> dashboard_paths() {
  std::vector<std::string_view> paths;
  paths.reserve(kRoutes.size());
  for (const Route& route : kRoutes)
    paths.push_back(route.path);
  return paths;
}

}  // namespace rayhistory::historyserver
