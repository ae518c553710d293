// Whether a raylet runs on this node.
#pragma once

#include <string>

namespace rayhistory {

// Something listens on the unix socket at `socket_path` (RayFolder::raylet_socket). Does not wait, any
// thread. A path may be longer than the 107 characters that a socket address holds.
bool raylet_is_listening(const std::string& socket_path);

}  // namespace rayhistory
