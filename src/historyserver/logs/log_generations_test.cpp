#include "historyserver/logs/log_generations.h"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kLive = std::numeric_limits<int64_t>::max();

bool operator==(const LogGeneration& a, const LogGeneration& b) {
  return a.key == b.key && a.size == b.size && a.last_written == b.last_written;
}

TEST(LogGenerations, AreThoseOfThatNameByTheTimeOfTheirLastByte) {
  const std::string prefix = "p/";
  const SessionListing listing{.session = {.place = {.name_space = *DnsName::parse("ns"),
                                                     .cluster = *DnsName::parse("c"),
                                                     .owner = {}},
                                           .name = *SessionName::parse("session_1"),
                                           .prefix = prefix},
                               .objects = {{prefix + "aa/logs/w.out", {5, ""}},
                                           {prefix + "aa/logs/w.rotated.100-9.out", {1, ""}},
                                           {prefix + "aa/logs/w.rotated.20-3.err", {9, ""}},
                                           {prefix + "aa/logs/w.rotated.20-3.out", {2, ""}},
                                           {prefix + "aa/logs/w.rotated.20-x.out", {9, ""}},
                                           {prefix + "aa/logs/ww.rotated.1-1.out", {9, ""}},
                                           {prefix + "bb/logs/w.rotated.1-1.out", {9, ""}}},
                               .chunked = {}};
  const std::vector<LogGeneration> found = generations_of(listing, *NodeId::parse("aa"), "w.out");
  ASSERT_EQ(found.size(), 3u);
  EXPECT_TRUE(found[0] == (LogGeneration{prefix + "aa/logs/w.rotated.20-3.out", 2, 20}));
  EXPECT_TRUE(found[1] == (LogGeneration{prefix + "aa/logs/w.rotated.100-9.out", 1, 100}));
  EXPECT_TRUE(found[2] == (LogGeneration{prefix + "aa/logs/w.out", 5, kLive}));
  EXPECT_THAT(generations_of(listing, *NodeId::parse("cc"), "w.out"), IsEmpty());
}

SessionListing listing_of(std::vector<ListedObject> objects) {
  std::sort(objects.begin(), objects.end(),
            [](const ListedObject& a, const ListedObject& b) { return a.key < b.key; });
  return {.session = {.place = {.name_space = *DnsName::parse("ns"),
                                .cluster = *DnsName::parse("c"),
                                .owner = {}},
                      .name = *SessionName::parse("session_1"),
                      .prefix = "p/"},
          .objects = std::move(objects),
          .chunked = {}};
}

std::vector<std::string> names_of(const SessionListing& listing) {
  std::vector<std::string> names;
  for (const LogGeneration& each : generations_of(listing, *NodeId::parse("aa"), "w.out"))
    names.push_back(each.key.substr(std::string_view("p/aa/logs/").size()));
  return names;
}

TEST(LogGenerations, AreThoseUnderTheirNamesOnTheDiskByTheirNumber) {
  const auto listing = listing_of({{"p/aa/logs/w.out", {5, ""}},
                                   {"p/aa/logs/w.out.1", {1, ""}},
                                   {"p/aa/logs/w.out.2", {1, ""}},
                                   {"p/aa/logs/w.out.10", {1, ""}},
                                   {"p/aa/logs/w.out.02", {1, ""}},
                                   {"p/aa/logs/w.out.x", {1, ""}},
                                   {"p/aa/logs/w.out.1.1", {1, ""}},
                                   {"p/aa/logs/w.outer.1", {1, ""}}});
  EXPECT_THAT(names_of(listing), ElementsAre("w.out.10", "w.out.2", "w.out.1", "w.out"));
}

TEST(LogGenerations, OfBothNamesCountOnce) {
  // The ring had turned once more when our collector took over.
  const auto both = listing_of({{"p/aa/logs/w.out", {5, ""}},
                                {"p/aa/logs/w.out.1", {12, ""}},
                                {"p/aa/logs/w.out.2", {11, ""}},
                                {"p/aa/logs/w.out.3", {10, ""}},
                                {"p/aa/logs/w.rotated.100-1.out", {11, ""}},
                                {"p/aa/logs/w.rotated.200-2.out", {12, ""}},
                                {"p/aa/logs/w.rotated.300-3.out", {13, ""}}});
  EXPECT_THAT(names_of(both), ElementsAre("w.out.3", "w.rotated.100-1.out", "w.rotated.200-2.out",
                                          "w.rotated.300-3.out", "w.out"));
  const auto of_one_length = listing_of({{"p/aa/logs/w.out.1", {10, ""}},
                                         {"p/aa/logs/w.out.2", {10, ""}},
                                         {"p/aa/logs/w.out.3", {10, ""}},
                                         {"p/aa/logs/w.rotated.100-1.out", {10, ""}},
                                         {"p/aa/logs/w.rotated.200-2.out", {10, ""}}});
  EXPECT_EQ(names_of(of_one_length).size(), 3u);
  const auto none_in_common = listing_of({{"p/aa/logs/w.out.1", {10, ""}},
                                          {"p/aa/logs/w.out.2", {11, ""}},
                                          {"p/aa/logs/w.rotated.100-1.out", {12, ""}}});
  EXPECT_THAT(names_of(none_in_common), ElementsAre("w.out.2", "w.out.1", "w.rotated.100-1.out"));
}

TEST(TaskOutput, IsFoundByLengthInGenerationsWithoutATime) {
  const std::vector<LogGeneration> files = {{"w.2", 100, 0}, {"w.1", 100, 0}, {"w", 50, kLive}};
  EXPECT_THAT(slices_of(files, {.start = 36, .began = 5, .end = 54, .ended = 6}, nullptr),
              ElementsAre(LogSlice{"w.1", 36, 54}));
  EXPECT_THAT(slices_of(files, {.start = 36, .began = 5, .end = 44, .ended = 6}, nullptr),
              ElementsAre(LogSlice{"w", 36, 44}));
}

TEST(TaskOutput, IsARangeOfAFileThatWasNeverRotated) {
  const std::vector<LogGeneration> file = {{"w", 100, kLive}};
  EXPECT_THAT(slices_of(file, {.start = 36, .end = 54}, nullptr), ElementsAre(LogSlice{"w", 36, 54}));
  EXPECT_THAT(slices_of(file, {.start = 36, .began = 5, .end = 36, .ended = 6}, nullptr), IsEmpty());
  EXPECT_THAT(slices_of(file, {.start = 90, .end = 200}, nullptr), ElementsAre(LogSlice{"w", 90, 100}));
  EXPECT_THAT(slices_of(file, {.start = 200, .end = 300}, nullptr), IsEmpty());
  EXPECT_THAT(slices_of(file, {.start = 54, .end = 36}, nullptr), IsEmpty());
}

TEST(TaskOutput, EndsWhereTheNextBeginsWhenNobodyNotedItsEnd) {
  const std::vector<LogGeneration> file = {{"w", 100, kLive}};
  EXPECT_THAT(slices_of(file, {.start = 36}, nullptr), ElementsAre(LogSlice{"w", 36, 100}));
  const NextOutput next{.start = 54, .began = 2};
  EXPECT_THAT(slices_of(file, {.start = 36, .began = 1}, &next), ElementsAre(LogSlice{"w", 36, 54}));
  const NextOutput silent{.start = 36, .began = 2};
  EXPECT_THAT(slices_of(file, {.start = 36, .began = 1}, &silent), IsEmpty());
}

class RotatedOutput : public testing::Test {
 protected:
  // Written until 10 s, until 20 s, and still.
  const std::vector<LogGeneration> files_ = {
      {"1", 100, 10 * kSecond}, {"2", 100, 20 * kSecond}, {"3", 50, kLive}};
};

TEST_F(RotatedOutput, LiesInTheFileThatWasWrittenThen) {
  EXPECT_THAT(
      slices_of(files_, {.start = 36, .began = 5 * kSecond, .end = 54, .ended = 6 * kSecond}, nullptr),
      ElementsAre(LogSlice{"1", 36, 54}));
  EXPECT_THAT(
      slices_of(files_, {.start = 36, .began = 15 * kSecond, .end = 54, .ended = 16 * kSecond}, nullptr),
      ElementsAre(LogSlice{"2", 36, 54}));
  EXPECT_THAT(
      slices_of(files_, {.start = 36, .began = 25 * kSecond, .end = 44, .ended = 26 * kSecond}, nullptr),
      ElementsAre(LogSlice{"3", 36, 44}));
}

TEST_F(RotatedOutput, GoesOnInTheNextFile) {
  EXPECT_THAT(
      slices_of(files_, {.start = 90, .began = 9 * kSecond, .end = 7, .ended = 12 * kSecond}, nullptr),
      ElementsAre(LogSlice{"1", 90, 100}, LogSlice{"2", 0, 7}));
  // More than was in the first when it began.
  EXPECT_THAT(
      slices_of(files_, {.start = 10, .began = 9 * kSecond, .end = 40, .ended = 12 * kSecond}, nullptr),
      ElementsAre(LogSlice{"1", 10, 100}, LogSlice{"2", 0, 40}));
  EXPECT_THAT(
      slices_of(files_, {.start = 90, .began = 9 * kSecond, .end = 20, .ended = 30 * kSecond}, nullptr),
      ElementsAre(LogSlice{"1", 90, 100}, LogSlice{"2", 0, 100}, LogSlice{"3", 0, 20}));
  EXPECT_THAT(slices_of(files_, {.start = 90, .began = 9 * kSecond}, nullptr),
              ElementsAre(LogSlice{"1", 90, 100}, LogSlice{"2", 0, 100}, LogSlice{"3", 0, 50}));
}

TEST_F(RotatedOutput, MayBeTheLastOfItsFile) {
  EXPECT_THAT(
      slices_of(files_, {.start = 90, .began = 9 * kSecond, .end = 100, .ended = 11 * kSecond}, nullptr),
      ElementsAre(LogSlice{"1", 90, 100}));
}

TEST_F(RotatedOutput, MayHaveRotatedTheFileWithItsFirstByte) {
  EXPECT_THAT(
      slices_of(files_, {.start = 100, .began = 11 * kSecond, .end = 30, .ended = 12 * kSecond}, nullptr),
      ElementsAre(LogSlice{"2", 0, 30}));
  // The file's time is a tick behind the task's.
  EXPECT_THAT(
      slices_of(files_, {.start = 100, .began = 10 * kSecond + 1, .end = 30, .ended = 12 * kSecond}, nullptr),
      ElementsAre(LogSlice{"2", 0, 30}));
}

TEST_F(RotatedOutput, IsBoundedByTheNextInWhateverFileThatBegan) {
  const NextOutput next{.start = 20, .began = 14 * kSecond};
  EXPECT_THAT(slices_of(files_, {.start = 90, .began = 9 * kSecond}, &next),
              ElementsAre(LogSlice{"1", 90, 100}, LogSlice{"2", 0, 20}));
}

TEST_F(RotatedOutput, IsLookedForInTheNewestFileThatIsLongEnoughWithoutTimes) {
  EXPECT_THAT(slices_of(files_, {.start = 36, .end = 44}, nullptr), ElementsAre(LogSlice{"3", 36, 44}));
  EXPECT_THAT(slices_of(files_, {.start = 36, .end = 54}, nullptr), ElementsAre(LogSlice{"2", 36, 54}));
}

}  // namespace
}  // namespace rayhistory::historyserver
