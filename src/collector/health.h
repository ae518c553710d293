// What /healthz and /readyz answer.
//
// Alive: the threads that everything depends on still turn. A store or a dashboard that is away is no reason
// to be killed: a restart would bring neither back, and would keep Ray's agent waiting.
//
// Ready: events could be taken now, that is, the journal's folder can be written to. Not that the store is
// there, nor that the disk budget has room: a sidecar that is not ready takes the Ray head out of its
// Service.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>

#include "base/clock.h"
#include "base/result.h"
#include "base/shared_tree.h"

namespace rayhistory::collector {

// Any thread may call any of these; those of the answers wait for no disk.
class Health {
 public:
  // The event server only waits for clients and for the disk; a disk that keeps it for so long is none.
  static constexpr Seconds kEventLoopLimit{60};
  // The ticker compresses journals, 200 MB at the most by default: a minute with a fifth of a core.
  static constexpr Seconds kTickerLimit{600};
  // Between two tries to write to the journal's folder.
  static constexpr Seconds kProbeInterval{10};

  struct Sources {
    SharedPath journal_folder;                    // nowhere: events are not collected
    std::function<SteadyTime()> event_loop_turn;  // when it last turned; empty: there is none
  };
  // Tries the journal's folder at once. `clock` must outlive it.
  Health(Sources sources, const Clock& clock);

  // The ticker's thread, each time round.
  void tick();
  // The threads are ended, so that they no longer turn is right.
  void stopping() { is_stopping_ = true; }

  Result<void> alive() const;
  Result<void> ready() const;

 private:
  void probe();

  const Sources sources_;
  const Clock& clock_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<SteadyTime> last_tick_;
  SteadyTime last_probe_;  // the ticker's

  mutable std::mutex mutex_;  // guards the next one
  Result<void> probed_;
};

}  // namespace rayhistory::collector
