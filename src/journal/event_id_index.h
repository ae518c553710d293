// Finds a hash among those of a vector, which its owner keeps: the index holds places in it alone.
//
// Open addressing with linear probing, at the most half full. Every event is looked up in two of these; with
// a node of std::unordered_set for each, that was a fifth of all that an event costs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "journal/event_id_hash.h"

namespace rayhistory::collector {

class EventIdIndex {
 public:
  explicit EventIdIndex(size_t capacity) : capacity_(capacity) {}

  // `ids` is always the vector whose places were added, and has not changed there since.
  bool contains(const EventIdHash& hash, const std::vector<EventIdHash>& ids) const {
    return !slots_.empty() && !slots_[slot_of(hash, ids)].is_empty();
  }
  // What is at `place`, which is not in the index yet; at the most `capacity` of them.
  void add(size_t place, const std::vector<EventIdHash>& ids);
  void remove(const EventIdHash& hash, const std::vector<EventIdHash>& ids);

 private:
  // The tag is a half of the hash's first half: enough to find its home again, and to leave other hashes
  // alone without a look into the vector, whose bytes are nearly always far away.
  struct Slot {
    uint32_t tag = 0;
    uint32_t place = 0;  // counted from 1; 0: nothing is here
    bool is_empty() const { return place == 0; }
  };
  static uint32_t tag_of(const EventIdHash& hash) { return static_cast<uint32_t>(hash.first); }

  // Where the hash is, or else where it would be put.
  size_t slot_of(const EventIdHash& hash, const std::vector<EventIdHash>& ids) const;
  size_t home_of(uint32_t tag) const { return tag & (slots_.size() - 1); }
  size_t after(size_t slot) const { return (slot + 1) & (slots_.size() - 1); }
  size_t distance(size_t from, size_t to) const { return (to - from) & (slots_.size() - 1); }

  size_t capacity_;
  std::vector<Slot> slots_;  // a power of two; none until there is something to find
};

}  // namespace rayhistory::collector
