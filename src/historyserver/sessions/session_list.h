// Which sessions the store has, as their markers tell.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "historyserver/sessions/session_address.h"
#include "historyserver/sessions/stored_session.h"
#include "store/store.h"

namespace rayhistory {

struct FoundSession {
  StoredSession session;
  int64_t begin_seconds = 0;  // session_begin()
};

// All sessions of a store at one moment. Immutable; any thread.
class SessionList {
 public:
  explicit SessionList(std::vector<FoundSession> sessions);

  // The newest first; of equal age, by key.
  const std::vector<FoundSession>& all() const { return sessions_; }
  // By the cluster's name whoever owns it, or by the owner's kind and name. Null where there is none.
  const FoundSession* find(const SessionAddress& address) const;

 private:
  std::vector<FoundSession> sessions_;
  std::map<std::string, std::vector<size_t>, std::less<>>
      by_cluster_;  // SessionAddress::cluster(); newest first
};

// Reads the markers below `root`. What is no marker of a session is skipped.
Result<SessionList> list_sessions(Store& store, std::string_view root, const Deadline& deadline);

}  // namespace rayhistory
