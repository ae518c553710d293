#include "historyserver/logs/log_names.h"

#include <map>
#include <set>
#include <vector>

#include "base/json_text.h"
#include "historyserver/exchange/shown_name.h"
#include "historyserver/logs/log_generations.h"

namespace rayhistory::historyserver {
namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

std::string_view category_of(std::string_view path) {
  if (has(path, "worker") && path.ends_with(".out")) return "worker_out";
  if (has(path, "worker") && path.ends_with(".err")) return "worker_err";
  if (has(path, "core-worker") && path.ends_with(".log")) return "core_worker";
  if (has(path, "core-driver") && path.ends_with(".log")) return "driver";
  if (has(path, "raylet.")) return "raylet";
  if (has(path, "gcs_server.")) return "gcs_server";
  if (has(path, "log_monitor")) return "internal";
  if (has(path, "monitor")) return "autoscaler";
  if (has(path, "agent.")) return "agent";
  if (has(path, "dashboard.")) return "dashboard";
  return "internal";
}

Result<std::string> log_names_json(const SessionListing& listing, const NodeId& node, const LogGlob& glob) {
  const std::string folder = node.str() + "/logs/";
  const size_t path_begins = listing.session.prefix.size() + folder.size();
  std::set<std::string> names;  // as they are shown; a folder's with its slash
  GlobEffort effort;
  const std::map<std::string, std::string> under_two_names = generations_under_two_names(listing, node);
  const auto shown_path = [&](std::string_view key) { return shown_name(key.substr(path_begins)); };
  for (const ListedObject* object : listing.below(folder)) {
    if (effort.is_too_much()) {
      return Error{
          ErrorKind::invalid,
          "Invalid glob filter: it is too complex for the many logs of this node. Use a simpler one, such as "
          "*part-of-the-name*."};
    }
    const auto twin = under_two_names.find(object->key);
    if (twin != under_two_names.end() && glob.matches(shown_path(twin->second), effort)) continue;
    const std::string path = shown_path(object->key);
    // Each folder on the way; an object that ends in a slash is the marker of one.
    for (size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1))
      if (slash > 0 && glob.matches(path.substr(0, slash), effort)) names.insert(path.substr(0, slash + 1));
    if (!path.empty() && !path.ends_with('/') && !glob.folders_only() && glob.matches(path, effort))
      names.insert(path);
  }

  std::map<std::string_view, std::vector<std::string_view>> by_category;
  for (const std::string& name : names)
    by_category[category_of(name)].push_back(name);
  std::string json = "{";
  for (const auto& [category, members] : by_category) {
    if (json.size() > 1) json += ", ";
    append_json_string(json, category);
    std::string_view separator = ": [";
    for (const std::string_view name : members) {
      json += separator;
      append_json_string(json, name);
      separator = ", ";
    }
    json += ']';
  }
  json += '}';
  return json;
}

}  // namespace rayhistory::historyserver
