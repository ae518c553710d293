#include "collector/followed_logs.h"

#include <utility>

#include "ray/node_id.h"
#include "ray/raylet.h"

namespace rayhistory::collector {
FollowedLogs::FollowedLogs(const RayFolder& folder, const ObjectKeys& keys, Shipper& shipper,
                           const Clock& clock, LogTrackerOptions options)
    : folder_(folder),
      keys_(keys),
      shipper_(shipper),
      clock_(clock),
      options_(options),
      ended_sessions_(
          folder, keys,
          [this](const SessionName& session, const NodeId& known) {
            return node_times(folder_, session, known);
          },
          shipper) {}

void FollowedLogs::follow(const RunningNode& before, const RunningNode& now) {
  const std::lock_guard lock(mutex_);
  if (tracker_ && now.session == before.session) {
    tracker_->set_nodes(place_of(*now.session, *now.node).nodes);
    return;
  }
  if (tracker_) end_tracker();
  if (before.session && before.node && before.session != now.session &&
      !raylet_lives(folder_, *before.session))
    ended_sessions_.take(*before.session, *before.node);
  // Not only at the start: a Ray container that crashes again and again has sessions that no collector saw
  // running.
  if (now.session && now.session != before.session) {
    ended_sessions_.take_left_over(
        [&](const SessionName& session) { return session == now.session || raylet_lives(folder_, session); },
        [this](const SessionName& session) { return node_id_in_files(folder_, session).node; });
  }
  if (now.session && now.node) start_tracker(*now.session, *now.node);
}

void FollowedLogs::end_tracker() {
  tracker_->stop();
  tracker_->scan_now();
  count(nullptr);
  tracker_.reset();
}

void FollowedLogs::start_tracker(const SessionName& session, const NodeId& node) {
  LogPlace place = place_of(session, node);
  for (size_t earlier = 0; earlier + 1 < place.nodes.size(); ++earlier)
    shipper_.look_below(place.nodes[earlier].prefix);
  tracker_ = std::make_unique<LogTracker>(std::move(place), shipper_, clock_, options_);
  count(tracker_.get());
  tracker_->start();
}

LogPlace FollowedLogs::place_of(const SessionName& session, const NodeId& node) const {
  return log_place(folder_.logs(session), keys_, session, node_times(folder_, session, node));
}

void FollowedLogs::scan_now() {
  const std::lock_guard lock(mutex_);
  if (tracker_) tracker_->scan_now();
}

// The totals of `tracker` count from now on. Those of the one before go on counting when it is gone.
void FollowedLogs::count(const LogTracker* tracker) {
  const std::lock_guard lock(totals_mutex_);
  if (counted_ != nullptr) {
    earlier_totals_ += counted_->totals();
    earlier_totals_.files = 0;
    earlier_totals_.unreadable = 0;
  }
  counted_ = tracker;
}

LogTotals FollowedLogs::totals() const {
  const std::lock_guard lock(totals_mutex_);
  LogTotals totals = earlier_totals_;
  if (counted_ != nullptr) totals += counted_->totals();
  return totals;
}

}  // namespace rayhistory::collector
