// What the operator is told of the dashboard, and what is counted: a line when something begins to go wrong,
// a line when it is right again, none for each poll. Outlives sessions.
//
// A round of requests is judged as a whole: a dashboard that hangs, or a token that is wrong, is one trouble
// and not one for each endpoint.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "ray/dashboard_client.h"

namespace rayhistory::collector {

// Since the start. Requests by how they ended, then what became of the answers.
struct DashboardTotals {
  uint64_t answered = 0;
  uint64_t refused = 0;  // 401, 403, or the token could not be had
  uint64_t failed = 0;
  uint64_t unreachable = 0;
  uint64_t stored = 0;
  uint64_t unchanged = 0;  // as it was before, so not stored again
  uint64_t kept_back = 0;  // empty, or less than what is stored
  uint64_t unstored = 0;   // now: endpoints whose latest answer waits for the store
};

// One thread at a time; totals() any. `endpoint` is the path, or what stands for many of one kind:
// "/api/data/datasets/<job_id>".
class DashboardHealth {
 public:
  explicit DashboardHealth(const Clock& clock) : clock_(clock) {}

  void asked(std::string_view endpoint, const DashboardAnswer& answer);
  // After the last request of a round.
  void end_round();

  void stored() { ++stored_; }
  void unchanged() { ++unchanged_; }
  void kept_back() { ++kept_back_; }
  void set_unstored(uint64_t endpoints) { unstored_ = endpoints; }
  // The store will not have it, whatever is tried: told once. Its outages are the store's to tell.
  void refused_by_store(std::string_view endpoint, const std::string& reason);

  // In the last round the dashboard took no request, for want of the right token.
  bool is_refused() const { return is_refused_; }
  DashboardTotals totals() const;

 private:
  // How an endpoint's last request of this round ended.
  struct Ending {
    Asked asked;
    std::string reason;
  };
  struct Trouble {
    int in_a_row = 0;
    bool is_told = false;
  };

  void reached();
  void not_reached(const std::string& reason);
  void accepted();
  void not_accepted(const std::string& reason);
  void in_trouble(const std::string& endpoint, const std::string& reason);
  void out_of_trouble(const std::string& endpoint);

  const Clock& clock_;
  std::map<std::string, Ending, std::less<>> round_;
  std::map<std::string, Trouble, std::less<>> troubles_;
  std::set<std::string, std::less<>> refused_by_store_;
  bool is_away_ = false;
  bool is_away_told_ = false;
  SteadyTime away_since_;
  bool is_refused_ = false;

  std::atomic<uint64_t> answered_{0};
  std::atomic<uint64_t> refused_{0};
  std::atomic<uint64_t> failed_{0};
  std::atomic<uint64_t> unreachable_{0};
  std::atomic<uint64_t> stored_{0};
  std::atomic<uint64_t> unchanged_{0};
  std::atomic<uint64_t> kept_back_{0};
  std::atomic<uint64_t> unstored_{0};
};

}  // namespace rayhistory::collector
