// A LogSink for tests that remembers what it was told.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "logs/log_place.h"

namespace rayhistory {

class RecordingSink {
 public:
  LogSink sink() {
    return {.offer =
                [this](Shipment shipment) {
                  events.push_back("offer " + shipment.key);
                  withdrawn.erase(shipment.key);
                  offered.insert_or_assign(shipment.key, std::move(shipment));
                },
            .withdraw =
                [this](const std::string& key) {
                  events.push_back("withdraw " + key);
                  withdrawn.insert(key);
                },
            .hand_over =
                [this](const std::string& key) {
                  events.push_back("hand over " + key);
                  withdrawn.insert(key);
                }};
  }
  // What was told since the last call.
  std::vector<std::string> take_events() { return std::exchange(events, {}); }
  std::set<std::string> keys() const {
    std::set<std::string> all;
    for (const auto& [key, shipment] : offered)
      if (!withdrawn.contains(key)) all.insert(key);
    return all;
  }

  std::vector<std::string> events;
  std::map<std::string, Shipment> offered;  // the last by key
  std::set<std::string> withdrawn;
};

}  // namespace rayhistory
