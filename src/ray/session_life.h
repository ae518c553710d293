// Whether what answers on this node still belongs to a session.
#pragma once

#include "layout/ids.h"
#include "layout/local_path.h"

namespace rayhistory::collector {

enum class SessionLife {
  alive,   // its raylet listens
  ending,  // its raylet does not, or not yet: Ray's other processes may still answer for a second or two
  over,    // session_latest names another one: so may whatever answers
};

// A single look, any thread. Ray makes session_latest before it starts the new session's processes, so an
// answer that came before a look that does not say `over` is the session's own.
SessionLife life_of(const RayFolder& folder, const SessionName& session);

}  // namespace rayhistory::collector
