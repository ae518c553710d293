// Which sessions the store has, as their markers tell.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "historyserver/sessions/session_address.h"
#include "historyserver/sessions/stored_session.h"
#include "store/store.h"

namespace rayhistory::historyserver {

struct FoundSession {
  StoredSession session;
  int64_t begin_seconds = 0;  // session_begin()
};

// All sessions of a store at one moment. Immutable; any thread.
class SessionList {
 public:
  // A session that claims to have begun after `latest_begin_seconds` (unix time) comes last: the writer of a
  // marker chooses
  //  a session's name, and its date would make it the newest for ever.
  explicit SessionList(std::vector<FoundSession> sessions,
                       int64_t latest_begin_seconds = std::numeric_limits<int64_t>::max());

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

}  // namespace rayhistory::historyserver
