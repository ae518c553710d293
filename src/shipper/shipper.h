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
#include "shipper/shipment_consumer.h"
#include "store/store.h"

namespace rayhistory::collector {

class Shipper final : public ShipmentConsumer {
 public:
  // `store` (which retries by itself) and `clock` must outlive it.
  Shipper(Store& store, const Clock& clock, ShipperOptions options);
  // Cancels what is under way; what is left is what an earlier Backlog said.
  ~Shipper() override;

  void offer(Shipment shipment) override;
  void withdraw(const std::string& key) override;
  void hand_over(const std::string& key) override;
  // The shipper forgets the prefix when all of it is stored, so that a node whose Ray container
  // restarts all day stays as small as another. If something is offered below it nevertheless, the prefix is
  // listed again. One below which nothing was offered is listed once for what a crash may have left there.
  void prefix_ended(const std::string& prefix, std::function<void()> on_done) override;
  // A crash may have left something to do below the prefix, though nothing is offered there: a node's that
  // ran earlier in the session.
  void look_below(const std::string& prefix);

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

}  // namespace rayhistory::collector
