// The Shipper mirrors files into the store: it knows what each key should hold (shipments) and what the store
// holds (the ledger), and its worker threads close the gap, by the growth policy of upload_plan.h.
//
// Nothing here is remembered across runs: what a prefix holds is listed before its first upload. Any upload
// can be repeated at any time, so a run that ended anywhere is simply carried on.
//
// Any thread may call any of these; none blocks on the store but wait_until_stored.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "shipper/backlog.h"
#include "shipper/shipment.h"
#include "store/store.h"

namespace rayhistory {

class Shipper {
 public:
  // `store` (which retries by itself) and `clock` must outlive it.
  Shipper(Store& store, const Clock& clock, ShipperOptions options);
  // Cancels what is under way; what is left is what an earlier Backlog said.
  ~Shipper();

  // A file is there, has grown, is final, or has moved.
  void offer(Shipment shipment);
  // The file at `key` is gone and was not final: what was not sent of it is abandoned, unless it is held
  // open.
  void withdraw(const std::string& key);
  // The file at `key` goes on under another key, which was or will be offered: what is stored here stays, and
  // what was not sent is not lost.
  void hand_over(const std::string& key);
  // A crash may have left something to do below the prefix, though nothing is offered there: a node's that
  // ran earlier in the session.
  void look_below(const std::string& prefix);
  // Nothing new will come below the prefix: what is known of it is forgotten when all of it is stored, so
  // that a node whose Ray container restarts all day stays as small as another. Should something come all the
  // same, the prefix is listed anew. One below which nothing was offered is listed once for what a crash may
  // have left there. `on_done` is called before it is forgotten, once, by a worker thread and without locks.
  void prefix_ended(const std::string& prefix, std::function<void()> on_done);

  // From now on everything is due at once: events first, then small files, then large ones.
  void begin_drain();
  // True when all that was offered is stored, false at the deadline.
  bool wait_until_stored(const Deadline& deadline);
  // Likewise, and false too as soon as something has failed, which failure() tells.
  bool wait_until_stored_or_failed(const Deadline& deadline);

  Backlog backlog() const;
  // Nothing while all that waits makes progress.
  std::optional<Stall> stall() const;
  std::optional<ShippingFailure> failure() const;
  ShipperTotals totals() const;
  EventsAndLogs<Backlog> backlogs() const;
  EventsAndLogs<ShipperTotals> totals_by_kind() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace rayhistory
