// What kind of thing is asked for and what became of it, for metrics: a few classes that differ in what they
// cost and mean, never a path.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace rayhistory::historyserver {

enum class RouteClass {
  health,    // /livez, /readyz, /readz
  sessions,  // /clusters, /select_cluster
  enter,     // /enter_cluster/…: waits until the session is loaded
  files,     // the dashboard's own
  tasks,     // /api/v0/tasks…: lists, summaries, timelines
  logs,
  api,        // everything else of the dashboard's API
  malformed,  // no HTTP request at all
};
inline constexpr size_t kRouteClasses = 8;

std::string_view name_of(RouteClass route);
// `path` is encoded, without a query; of a session's address (base_path.h) what is below it counts.
RouteClass route_class(std::string_view path);

enum class StatusClass {
  success,      // 2xx
  redirection,  // 3xx
  refusal,      // 4xx
  never,        // 501: what a stored session cannot have. The frontend asks for some of it on every page
  failure,      // all other 5xx
};
inline constexpr size_t kStatusClasses = 5;

std::string_view name_of(StatusClass status);
StatusClass status_class(int status);

}  // namespace rayhistory::historyserver
