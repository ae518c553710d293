#include "journal/event_id_index.h"

#include <bit>
#include <utility>

namespace rayhistory::collector {

size_t EventIdIndex::slot_of(const EventIdHash& hash, const std::vector<EventIdHash>& ids) const {
  const uint32_t tag = tag_of(hash);
  const auto is_it = [&](const Slot& slot) { return slot.tag == tag && ids[slot.place - 1] == hash; };
  size_t slot = home_of(tag);
  while (!slots_[slot].is_empty() && !is_it(slots_[slot]))
    slot = after(slot);
  return slot;
}

void EventIdIndex::add(size_t place, const std::vector<EventIdHash>& ids) {
  if (slots_.empty()) slots_.resize(std::bit_ceil(2 * capacity_));
  slots_[slot_of(ids[place], ids)] = {tag_of(ids[place]), static_cast<uint32_t>(place + 1)};
}

// Those that had to give way to it move up, so that every search still ends at an empty slot (Knuth, The Art
// of Computer Programming, 6.4, Algorithm R).
void EventIdIndex::remove(const EventIdHash& hash, const std::vector<EventIdHash>& ids) {
  size_t hole = slot_of(hash, ids);
  for (size_t slot = after(hole); !slots_[slot].is_empty(); slot = after(slot)) {
    const size_t home = home_of(slots_[slot].tag);
    if (distance(home, slot) >= distance(hole, slot)) slots_[std::exchange(hole, slot)] = slots_[slot];
  }
  slots_[hole] = {};
}

}  // namespace rayhistory::collector
