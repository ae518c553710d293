// Whether a session has ended, and what that says of the things in it that have no end of their own.
#pragma once

#include <optional>
#include <string>

#include "historyserver/api/session_view.h"

namespace rayhistory::historyserver {

// When the store got the session's newest object, by its own clock; nothing where it does not say.
std::optional<UnixNanoseconds> last_stored(const SessionListing& listing);

// Nothing was stored for five minutes: while a session runs, its collector stores something each minute.
bool has_ended(const SessionView& view);

// What answers carry beside Ray's own fields, in a session that has ended: a task, an actor, a job or a node
// without an end was there until the session was seen last, at least as far as is known.
class LastSeen {
 public:
  explicit LastSeen(const SessionView& view);

  // `, "rayhistory_last_seen_ms": 1795404332920`; nothing while the session may run, and where no event tells
  // a time.
  const std::string& member() const { return member_; }

 private:
  std::string member_;
};

}  // namespace rayhistory::historyserver
