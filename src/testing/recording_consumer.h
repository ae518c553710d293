// A ShipmentConsumer for tests that remembers what it got. For one thread at a time.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shipper/shipment_consumer.h"

namespace rayhistory::collector {

class RecordingConsumer final : public ShipmentConsumer {
 public:
  void offer(Shipment shipment) override {
    events.push_back("offer " + shipment.key);
    withdrawn.erase(shipment.key);
    waiting.push_back(shipment);
    offered.insert_or_assign(shipment.key, std::move(shipment));
  }
  void withdraw(const std::string& key) override {
    events.push_back("withdraw " + key);
    withdrawn.insert(key);
  }
  void hand_over(const std::string& key) override {
    events.push_back("hand over " + key);
    withdrawn.insert(key);
  }
  void prefix_ended(const std::string& prefix, std::function<void()> on_done) override {
    ended.emplace_back(prefix, std::move(on_done));
  }

  // Everything that came since the last call.
  std::vector<std::string> take_events() { return std::exchange(events, {}); }
  std::vector<Shipment> take_waiting() { return std::exchange(waiting, {}); }
  std::set<std::string> keys() const {
    std::set<std::string> all;
    for (const auto& [key, shipment] : offered)
      if (!withdrawn.contains(key)) all.insert(key);
    return all;
  }

  std::vector<std::string> events;
  std::vector<Shipment> waiting;            // every offer, in order
  std::map<std::string, Shipment> offered;  // the last offer of each key
  std::set<std::string> withdrawn;
  std::vector<std::pair<std::string, std::function<void()>>> ended;
};

}  // namespace rayhistory::collector
