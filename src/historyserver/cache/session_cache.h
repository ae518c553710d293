// Sessions that have been loaded: for each what the store lists of it, and the state that its events tell.
//
// Kept until others need the room. At each question a session's listing is at most some seconds old; its
// state is loaded anew only when that shows something new that it is made of.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "base/duration_histogram.h"
#include "base/result.h"
#include "historyserver/cache/load_threads.h"
#include "historyserver/cache/reloaded_value.h"
#include "historyserver/sessions/stored_session.h"
#include "historyserver/sessions/stored_texts.h"
#include "historyserver/state/load_state.h"
#include "historyserver/state/session_state.h"
#include "store/store.h"

namespace rayhistory::historyserver {

struct LoadedSession {
  std::shared_ptr<const SessionListing> listing;
  std::shared_ptr<const SessionState> state;
  std::shared_ptr<StoredTexts> texts;  // of `listing`; keeps what it has read
  uint64_t bytes = 0;                  // about what both take of memory
};

struct SessionCacheLimits {
  size_t sessions = 100;
  uint64_t bytes = 2ull << 30;  // 0: as many as there are; one session is kept whatever its size
  Nanoseconds lifetime{};       // of a session that nobody asks for; 0: for ever
  size_t loads_at_once = 4;     // each takes some times the memory of what comes of it
  // The limit of all that the program has allocated, sessions or not: above it a load first drops sessions
  // that are kept, and then ends itself. 0: without a limit.
  uint64_t heap_bytes = 0;
  ReloadLimits reload;
};

struct SessionCacheFigures {
  uint64_t sessions = 0;
  uint64_t bytes = 0;
  uint64_t hits = 0;      // questions that were answered from what was at hand
  uint64_t loads = 0;     // states made of events
  uint64_t failures = 0;  // loads that came to nothing
  uint64_t evictions = 0;
  uint64_t unknown_events = 0;  // of the sessions at hand
  DurationHistogram::Counts load_times;
};

// Any thread may call.
class SessionCache {
 public:
  using LoadState = std::function<Result<std::shared_ptr<const SessionState>>(
      const SessionListing& listing, const Deadline& deadline, const MemoryCheck& check_memory)>;

  // `store` and `clock` must outlive it.
  SessionCache(Store& store, LoadState load_state, SessionCacheLimits limits, const Clock& clock);

  // Loads it, or waits for whoever does. Errors are the store's, and are not kept.
  Result<std::shared_ptr<const LoadedSession>> get(const StoredSession& session);

  // The next question loads it again, also where nothing seems to have changed. One that is being
  // loaded stays.
  void forget(const StoredSession& session);

  SessionCacheFigures figures() const;
  // Nothing is loaded any more: who waits for it is told so.
  void stop() { threads_.stop(); }

 private:
  using Entry = ReloadedValue<LoadedSession>;
  struct Place {
    std::shared_ptr<Entry> entry;
    std::list<std::string>::iterator use;
    uint64_t bytes = 0;
    SteadyTime last_use;
  };

  std::shared_ptr<Entry> entry_of(const StoredSession& session);
  Result<std::shared_ptr<const LoadedSession>> load(const StoredSession& session,
                                                    const std::shared_ptr<const LoadedSession>& before,
                                                    const Deadline& deadline);
  // Whether there is room for so much more; drops sessions that are kept for it.
  Result<void> check_memory(const StoredSession& session, uint64_t coming_bytes);
  // All with the lock.
  void weigh(Place& place, uint64_t bytes);
  void make_room(const std::string& for_prefix);
  // Drops sessions that are kept, from the least used on, for as long as `must_go` says so of the next one.
  void drop_least_used(const std::string& for_prefix, const std::function<bool(const Place&)>& must_go);
  void evict(std::map<std::string, Place>::iterator place);

  Store& store_;
  const LoadState load_state_;
  const SessionCacheLimits limits_;
  const Clock& clock_;

  std::atomic<uint64_t> hits_{0};
  std::atomic<uint64_t> loads_{0};
  std::atomic<uint64_t> failures_{0};
  std::atomic<size_t> loading_{0};
  DurationHistogram load_times_;

  mutable std::mutex mutex_;             // guards the rest; held over no load
  std::map<std::string, Place> places_;  // by the session's prefix
  std::list<std::string> by_use_;        // the last used first
  uint64_t bytes_ = 0;
  uint64_t evictions_ = 0;

  LoadThreads threads_;  // end first: what they run looks at all of the above
};

}  // namespace rayhistory::historyserver
