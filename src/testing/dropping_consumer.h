// A ShipmentConsumer that forgets everything. A test or a benchmark overrides what it is interested in.
#pragma once

#include "shipper/shipment_consumer.h"

namespace rayhistory::collector {

class DroppingConsumer : public ShipmentConsumer {
 public:
  void offer(Shipment) override {}
  void withdraw(const std::string&) override {}
  void hand_over(const std::string&) override {}
  void prefix_ended(const std::string&, std::function<void()>) override {}
};

}  // namespace rayhistory::collector
