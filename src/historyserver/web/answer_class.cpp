#include "historyserver/web/answer_class.h"

#include <algorithm>

namespace rayhistory::historyserver {
namespace {

constexpr std::string_view kSessionPrefix = "/c/";
constexpr int kSessionParts = 4;  // namespace, kind, name, session

// What follows the session's address; `path` itself where it is below none.
std::string_view below_session(std::string_view path) {
  if (!path.starts_with(kSessionPrefix)) return path;
  std::string_view rest = path.substr(kSessionPrefix.size() - 1);
  for (int part = 0; part < kSessionParts; ++part)
    rest.remove_prefix(std::min(rest.find('/', 1), rest.size()));
  return rest;
}

bool is_or_is_below(std::string_view path, std::string_view place) {
  return path.starts_with(place) && (path.size() == place.size() || path[place.size()] == '/');
}

bool is_job_log(std::string_view path) {
  return path.starts_with("/api/jobs/") && path.ends_with("/logs");
}

}  // namespace

std::string_view name_of(RouteClass route) {
  constexpr std::array<std::string_view, kRouteClasses> kNames = {"health", "sessions", "enter", "files",
                                                                  "tasks",  "logs",     "api",   "malformed"};
  return kNames.at(static_cast<size_t>(route));
}

RouteClass route_class(std::string_view path) {
  if (path == "/livez" || path == "/readyz" || path == "/readz") return RouteClass::health;
  if (is_or_is_below(path, "/clusters") || path.starts_with("/select_cluster")) return RouteClass::sessions;
  if (is_or_is_below(path, "/enter_cluster")) return RouteClass::enter;
  path = below_session(path);
  if (is_or_is_below(path, "/api/v0/tasks")) return RouteClass::tasks;
  if (is_or_is_below(path, "/api/v0/logs") || is_job_log(path)) return RouteClass::logs;
  // index.html, the frontend's scripts and styles, speedscope's: of the API nothing lies there.
  if (path.empty() || path == "/" || path == "/index.html" || path == "/favicon.ico" ||
      path.starts_with("/static/") || path.starts_with("/speedscope-"))
    return RouteClass::files;
  return RouteClass::api;
}

std::string_view name_of(StatusClass status) {
  constexpr std::array<std::string_view, kStatusClasses> kNames = {"2xx", "3xx", "4xx", "501", "5xx"};
  return kNames.at(static_cast<size_t>(status));
}

StatusClass status_class(int status) {
  if (status == 501) return StatusClass::never;
  if (status >= 500) return StatusClass::failure;
  if (status >= 400) return StatusClass::refusal;
  if (status >= 300) return StatusClass::redirection;
  return StatusClass::success;
}

}  // namespace rayhistory::historyserver
