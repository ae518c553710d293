// An eventId, as a hash of fixed size.
#pragma once

#include <cstdint>
#include <string_view>

namespace rayhistory::collector {

// 128 bits: among 2^34 events, two years of 300 a second, two share a hash once in 2^61 such lives. It guards
// against chance and not against malice, which has no business on loopback.
struct EventIdHash {
  uint64_t first = 0;
  uint64_t second = 0;
  friend bool operator==(const EventIdHash&, const EventIdHash&) = default;
};

// An event that was set aside and a good one may bear the same ID and are still two.
enum class EventIdSpace : uint64_t { good = 0, set_aside = 1 };

EventIdHash hash_of_event_id(std::string_view event_id, EventIdSpace space);

}  // namespace rayhistory::collector
