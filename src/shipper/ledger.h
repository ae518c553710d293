// The Ledger holds, for each key, what it should hold (a Shipment) and what it holds (a KeyState), and hands
// out the Tasks that bring the two together. It combines three parts: log_family.h decides what to do next
// with a key, schedule.h decides when, and the Ledger itself keeps prefixes, failures and figures.
//
// It does no I/O and has no threads. Its owner holds one lock around every call, carries a Task out without
// the lock (upload.h), and reports the result with settle(). So a test can play every order of events, with a
// crash after any of them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "shipper/backlog.h"
#include "shipper/log_family.h"
#include "shipper/schedule.h"
#include "shipper/shipment.h"
#include "shipper/task.h"
#include "store/store.h"

namespace rayhistory::collector {

class Ledger {
 public:
  explicit Ledger(ShipperOptions options) : options_(options), schedule_(options.log_batching) {}

  // Shipper's functions of the same names (shipper.h).
  void offer(Shipment shipment, SteadyTime now);
  void withdraw(const std::string& key, SteadyTime now);
  void hand_over(const std::string& key, SteadyTime now);
  void look_below(const std::string& prefix);
  void prefix_ended(const std::string& prefix, std::function<void()> on_done);
  void begin_drain(SteadyTime now);

  // The most urgent Task that is due, or nothing. Its keys are busy until settle().
  std::optional<Task> next_task(SteadyTime now);
  // When next_task may have something without another call before. Nothing: not before another call.
  std::optional<SteadyTime> next_due() const;

  // A page of a list_prefix Task shows the object.
  void found(ListedObject object);
  void settle(const Task& task, const TaskResult& result, SteadyTime now);

  // The store's way to let objects grow, when it becomes known.
  void set_growth(ObjectGrowth growth) { growth_ = growth; }

  bool all_stored() const;
  std::optional<Stall> stall(SteadyTime now) const;
  std::optional<ShippingFailure> failure() const;
  Backlog backlog(SteadyTime now) const;
  ShipperTotals totals() const;
  EventsAndLogs<Backlog> backlogs(SteadyTime now) const;
  const EventsAndLogs<ShipperTotals>& totals_by_kind() const { return totals_; }

 private:
  enum class Listing { none, under_way, done };
  // The owner asked for this while the key was busy.
  enum class Request { none, withdraw, hand_over };

  // A content that was given up while a step was under way, which may have stored its beginning.
  struct GivenUp {
    Content content;
    uint64_t size = 0;
    std::string path;
  };
  struct Prefix;
  struct Entry : MirroredKey, Schedule::Turn {
    uint64_t number = 0;       // the order in which the keys were offered first
    Prefix* prefix = nullptr;  // of its shipments
    SteadyTime oldest_unsent{};
    SteadyTime not_before{};  // after a failure
    SteadyTime step_started{};
    std::string failure;  // of the last step; empty if it was done
    Request request = Request::none;
    std::optional<GivenUp> given_up;
    bool is_counted = false;  // in unstored_
    bool versions_logged = false;
  };
  struct Prefix {
    std::string text;
    Listing listing = Listing::none;
    SteadyTime not_before{};     // of the next listing
    std::vector<Entry*> parked;  // until the listing is done
    uint64_t unstored = 0;       // entries that are counted
    std::string failure;         // of the last listing
    bool has_ended = false;      // it is forgotten when all of it is stored and reported
    std::vector<std::function<void()>> on_done;
    bool is_being_reported = false;
  };
  struct Family : LogFamily {
    std::vector<Entry*> parked;  // until another step of the family has ended
  };
  ShipperTotals& totals_of(ShipmentKind kind) {
    return kind == ShipmentKind::events ? totals_.events : totals_.logs;
  }

  Entry* find(std::string_view key);
  Entry& entry_of(std::string key, Prefix& prefix);
  void join_family(Entry& rotated, const std::string& live_key);
  Prefix& prefix_at(const std::string& prefix);
  Prefix& prefix_of(const std::string& key);

  // Whether the shipment is a newer version of the file before it, which is then no loss.
  void adopt_generation(Entry& entry, Shipment& shipment);
  bool is_newer_version(Entry& entry, const Shipment& next, SteadyTime now) const;
  void abandon_unsent(Entry& entry);
  void count_given_up(const Entry& entry, ShipmentKind kind, const GivenUp& given_up);
  void drop_shipment(Entry& entry);
  void give_up(Entry& entry, SteadyTime now);
  void recount(Entry& entry);

  // Gives the entry its place in the schedule, or none where nothing is to be done.
  void place(Entry& entry);
  void park(Entry& entry);
  void unpark(std::vector<Entry*>& parked);
  void unpark_family(const Entry& entry);
  Schedule::Rank rank_of(const Entry& entry) const;
  // When the entry's bytes are due, whatever has failed. Nothing where there is nothing to send yet.
  std::optional<SteadyTime> due_of(const Entry& entry) const;

  std::optional<Task> next_task_of_prefixes(SteadyTime now);
  Task start(Entry& entry, const NextStep& step, SteadyTime now);
  void settle_listing(const Task& task, const TaskResult& result, SteadyTime now);
  void settle_request(Entry& entry, SteadyTime now);
  void note_outcome(Entry& entry, const Task& task, const TaskResult& result, SteadyTime now);
  void count_done(Entry& entry, const Task& task, SteadyTime now);
  void note_failure(Entry& entry, const Task& task, const Error& error, SteadyTime now);
  void finish(Entry& entry);

  // Offers nothing at a live key that no file belongs to, where its object may be vacated.
  void vacate(Entry& live, SteadyTime now);
  bool is_done(const Prefix& prefix) const;
  void forget_if_done(Prefix& prefix);

  ShipperOptions options_;
  ObjectGrowth growth_ = ObjectGrowth::by_tail;
  Schedule schedule_;
  bool draining_ = false;
  // By their own keys. A node has tens of thousands of logs, with keys of 200 bytes: each is held once.
  std::unordered_map<std::string_view, std::unique_ptr<Entry>> entries_;
  // By their live keys: those that have rotated logs.
  std::unordered_map<std::string, Family> families_;
  std::map<std::string, Prefix> prefixes_;
  uint64_t next_number_ = 0;
  uint64_t unstored_ = 0;
  std::optional<SteadyTime> last_written_;
  EventsAndLogs<ShipperTotals> totals_;
};

}  // namespace rayhistory::collector
