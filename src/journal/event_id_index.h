// Finds a hash among those of a vector, which its owner keeps: the index holds places in it alone.
//
// Open addressing with linear probing, at the most half full. Every event is looked up in two of these; with
// a node of std::unordered_set for each, that was a fifth of all that an event costs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "journal/event_id_hash.h"

namespace rayhistory {

class EventIdIndex {
 public:
  explicit EventIdIndex(size_t capacity);

  // `ids` is always the vector whose places were added, and has not changed there since.
  bool contains(const EventIdHash& hash, const std::vector<EventIdHash>& ids) const {
    return slots_[slot_of(hash, ids)] != kEmpty;
  }
  // What is at `place`, which is not in the index yet; at the most `capacity` of them.
  void add(size_t place, const std::vector<EventIdHash>& ids);
  void remove(const EventIdHash& hash, const std::vector<EventIdHash>& ids);

 private:
  using Slot = uint32_t;  // a place, counted from 1
  static constexpr Slot kEmpty = 0;

  // Where the hash is, or else where it would be put.
  size_t slot_of(const EventIdHash& hash, const std::vector<EventIdHash>& ids) const;
  size_t home_of(const EventIdHash& hash) const { return hash.first & (slots_.size() - 1); }
  size_t after(size_t slot) const { return (slot + 1) & (slots_.size() - 1); }
  size_t distance(size_t from, size_t to) const { return (to - from) & (slots_.size() - 1); }

  std::vector<Slot> slots_;  // a power of two
};

}  // namespace rayhistory
