#include "collector/last_writes.h"

#include <utility>

#include "base/duration.h"
#include "base/log.h"
#include "base/shared_path.h"
#include "logs/writers.h"
#include "ray/raylet.h"

namespace rayhistory::collector {
namespace {

// A look at the raylet costs one connection to its socket, and a drain must not outlast the raylet by much.
constexpr Nanoseconds kLookInterval = Milliseconds(200);
// Minimum time without an event: when the raylet is gone, its agent may still be about to post.
constexpr Nanoseconds kEventQuietTime = Seconds(1);
// Minimum time without a change of a log, where the kernel does not tell who has one open for writing. Ray's
// other processes end after its raylet: the last lines of 2.60's dashboard come 1 to 1.5 s later.
constexpr Nanoseconds kLogQuietTime = Seconds(2);
// The same where a process has a log open: a driver that the dashboard keeps says 6 s after the raylet's end
// that no process takes its metrics. The pod does not end before such a process does; this is for one that
// hangs.
constexpr Nanoseconds kOpenLogQuietTime = Seconds(10);

bool logs_have_ended(const RayFolder& folder, const SessionName& session, Nanoseconds unchanged_for) {
  if (unchanged_for >= kOpenLogQuietTime) return true;
  const auto logs = open_folder(folder.logs(session));
  const Writers writers = logs ? writers_below(*logs) : Writers::unknown;
  if (writers == Writers::unknown) return unchanged_for >= kLogQuietTime;
  return writers == Writers::none;
}

}  // namespace

void wait_for(const LastWrites& writes, const Clock& clock, const Deadline& deadline) {
  SteadyTime last_write = clock.steady_now();
  uint64_t written = writes.shipper.totals().objects_written;
  bool wait_is_logged = false;
  while (true) {
    // Ray may have begun another session a moment ago.
    writes.watcher.look_now();
    if (writes.logs != nullptr) writes.logs->scan_now();
    const SteadyTime now = clock.steady_now();
    // In a drain, the shipper writes at once what has changed.
    const uint64_t written_now = writes.shipper.totals().objects_written;
    if (std::exchange(written, written_now) != written_now || !writes.shipper.backlog().empty())
      last_write = now;
    const Nanoseconds unchanged_for = now - last_write;
    const bool quiet = writes.events == nullptr || now - writes.events->quiet_since() >= kEventQuietTime;
    const RunningNode node = writes.watcher.running();
    if (quiet && !node.session) return;
    const bool raylet_has_ended = node.session && !raylet_lives(writes.folder, *node.session);
    if (quiet && raylet_has_ended) {
      if (writes.logs == nullptr || logs_have_ended(writes.folder, *node.session, unchanged_for)) return;
      if (unchanged_for >= kLogQuietTime && !std::exchange(wait_is_logged, true)) {
        log_info("a process still has a log of the session open, so the drain waits for it",
                 {{"session", node.session->str()}, {"longest_wait", format_duration(kOpenLogQuietTime)}});
      }
    }
    if (!clock.sleep_for(deadline.remaining(now, kLookInterval), deadline.stop())) return;
    if (!deadline.expired(clock.steady_now())) continue;
    if (node.session && raylet_lives(writes.folder, *node.session)) {
      log_warning(
          "Ray still runs and there is no time left to wait for it: what it writes from now on is not stored",
          {{"shutdown_timeout", format_duration(writes.shutdown_timeout)},
           {"advice",
            "a grace period of the pod above 30 s and a --shutdown-timeout below it let Ray drain"}});
    }
    return;
  }
}

}  // namespace rayhistory::collector
