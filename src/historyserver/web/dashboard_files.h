// The frontend of Ray's dashboard: the files of a folder, as the Ray wheel has them (ray/dashboard/client/
// build), but for three changes, each of which is left out where the files are not as Ray 2.60's:
//
//   - the index loads /api/history/page.js before Ray's script (api/session_summary.h);
//   - the page of logs offers dead nodes too: a store has their logs, where a cluster has not;
//   - the table of nodes links to the logs of dead nodes, for the same reason.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

// Which files there are is looked up once; only these are served, so that no path leads out of the folder.
// Immutable; any thread.
class DashboardFiles {
 public:
  // `not_found`: there is no index.html in the folder.
  static Result<DashboardFiles> open(const std::string& folder);
  // No files at all.
  DashboardFiles() = default;

  bool empty() const { return files_.empty(); }
  // `path` is decoded and begins with '/'; "/" is the index. Nothing where there is no such file.
  std::optional<Response> answer(std::string_view path) const;

 private:
  std::map<std::string, std::string, std::less<>> files_;  // "/static/js/main.js": where it is on the disk
};

}  // namespace rayhistory::historyserver
