// The Ledger: what each key should hold (a Shipment), what it holds (a StoredObject), and the next Task that
// brings the two together. It does no I/O and has no threads: whoever calls it holds one lock around it,
// performs the Task outside (upload.h), and settles it here. So every order of events can be played in a
// test, with a crash after any.
//
// What a key holds is one of three things to us: the bytes of the file that belongs there, those of an
// earlier generation of that name, or not known yet (it was only listed). Unknown objects are compared with
// the file before anything is built on them. An earlier generation is not overwritten before it is safe under
// a name of its own: copied there by the shipment that claims it (moved_from), or, when the file was
// truncated or deleted and nobody does, to a name of the same form that is made of nothing but what the store
// says of the object: its time, ETag and size. So whoever preserves it comes to the same name, also after a
// crash between the copy and the overwriting, and a copy that a killed run has sent and that arrives late
// makes no second object.
//
// For the same reason a claim copies a whole file: what the store lacks of it is added under its former name
// first. What was added to the copy would be lost when the same copy is made once more, late.
//
// When a live log was renamed and no new one comes, what the store holds at its key is there twice. So the
// key is vacated: it gets an empty object, the beginning of whatever file comes next. Nothing is deleted,
// which would need a permission that nothing else does. Whether an object that an earlier run has written is
// there twice follows from the store alone, for the files may be gone: it is compared with the rotated logs'
// objects beside it, when they are listed and whenever another one is stored. One that is nowhere else stays.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "shipper/shipment.h"
#include "shipper/shipper.h"
#include "store/store.h"

namespace rayhistory {

struct Task {
  enum class Step {
    list_prefix,  // learn what an earlier run stored below `key`
    look,         // learn what `key` holds, after a write that may or may not have happened, or when it
                  // was written
    compare,      // is the object at `other_key` a prefix of the file?
    complete,     // extend the object at `other_key`, the name that the file had before, to all of the file
    claim,     // copy the object at `other_key` to `key`: the file was renamed, its bytes are there already
    preserve,  // copy the object at `key` to `other_key`: an earlier generation's bytes
    compare_kept,  // does the object at `other_key` begin with the one at `key`, so that it need not be
                   // preserved?
    put,
    extend,
    report_stored,  // call on_stored
    report_ended,   // likewise, of those who ended the prefix `key`
  };

  Step step;
  std::string key;
  std::string other_key;
  // What the step builds on: of `key` (nothing there: StoredObject{}), or for compare, complete and claim of
  // `other_key`.
  StoredObject stored;
  Shipment shipment;    // the file
  bool anyhow = false;  // put: whatever is there, because the store has found twice that it is not `stored`
};

enum class Outcome {
  done,        // `object` is what the key holds now; compare: it is a prefix
  different,   // compare: it is not. put, extend, claim, preserve: the store does not hold what we thought
  file_moved,  // another file is at the path, other bytes in it, or none: the tracker will say what became
               // of it. A write may have happened nevertheless
  failed,      // `error`
};

struct TaskResult {
  Outcome outcome;
  StoredObject object;
  std::optional<Error> error;  // of different: what the store said, where it said something
};

class Ledger {
 public:
  explicit Ledger(ShipperOptions options) : options_(options) {}

  void offer(Shipment shipment, SteadyTime now);
  void withdraw(const std::string& key, SteadyTime now);
  void hand_over(const std::string& key, SteadyTime now);
  void look_below(const std::string& prefix);
  void prefix_ended(const std::string& prefix, std::function<void()> on_done);
  void begin_drain(SteadyTime now);

  // The most urgent Task that is due and touches no key under way; nothing where there is none.
  std::optional<Task> next_task(SteadyTime now);
  // When next_task may have something though nothing else happens; nothing: not before the next call.
  std::optional<SteadyTime> next_due() const;

  // An object that a page of a list_prefix task showed.
  void found(ListedObject object);
  void settle(const Task& task, const TaskResult& result, SteadyTime now);

  // How the store lets objects grow, once that is known to be another than by_tail.
  void set_growth(ObjectGrowth growth) { growth_ = growth; }

  bool all_stored() const;
  std::optional<Stall> stall(SteadyTime now) const;
  std::optional<ShippingFailure> failure() const;
  Backlog backlog(SteadyTime now) const;
  ShipperTotals totals() const;
  EventsAndLogs<Backlog> backlogs(SteadyTime now) const;
  const EventsAndLogs<ShipperTotals>& totals_by_kind() const { return totals_; }

 private:
  // Which bytes: a file, between two truncations.
  struct Content {
    FileIdentity identity;
    uint32_t generation = 0;
    friend bool operator==(const Content&, const Content&) = default;
  };
  struct Stored {
    StoredObject object;
    std::optional<Content> content;  // nothing: only listed; Content{}: of a file that is not there any more
    bool safe_elsewhere = false;     // its bytes are under a key of their own too
    bool preserve_begun = false;     // they may be, under preserving_key
    bool is_version = false;         // of a file that is replaced again and again (Entry::is_version)
  };
  // A generation that was given up while a task was under way, which may have stored the beginning of it.
  struct GivenUp {
    Content content;
    uint64_t size = 0;
    std::string path;
  };
  enum class Place { nowhere, waiting, ready, blocked };
  enum class PrefixState { unlisted, being_listed, listed };

  struct Entry;
  struct Prefix {
    std::string text;
    PrefixState state = PrefixState::unlisted;
    SteadyTime not_before{};
    std::vector<Entry*> entries;  // that wait for the listing
    uint64_t unstored = 0;        // entries that are counted
    std::string failure;          // why it is not listed
    bool ended = false;           // forgotten when the last of them is stored, and that was told
    std::vector<std::function<void()>> on_done;  // to be told
    bool is_being_told = false;
  };
  // Rank in the ready queue; the smallest goes first.
  using Rank = std::tuple<ShipmentKind, uint64_t, uint64_t, uint64_t>;

  struct Entry {
    std::string key;
    uint64_t number = 0;               // order of first offer
    Prefix* prefix = nullptr;          // of its shipments
    std::optional<Shipment> shipment;  // without its key; nothing: only listed, or done with
    Content content;                   // of the last shipment
    std::optional<Stored> stored;
    std::optional<GivenUp> given_up;  // to be counted when the task is settled
    SteadyTime oldest_unsent{};
    SteadyTime not_before{};  // after a failure
    SteadyTime task_started{};
    std::string failure;     // of the last task; empty when it was done
    bool busy = false;       // a task under way reads or writes this key
    bool uncertain = false;  // a write may or may not have happened: what the key holds is to be looked at
    bool disagreed = false;  // the last put or extend found something else than we thought
    bool put_whole = false;  // so did the one before
    bool claim_refused = false;  // rotated_log: the live key's object was not what we thought
    bool claim_decided = false;  // rotated_log: whether the live key's object is this file is known
    bool reported = false;       // on_stored was called, or there is none to call
    bool withdrawn = false;      // while busy
    bool handed_over = false;    // likewise, or its file went away after its prefix had ended
    bool counted = false;        // in unstored_
    bool has_grown = false;      // its content was seen to grow, as a log does and a version does not
    // Its content is one of several versions: it came less than a push interval after the content before it,
    // which had taken the place of another and never grew.
    bool is_version = false;
    bool versions_told = false;                // in the log
    std::optional<SteadyTime> version_before;  // when its content took the place of one that never grew
    Place place = Place::nowhere;
    SteadyTime due{};                       // where place is waiting
    Rank rank{};                            // where place is ready
    std::vector<Entry*> blocked;            // to be placed again when the task on this one is settled
    std::vector<Entry*> generations;        // rotated files that were once what this key names
    std::vector<const Entry*> not_kept_in;  // rotated objects that what is stored here was compared with
  };
  struct WaitingOrder {
    bool operator()(const Entry* a, const Entry* b) const {
      return std::tie(a->due, a->number) < std::tie(b->due, b->number);
    }
  };
  struct ReadyOrder {
    bool operator()(const Entry* a, const Entry* b) const { return a->rank < b->rank; }
  };

  static Content content_of(const Shipment& shipment) { return {shipment.identity, shipment.generation}; }
  // Names of events and of rotated files carry the file's identity, so what is stored there can be nothing
  // else.
  static bool key_names_content(const Shipment& shipment) { return shipment.kind != ShipmentKind::log; }
  ShipperTotals& totals_of(const Shipment& shipment) {
    return shipment.kind == ShipmentKind::events ? totals_.events : totals_.logs;
  }
  static bool holds_all(const Entry& entry);
  // How much of a file of that size the key holds. An object that was only listed counts as the beginning of
  // the file, for it nearly always is, until the two are compared.
  static uint64_t stored_bytes(const Entry& entry, const Content& content, uint64_t size);
  static bool has_work(const Entry& entry);
  static bool is_log(const Entry& entry) { return entry.shipment->kind != ShipmentKind::events; }

  Entry* find(const std::string& key);
  Entry& entry_of(std::string key);
  Prefix& prefix_of(const Entry& entry);
  Prefix& prefix_at(const std::string& prefix);
  bool is_done(const Prefix& prefix) const;
  void forget_if_done(Prefix& prefix);

  // Puts the entry where it belongs: waiting for its time, or nowhere.
  void place(Entry& entry);
  void unplace(Entry& entry);
  void block(Entry& entry, Entry& on);
  void release_blocked_by(Entry& entry);
  // Moves what is due from waiting to ready, as many logs as one round takes.
  void promote(SteadyTime now);
  void make_ready(Entry& entry);
  Rank rank_of(const Entry& entry) const;
  void recount(Entry& entry);
  // Another content is about to be offered at the key: takes note of whether that is a newer version of what
  // is there. A newer version takes over the age of the unsent one before it, which is no loss.
  bool is_newer_version(Entry& entry, const Shipment& next, SteadyTime now) const;
  void tell_versions(Entry& entry) const;
  void abandon_unsent(Entry& entry);
  void count_given_up(const Entry& entry, ShipmentKind kind, const GivenUp& given_up);
  void drop_shipment(Entry& entry);

  // A live key where no file is any more gets an empty object if what is stored there is under a rotated
  // log's key too, which plan finds out.
  void vacate(Entry& live, const Prefix& prefix, SteadyTime now);
  // Each live key below the prefix beside which there are rotated logs.
  void vacate_all(const Prefix& prefix, SteadyTime now);
  // The bytes of its earlier generation are under that one's own key.
  static bool is_kept_as_generation(const Entry& entry);
  // A rotated object that may hold the bytes of this one, and was not compared with it yet.
  Entry* possible_keeper(const Entry& entry);
  // The key under which an object of an earlier generation is kept.
  static std::string preserving_key(const Entry& entry);
  // The entry's next step. Nothing: it is stored, or was blocked on another entry's task.
  std::optional<Task> plan(Entry& entry, SteadyTime now);
  Task start(Entry& entry, Task::Step step, SteadyTime now, Entry* other = nullptr);
  std::optional<Task> next_of_prefixes(SteadyTime now);
  void settle_listing(const Task& task, const TaskResult& result, SteadyTime now);
  void settle_done(Entry& entry, Entry* other, const Task& task, const TaskResult& result, SteadyTime now);
  void count_written(const Shipment& shipment, SteadyTime now);
  void settle_different(Entry& entry, Entry* other, const Task& task);
  // A put that asked for nothing was refused for what is there, again: no look will help.
  static bool is_refused_anyhow(const Task& task, const TaskResult& result);
  void settle_failed(Entry& entry, const Task& task, const Error& error, SteadyTime now);

  // When the entry's shipment is due, whatever has failed; nothing where there is nothing to send yet.
  std::optional<SteadyTime> due_of(const Entry& entry) const;

  ShipperOptions options_;
  ObjectGrowth growth_ = ObjectGrowth::by_tail;
  std::optional<SteadyTime> last_written_;
  bool draining_ = false;
  // By their own keys. A node has tens of thousands of logs, with keys of 200 bytes: each is held once.
  std::unordered_map<std::string_view, std::unique_ptr<Entry>> entries_;
  std::map<std::string_view, Entry*> rotated_;  // those of them whose keys are rotated logs'
  std::map<std::string, Prefix> prefixes_;
  // Apart, so that logs which wait for their round are not passed by one by one to find events.
  using Waiting = std::set<Entry*, WaitingOrder>;
  Waiting& waiting_of(const Entry& entry) { return is_log(entry) ? waiting_logs_ : waiting_events_; }
  Waiting waiting_events_;
  Waiting waiting_logs_;
  std::set<Entry*, ReadyOrder> ready_;
  int ready_logs_ = 0;
  uint64_t next_number_ = 0;
  uint64_t unstored_ = 0;
  EventsAndLogs<ShipperTotals> totals_;
};

}  // namespace rayhistory
