// Takes shipments from the parts of the collector that find files: the journal, the log tracker and the logs
// of ended sessions. The Shipper is the one that mirrors them.
#pragma once

#include <functional>
#include <string>

#include "shipper/shipment.h"

namespace rayhistory::collector {

// Any thread may call any of these. Producers call them with their own locks held, so an implementation
// neither calls back into the producer nor runs a shipment's on_stored before it returns.
class ShipmentConsumer {
 public:
  virtual ~ShipmentConsumer() = default;

  // A file is there, has grown, is final, or has moved.
  virtual void offer(Shipment shipment) = 0;
  // The file at `key` is gone and was not final: what was not sent of it is abandoned, unless it is held
  // open.
  virtual void withdraw(const std::string& key) = 0;
  // The file at `key` goes on under another key, which was or will be offered: what is stored here stays, and
  // what was not sent is not lost.
  virtual void hand_over(const std::string& key) = 0;
  // No producer will offer anything below the prefix any more. A worker thread calls `on_done` once, without
  // locks, when all of it is stored.
  virtual void prefix_ended(const std::string& prefix, std::function<void()> on_done) = 0;
};

}  // namespace rayhistory::collector
