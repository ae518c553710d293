#include "journal/event_id_memory.h"

#include <bit>
#include <cstring>
#include <utility>

#include "base/digest.h"

namespace rayhistory::collector {
namespace {

// Stafford's thirteenth mixer, as in SplitMix64: every input bit reaches every output bit.
constexpr uint64_t mix(uint64_t word) {
  word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9U;
  word = (word ^ (word >> 27)) * 0x94D049BB133111EBU;
  return word ^ (word >> 31);
}

constexpr std::string_view kMagic = "rayhistory recent event ids 1\n";
constexpr size_t kDigestBytes = 32;
constexpr size_t kNumberBytes = 8;

void put_number(std::string& out, uint64_t number) {
  for (size_t i = 0; i < kNumberBytes; ++i)
    out.push_back(static_cast<char>(number >> (8 * i)));
}

uint64_t take_number(std::string_view& in) {
  uint64_t number = 0;
  for (size_t i = 0; i < kNumberBytes; ++i)
    number |= uint64_t{static_cast<unsigned char>(in[i])} << (8 * i);
  in.remove_prefix(kNumberBytes);
  return number;
}

}  // namespace

EventIdHash hash_of_event_id(std::string_view event_id, EventIdSpace space) {
  // Two lanes over the same words with different constants: 128 bits that agree only where both do.
  uint64_t first = mix(event_id.size() + 0x9E3779B97F4A7C15U * (static_cast<uint64_t>(space) + 1));
  uint64_t second = mix(~first);
  while (!event_id.empty()) {
    uint64_t word = 0;
    const size_t taken = std::min(event_id.size(), sizeof word);
    std::memcpy(&word, event_id.data(), taken);
    event_id.remove_prefix(taken);
    first = mix(first ^ word) + 0x9E3779B97F4A7C15U;
    second = mix(std::rotl(second, 29) + word * 0xD6E8FEB86659FD93U);
  }
  return {first, second};
}

void EventIdMemory::remember(const EventIdHash& hash) {
  if (contains(hash)) return;
  ++latest_;
  size_t place = ring_.size();
  if (place < capacity_) {
    ring_.push_back(hash);
  } else {
    place = std::exchange(oldest_, (oldest_ + 1) % capacity_);
    known_.remove(ring_[place], ring_);
    ring_[place] = hash;
  }
  known_.add(place, ring_);
}

std::vector<EventIdHash> EventIdMemory::all() const {
  std::vector<EventIdHash> ids;
  ids.reserve(ring_.size());
  for (size_t i = 0; i < ring_.size(); ++i)
    ids.push_back(ring_[(oldest_ + i) % ring_.size()]);
  return ids;
}

std::string encode(const RecentEventIds& recent) {
  std::string content(kMagic);
  content.reserve(kMagic.size() + kNumberBytes * (1 + 2 * recent.ids.size()) + kDigestBytes);
  put_number(content, static_cast<uint64_t>(recent.last_opened_nanoseconds));
  for (const EventIdHash& id : recent.ids) {
    put_number(content, id.first);
    put_number(content, id.second);
  }
  const Sha256Digest digest = sha256(content);
  content.append(reinterpret_cast<const char*>(digest.data()), digest.size());
  return content;
}

Result<RecentEventIds> decode_recent_event_ids(std::string_view content) {
  const Error corrupt{ErrorKind::invalid, "not what an earlier run wrote (cut short or overwritten)"};
  if (!content.starts_with(kMagic) || content.size() < kMagic.size() + kNumberBytes + kDigestBytes)
    return corrupt;
  std::string_view body = content.substr(0, content.size() - kDigestBytes);
  const Sha256Digest digest = sha256(body);
  if (std::memcmp(digest.data(), content.data() + body.size(), kDigestBytes) != 0) return corrupt;
  body.remove_prefix(kMagic.size());
  RecentEventIds recent;
  recent.last_opened_nanoseconds = static_cast<int64_t>(take_number(body));
  if (body.size() % (2 * kNumberBytes) != 0) return corrupt;
  recent.ids.reserve(body.size() / (2 * kNumberBytes));
  while (!body.empty()) {
    const uint64_t first = take_number(body);
    const uint64_t second = take_number(body);
    recent.ids.push_back({first, second});
  }
  return recent;
}

}  // namespace rayhistory::collector
