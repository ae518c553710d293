#include "shipper/schedule.h"

#include "base/check.h"

namespace rayhistory::collector {

void Schedule::wait(Turn& turn, SteadyTime due, const Rank& rank) {
  CHECK(turn.place_ == Place::none);
  turn.due_ = due;
  turn.rank_ = rank;
  turn.place_ = Place::waiting;
  waiting_of(turn).insert(&turn);
}

void Schedule::park(Turn& turn) {
  CHECK(turn.place_ == Place::none);
  turn.place_ = Place::parked;
}

void Schedule::unpark(Turn& turn) {
  CHECK(turn.place_ == Place::parked);
  turn.place_ = Place::none;
}

void Schedule::remove(Turn& turn) {
  switch (turn.place_) {
    case Place::none:
    case Place::parked:
      return;
    case Place::waiting:
      waiting_of(turn).erase(&turn);
      break;
    case Place::ready:
      ready_.erase(&turn);
      if (is_log(turn)) --ready_logs_;
      break;
  }
  turn.place_ = Place::none;
}

Schedule::Turn* Schedule::next(SteadyTime now) {
  promote(now);
  if (ready_.empty()) return nullptr;
  Turn* first = *ready_.begin();
  remove(*first);
  return first;
}

std::optional<SteadyTime> Schedule::next_due() const {
  if (!ready_.empty()) return SteadyTime::min();
  std::optional<SteadyTime> due;
  for (const Waiting* waiting : {&waiting_events_, &waiting_logs_})
    if (!waiting->empty() && (!due || (*waiting->begin())->due_ < *due)) due = (*waiting->begin())->due_;
  return due;
}

void Schedule::promote(SteadyTime now) {
  while (!waiting_events_.empty() && (*waiting_events_.begin())->due_ <= now)
    make_ready(**waiting_events_.begin());
  // The next round of logs begins when the one before is under way.
  if (ready_logs_ > 0 && !draining_) return;
  while (!waiting_logs_.empty() && (*waiting_logs_.begin())->due_ <= now &&
         (draining_ || ready_logs_ < log_batching_))
    make_ready(**waiting_logs_.begin());
}

void Schedule::make_ready(Turn& turn) {
  waiting_of(turn).erase(&turn);
  turn.place_ = Place::ready;
  ready_.insert(&turn);
  if (is_log(turn)) ++ready_logs_;
}

}  // namespace rayhistory::collector
