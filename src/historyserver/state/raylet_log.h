// The first lines of a node's raylet.out name the folder of the session on that node.
#pragma once

#include <string_view>

namespace rayhistory::historyserver {

// True if `path`, which begins below the session, is that of a node's raylet.out.
bool is_raylet_log(std::string_view path);

// Returns the folder of the session on the node, "/tmp/ray/session_…". The raylet names it as the place into
// which its object store spills over (Ray: object_manager/plasma/store_runner.cc). The text is empty where
// these lines do not name the folder, or where Ray was started with another place for its objects.
std::string_view session_folder_in(std::string_view raylet_log_begin, std::string_view session);

}  // namespace rayhistory::historyserver
