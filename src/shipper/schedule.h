// When each key gets its turn. Keys wait until they are due, and then get ready in an order: events first,
// then the rotated logs that Ray deletes next, then logs. Logs get ready in rounds of at most --log-batching,
// so that a burst of them does not stand between a new event and its worker.
//
// It knows neither files nor the store. Not for several threads at once.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <tuple>

#include "base/clock.h"
#include "shipper/shipment.h"

namespace rayhistory::collector {

class Schedule {
 public:
  // Which of the keys that are ready goes first: the one with the smallest rank.
  struct Rank {
    ShipmentKind kind = ShipmentKind::log;
    uint64_t evicted_later = 0;  // greater for rotated logs that Ray keeps for longer
    uint64_t cost = 0;           // the time of the oldest unsent byte; in a drain the bytes to send
    uint64_t number = 0;         // the order in which the keys were offered first
    friend auto operator<=>(const Rank&, const Rank&) = default;
  };

  enum class Place {
    none,
    waiting,  // until it is due
    ready,
    parked,  // by its owner, until something else has ended
  };

  // The place of one key in the schedule; its owner derives the key from it.
  class Turn {
   public:
    Place place() const { return place_; }

   private:
    friend class Schedule;
    Place place_ = Place::none;
    SteadyTime due_{};
    Rank rank_{};
  };

  explicit Schedule(int log_batching) : log_batching_(log_batching) {}

  // The turn must have no place. It must outlive its place.
  void wait(Turn& turn, SteadyTime due, const Rank& rank);
  void park(Turn& turn);
  void unpark(Turn& turn);
  // Takes the turn from wherever it is but parked.
  void remove(Turn& turn);

  // Rounds end: from now on all logs that are due get ready.
  void begin_drain() { draining_ = true; }

  // Lets those that are due get ready.
  void promote(SteadyTime now);
  // The first of those that are ready at that time. It has no place any more.
  Turn* next(SteadyTime now);
  // When next() may have something; SteadyTime::min() if it has. Nothing while nothing waits.
  std::optional<SteadyTime> next_due() const;

 private:
  struct DueFirst {
    bool operator()(const Turn* a, const Turn* b) const {
      return std::tie(a->due_, a->rank_.number) < std::tie(b->due_, b->rank_.number);
    }
  };
  struct RankFirst {
    bool operator()(const Turn* a, const Turn* b) const { return a->rank_ < b->rank_; }
  };
  using Waiting = std::set<Turn*, DueFirst>;

  static bool is_log(const Turn& turn) { return turn.rank_.kind != ShipmentKind::events; }
  Waiting& waiting_of(const Turn& turn) { return is_log(turn) ? waiting_logs_ : waiting_events_; }
  void make_ready(Turn& turn);

  int log_batching_;
  bool draining_ = false;
  // Apart, so that nothing has to pass by the logs that wait for their round to find events.
  Waiting waiting_events_;
  Waiting waiting_logs_;
  std::set<Turn*, RankFirst> ready_;
  int ready_logs_ = 0;
};

}  // namespace rayhistory::collector
