// Finds out which Ray session and which raylet run on this node, and goes on watching: a restarted Ray container is
// a new session, a restarted raylet a new node ID within the same one.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "layout/ids.h"
#include "layout/local_path.h"

namespace rayhistory {

// What runs on this node, as far as it is known. `node` without `session` does not occur.
struct RunningNode {
  std::optional<SessionName> session;
  std::optional<NodeId> node;

  friend bool operator==(const RunningNode&, const RunningNode&) = default;
};

}  // namespace rayhistory
