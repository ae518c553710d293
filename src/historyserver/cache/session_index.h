// The list of all sessions, kept at hand.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "historyserver/cache/load_threads.h"
#include "historyserver/cache/reloaded_value.h"
#include "historyserver/sessions/session_list.h"
#include "store/store.h"

namespace rayhistory::historyserver {

struct SessionIndexFigures {
  uint64_t sessions = 0;
  // Since when the list is what it is; nothing: there has been none yet.
  std::optional<SteadyTime> listed_at;
};

// The list, at most some seconds old. Any thread.
class SessionIndex {
 public:
  // `store` and `clock` must outlive it.
  SessionIndex(Store& store, std::string root, ReloadLimits limits, const Clock& clock);

  Result<std::shared_ptr<const SessionList>> list() const { return list_->get(); }
  // Nothing where there is no such session. What has been seen is found without asking the store; what has
  // not is looked for anew, so that a session is found as soon as it has a marker.
  Result<std::optional<FoundSession>> find(const SessionAddress& address) const;
  SessionIndexFigures figures() const;
  // Nothing is loaded any more: who waits for it is told so.
  void stop() { thread_.stop(); }

 private:
  // One, so that looking for sessions waits for no session's load.
  LoadThreads thread_{1};
  const std::shared_ptr<ReloadedValue<SessionList>> list_;
};

}  // namespace rayhistory::historyserver
