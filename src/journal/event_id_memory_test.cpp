#include "journal/event_id_memory.h"

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace rayhistory::collector {
namespace {

EventIdHash id(int number) {
  return hash_of_event_id("event-" + std::to_string(number), EventIdSpace::good);
}

TEST(EventIdHash, TellsSimilarIdsApart) {
  std::set<std::pair<uint64_t, uint64_t>> hashes;
  std::set<uint64_t> first_lanes;
  std::set<uint64_t> second_lanes;
  size_t count = 0;
  const auto add = [&](std::string_view text, EventIdSpace space) {
    const EventIdHash hash = hash_of_event_id(text, space);
    hashes.emplace(hash.first, hash.second);
    first_lanes.insert(hash.first);
    second_lanes.insert(hash.second);
    ++count;
  };
  for (int i = 0; i < 20'000; ++i)
    add("event-" + std::to_string(i), EventIdSpace::good);
  for (int i = 0; i < 20'000; ++i)
    add("event-" + std::to_string(i), EventIdSpace::set_aside);
  // Ends that only padding with zeros would make equal.
  for (size_t length = 0; length < 40; ++length)
    add(std::string(length, '\0'), EventIdSpace::good);
  EXPECT_EQ(hashes.size(), count);
  EXPECT_EQ(first_lanes.size(), count);
  EXPECT_EQ(second_lanes.size(), count);
}

TEST(EventIdMemory, ForgetsTheOldestWhenFull) {
  EventIdMemory memory(3);
  for (int i = 1; i <= 4; ++i)
    memory.remember(id(i));
  EXPECT_FALSE(memory.contains(id(1)));
  EXPECT_TRUE(memory.contains(id(2)));
  EXPECT_TRUE(memory.contains(id(4)));
  EXPECT_EQ(memory.latest(), 4u);
  EXPECT_EQ(memory.all(), (std::vector<EventIdHash>{id(2), id(3), id(4)}));
  memory.remember(id(2));  // known: nothing moves
  memory.remember(id(5));
  EXPECT_EQ(memory.all(), (std::vector<EventIdHash>{id(3), id(4), id(5)}));
}

// All in one heap of neighbours, so that each that is forgotten leaves a hole among others.
TEST(EventIdMemory, KnowsTheLastOfManyWhateverTheirHashes) {
  for (const uint64_t homes : {1u, 3u, 64u, 1000u}) {
    EventIdMemory memory(50);
    std::mt19937_64 dice(homes);
    std::vector<EventIdHash> remembered;
    for (uint64_t i = 0; i < 5'000; ++i) {
      const EventIdHash hash{dice() % homes, dice() % 100};
      if (!memory.contains(hash)) remembered.push_back(hash);
      memory.remember(hash);
      const size_t kept = std::min<size_t>(50, remembered.size());
      ASSERT_EQ(memory.all(), (std::vector<EventIdHash>(remembered.end() - static_cast<ptrdiff_t>(kept),
                                                        remembered.end())));
      ASSERT_EQ(memory.latest(), remembered.size());
      for (uint64_t first = 0; i % 50 == 0 && first < homes; ++first) {
        for (uint64_t second = 0; second < 100; ++second) {
          const EventIdHash other{first, second};
          const auto newest = memory.all();
          ASSERT_EQ(memory.contains(other), std::find(newest.begin(), newest.end(), other) != newest.end());
        }
      }
    }
  }
}

TEST(EventIdMemory, KnowsHowFarItReachesBack) {
  EventIdMemory memory(3);
  for (int i = 1; i <= 5; ++i)
    memory.remember(id(i));
  EXPECT_FALSE(memory.reaches_back_to(2));
  EXPECT_TRUE(memory.reaches_back_to(3));
  EXPECT_TRUE(memory.reaches_back_to(5));
}

TEST(RecentEventIds, ComeBackAsTheyWere) {
  const RecentEventIds recent{1'795'400'840'000'000'001, {id(1), id(2), id(3)}};
  const Result<RecentEventIds> decoded = decode_recent_event_ids(encode(recent));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->last_opened_nanoseconds, recent.last_opened_nanoseconds);
  EXPECT_EQ(decoded->ids, recent.ids);
}

TEST(RecentEventIds, AreRefusedWhenCutOrChangedAnywhere) {
  const std::string whole = encode({17, {id(1), id(2)}});
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(decode_recent_event_ids(whole.substr(0, length))) << length;
    std::string changed = whole;
    changed[length] = static_cast<char>(changed[length] ^ 0x20);
    EXPECT_FALSE(decode_recent_event_ids(changed)) << length;
  }
  EXPECT_FALSE(decode_recent_event_ids(std::string(whole.size(), '\0')));
  EXPECT_FALSE(decode_recent_event_ids(whole + "x"));
}

}  // namespace
}  // namespace rayhistory::collector
