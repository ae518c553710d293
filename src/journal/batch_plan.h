// A batch, sorted by the file that each of its events goes to, without those that are in the journal already.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "journal/event.h"
#include "journal/event_id_index.h"
#include "journal/event_id_memory.h"
#include "journal/journal_place.h"
#include "journal/session_nodes.h"

namespace rayhistory::collector {

// One event that was set aside, for the log. It holds nothing that could be a secret.
struct RejectedExample {
  std::string event_type = "unknown";  // as Ray names them, TASK_DEFINITION_EVENT, or "unknown"
  std::string_view reason;             // static text
};

// What became of a batch's elements.
struct BatchOutcome {
  uint64_t stored = 0;
  uint64_t rejected = 0;         // set aside, in rejected_events
  uint64_t duplicate = 0;        // in the journal already, as good events or as set aside
  RejectedExample example = {};  // the first that was set aside, where one was

  // The counts alone.
  friend bool operator==(const BatchOutcome& a, const BatchOutcome& b) {
    return a.stored == b.stored && a.rejected == b.rejected && a.duplicate == b.duplicate;
  }
};

// Pieces point into the batch and into the plan itself, which so cannot be moved.
class BatchPlan {
 public:
  struct Group {
    JournalPlace place;
    std::vector<std::string_view> pieces;
    uint64_t bytes = 0;

    void add(std::string_view piece) {
      pieces.push_back(piece);
      bytes += piece.size();
    }
  };

  // Events that would need more than `groups_limit` files are set aside.
  BatchPlan(const CutBatch& batch, SessionNodes& nodes, const EventIdMemory& known, int64_t unix_nanoseconds,
            size_t groups_limit);
  BatchPlan(const BatchPlan&) = delete;
  BatchPlan& operator=(const BatchPlan&) = delete;

  const std::deque<Group>& groups() const { return groups_; }
  // To be remembered once the batch is on the disk.
  const std::vector<EventIdHash>& ids() const { return ids_; }
  const BatchOutcome& outcome() const { return outcome_; }

 private:
  void add(const CutEvent& event);
  void add(const SetAsideEvent& event);
  bool is_duplicate(const std::optional<EventIdHash>& id);
  Group* group_of(const CutEvent& event);
  // Of events that name none: the one that was running when they came, as far as it is known.
  SessionName session_of_nameless() const;
  // Its place in CutBatch::sessions; kNoSession where no event of the batch names it.
  uint32_t index_of_nameless();
  void set_aside(std::string_view raw, std::string_view reason, std::string_view type);
  JournalPlace place_of_set_aside();

  const CutBatch& batch_;
  SessionNodes& nodes_;
  const EventIdMemory& known_;
  const int64_t unix_nanoseconds_;
  const size_t groups_limit_;

  std::deque<Group> groups_;  // a deque: pointers to its elements stay valid
  std::unordered_map<uint64_t, Group*> by_key_;
  std::optional<uint32_t> nameless_;  // index_of_nameless, once it was asked for
  // The last of each: events of one batch mostly share both.
  uint64_t last_key_ = 0;
  Group* last_group_ = nullptr;
  Group* set_aside_ = nullptr;
  std::string between_;  // a set-aside event's reason and the event itself
  std::vector<EventIdHash> ids_;
  EventIdIndex seen_;  // of ids_
  BatchOutcome outcome_;
};

}  // namespace rayhistory::collector
