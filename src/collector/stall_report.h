// Tells the operator of a backlog that makes no progress, whatever the reason: a warning with the key, the
// store's last answer and what to do, at a slowing pace, and a line when it moves again.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "shipper/shipper.h"

namespace rayhistory::collector {

// One thread's.
class StallReport {
 public:
  // `store_answer`: the last failure of any call to the store, for a file whose own try has not ended yet.
  void look(const std::optional<Stall>& stall, const std::string& store_answer, SteadyTime now);

 private:
  bool is_told_ = false;
  SteadyTime told_at_;
};

}  // namespace rayhistory::collector
