// What decides which journal file an event goes to.
#pragma once

#include <compare>
#include <optional>

#include "layout/ids.h"
#include "layout/local_path.h"

namespace rayhistory::collector {

struct JournalPlace {
  SessionName session;  // unknown_session(), node below: not known yet
  JournalKind kind;
  std::optional<JobId> job;
  NodeId node;

  bool is_known() const { return session != unknown_session() && node != unknown_node(); }
  friend auto operator<=>(const JournalPlace&, const JournalPlace&) = default;
};

}  // namespace rayhistory::collector
