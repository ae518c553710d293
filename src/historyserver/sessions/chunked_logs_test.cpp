#include "historyserver/sessions/chunked_logs.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "historyserver/sessions/stored_session.h"
#include "testing/memory_store.h"

namespace rayhistory::historyserver {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int64_t kSecond = 1'000'000'000;
const std::string kPrefix = "cluster-history/raycluster/ns/c/session_1/";

// The objects of a session, with when the store wrote each.
class ChunkedLogsTest : public testing::Test {
 protected:
  void put(const std::string& path, uint64_t size, int64_t written = 100) {
    objects_.push_back(
        {kPrefix + path, {.size = size, .etag = "e", .modified_nanoseconds = written * kSecond}});
  }
  void chunk(const std::string& log, uint64_t offset, uint64_t size, int64_t written = 100) {
    put(fmt::format("{}.chunks/{:020}", log, offset), size, written);
  }

  void take() {
    std::sort(objects_.begin(), objects_.end(),
              [](const ListedObject& a, const ListedObject& b) { return a.key < b.key; });
    logs_ = ChunkedLogs::take_from(objects_, kPrefix);
  }

  // "<path> <size>" of each, as it is listed.
  std::vector<std::string> listed() const {
    std::vector<std::string> result;
    for (const ListedObject& object : objects_)
      result.push_back(fmt::format("{} {}", object.key.substr(kPrefix.size()), object.object.size));
    return result;
  }

  // "<offset>[<begin>,<end>)" of each part; "[<begin>,<end>)" of what is no chunk.
  std::vector<std::string> parts(const std::string& log, uint64_t begin, uint64_t end) const {
    std::vector<std::string> result;
    for (const LogSlice& part : logs_.in_store({kPrefix + log, begin, end})) {
      const size_t chunks = part.key.find(".chunks/");
      const std::string offset =
          chunks == std::string::npos ? "" : fmt::format("{}", std::stoull(part.key.substr(chunks + 8)));
      result.push_back(fmt::format("{}[{},{})", offset, part.begin, part.end));
    }
    return result;
  }

  std::vector<ListedObject> objects_;
  ChunkedLogs logs_;
};

TEST_F(ChunkedLogsTest, JoinsChunksWhileEachBeginsWhereTheOneBeforeEnded) {
  chunk("n/logs/raylet.out", 0, 10);
  chunk("n/logs/raylet.out", 10, 5);
  chunk("n/logs/raylet.out", 15, 1);
  chunk("n/logs/raylet.out", 17, 100);  // begins behind a gap
  chunk("n/logs/events/event_GCS.log", 0, 0);
  put("n/logs/gcs_server.out", 3);
  take();
  EXPECT_THAT(listed(), ElementsAre("n/logs/events/event_GCS.log 0", "n/logs/gcs_server.out 3",
                                    "n/logs/raylet.out 16"));
  EXPECT_THAT(parts("n/logs/raylet.out", 0, 16), ElementsAre("0[0,10)", "10[0,5)", "15[0,1)"));
  EXPECT_THAT(parts("n/logs/raylet.out", 9, 11), ElementsAre("0[9,10)", "10[0,1)"));
  EXPECT_THAT(parts("n/logs/raylet.out", 10, 15), ElementsAre("10[0,5)"));
  EXPECT_THAT(parts("n/logs/events/event_GCS.log", 0, 0), ElementsAre("[0,0)"));
  EXPECT_THAT(parts("n/logs/gcs_server.out", 1, 3), ElementsAre("[1,3)"));
}

TEST_F(ChunkedLogsTest, SkipsWhatACollectorLeftThatStartedAgain) {
  chunk("n/logs/x.out", 0, 100);  // all there was at the second start
  chunk("n/logs/x.out", 40, 20);  // of the first run
  chunk("n/logs/x.out", 60, 50);  // likewise, and it ends behind the second run's first chunk
  chunk("n/logs/x.out", 100, 7);
  take();
  EXPECT_THAT(listed(), ElementsAre("n/logs/x.out 107"));
  EXPECT_THAT(parts("n/logs/x.out", 0, 107), ElementsAre("0[0,100)", "100[0,7)"));
}

TEST_F(ChunkedLogsTest, TakesAWholeObjectBeforeItsChunks) {
  chunk("n/logs/x.out", 0, 100, 200);
  put("n/logs/x.out", 120, 300);
  // A log that was rotated after our collector took over is shorter.
  chunk("n/logs/y.out", 0, 100, 200);
  put("n/logs/y.out", 3, 300);
  // Both of one second: the store does not say which came first.
  chunk("n/logs/z.out", 0, 100, 300);
  put("n/logs/z.out", 3, 299);
  take();
  EXPECT_THAT(listed(), ElementsAre("n/logs/x.out 120", "n/logs/y.out 3", "n/logs/z.out 3"));
  EXPECT_THAT(parts("n/logs/x.out", 0, 120), ElementsAre("[0,120)"));
}

TEST_F(ChunkedLogsTest, TakesTheChunksOfACollectorThatTookOverFromOurs) {
  put("n/logs/x.out", 100, 200);
  chunk("n/logs/x.out", 0, 110, 300);
  chunk("n/logs/x.out", 110, 5, 310);
  // Rotated after KubeRay's collector took over.
  put("n/logs/y.out", 100, 200);
  put(fmt::format("n/logs/y.rotated.{}-77.out", 250 * kSecond), 105, 260);
  chunk("n/logs/y.out", 0, 4, 260);
  // A bucket that was copied: the whole object has more, and nothing was rotated.
  put("n/logs/z.out", 100, 200);
  put(fmt::format("n/logs/z.rotated.{}-78.out", 150 * kSecond), 105, 160);
  chunk("n/logs/z.out", 0, 4, 300);
  take();
  EXPECT_THAT(listed(),
              ElementsAre("n/logs/x.out 115", "n/logs/y.out 4", "n/logs/y.rotated.250000000000-77.out 105",
                          "n/logs/z.out 100", "n/logs/z.rotated.150000000000-78.out 105"));
}

TEST_F(ChunkedLogsTest, TakesNothingElseForAChunk) {
  put("n/logs/x.out.chunks/1", 1);
  put("n/logs/x.out.chunks/0000000000000000000a", 1);
  put("n/logs/x.out.chunks/99999999999999999999", 1);  // more than 64 bits
  put("n/logs/x.out.chunks/00000000000000000000/y", 1);
  put("n/logs/.chunks/00000000000000000000", 1);
  put("n/job_events/x.chunks/00000000000000000000", 1);
  put("logs.chunks/00000000000000000000", 1);
  const std::vector<std::string> before = listed();
  take();
  EXPECT_EQ(listed().size(), before.size());
  EXPECT_EQ(logs_.bytes(), 0u);
}

TEST_F(ChunkedLogsTest, KeepsNestedNamesApart) {
  chunk("n/logs/x.chunks/00000000000000000000", 0, 3);  // a file of that name
  chunk("n/logs/x", 0, 1);
  chunk("n/logs/x", 1, 1);
  take();
  EXPECT_THAT(listed(), ElementsAre("n/logs/x 2", "n/logs/x.chunks/00000000000000000000 3"));
}

TEST_F(ChunkedLogsTest, ShowsALogWhoseBeginningIsMissingAsAnEmptyOne) {
  chunk("n/logs/x.out", 5, 3);
  take();
  EXPECT_THAT(listed(), ElementsAre("n/logs/x.out 0"));
  EXPECT_THAT(parts("n/logs/x.out", 0, 0), ElementsAre("[0,0)"));
}

TEST_F(ChunkedLogsTest, HasAnotherETagWhereAChunkHas) {
  chunk("n/logs/x.out", 0, 3);
  take();
  const std::string before = objects_.front().object.etag;
  objects_.clear();
  chunk("n/logs/x.out", 0, 3);
  objects_.front().object.etag = "another";
  take();
  EXPECT_NE(objects_.front().object.etag, before);
}

TEST(ReadListed, JoinsWhatIsInChunks) {
  MemoryStore store;
  const StoredSession session{
      .place = {.name_space = *DnsName::parse("ns"), .cluster = *DnsName::parse("c"), .owner = {}},
      .name = *SessionName::parse("session_1"),
      .prefix = kPrefix};
  store.set(kPrefix + "n/logs/x.out.chunks/00000000000000000000", "abc");
  store.set(kPrefix + "n/logs/x.out.chunks/00000000000000000003", "def");
  const auto listing = list_session(store, session, Deadline::never());
  ASSERT_TRUE(listing);
  const std::string key = kPrefix + "n/logs/x.out";
  EXPECT_EQ(*read_listed(store, *listing, key, 0, 100, Deadline::never()), "abcdef");
  EXPECT_EQ(*read_listed(store, *listing, key, 2, 2, Deadline::never()), "cd");
  EXPECT_THAT(*read_listed(store, *listing, key, 6, 2, Deadline::never()), IsEmpty());
  // A chunk that became shorter since it was listed ends the text: nothing behind it is joined.
  store.set(kPrefix + "n/logs/x.out.chunks/00000000000000000000", "a");
  EXPECT_EQ(*read_listed(store, *listing, key, 0, 100, Deadline::never()), "a");
}

}  // namespace
}  // namespace rayhistory::historyserver
