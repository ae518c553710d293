// Whether a raylet runs on this node.
#pragma once

#include "base/shared_tree.h"
#include "layout/ids.h"
#include "layout/local_path.h"

namespace rayhistory::collector {

// Something listens on the unix socket (RayFolder::raylet_socket). Does not wait, any thread. A path may be
// longer than the 107 characters that a socket address holds.
bool raylet_is_listening(const SharedPath& socket);

// The same, by the session that the raylet runs in.
bool raylet_lives(const RayFolder& folder, const SessionName& session);

}  // namespace rayhistory::collector
