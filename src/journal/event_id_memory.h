// Which events are in the journal already: the last eventIds, as hashes, so that a batch that Ray's agent
// sends again is stored once.
//
// Ray's agent has one batch of at most 1,000 events in flight and posts it again, byte for byte, until it has
// had its answer within 3 s; so what must be remembered is a batch or two, across a restart and a kill -9
// too:
//   - while a journal file lies on the disk, its lines are the memory: their ends are read at start;
//   - before one is removed, because the store has it, the memory is written to the file `recent_event_ids`
//     unless it is there already (kept by journal.h, encoded here); a missing or corrupt file only means
//     less memory.
//
// Not for several threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "journal/event_id_index.h"

namespace rayhistory::collector {

class EventIdMemory {
 public:
  explicit EventIdMemory(size_t capacity) : capacity_(capacity), known_(capacity) {}

  bool contains(const EventIdHash& hash) const { return known_.contains(hash, ring_); }
  // Forgets the oldest when full. One that is known already stays where it is.
  void remember(const EventIdHash& hash);

  // How many were ever remembered: the sequence number of the latest, counted from 1.
  uint64_t latest() const { return latest_; }
  // Whether any ID up to this sequence number may still be in memory.
  bool reaches_back_to(uint64_t sequence) const { return sequence + ring_.size() > latest_; }

  // Oldest first.
  std::vector<EventIdHash> all() const;

 private:
  size_t capacity_;
  std::vector<EventIdHash> ring_;
  size_t oldest_ = 0;  // once the ring is full, what is overwritten next
  uint64_t latest_ = 0;
  EventIdIndex known_;  // of the ring
};

// What the file `recent_event_ids` holds: the IDs, and the time after which no journal file has been named
// yet, so that no name is used twice even when the wall clock is set back. Ends with a SHA-256 of what comes
// before.
struct RecentEventIds {
  int64_t last_opened_nanoseconds = 0;
  std::vector<EventIdHash> ids;  // oldest first
};

std::string encode(const RecentEventIds& recent);
Result<RecentEventIds> decode_recent_event_ids(std::string_view content);

}  // namespace rayhistory::collector
