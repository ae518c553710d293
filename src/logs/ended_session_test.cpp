#include "logs/ended_session.h"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace rayhistory::collector {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const SessionName kEnded = *SessionName::parse("session_2026-11-23_02-27-20_324908_14170");
const SessionName kRunning = *SessionName::parse("session_2026-11-23_03-25-19_402666_11");
const NodeId kNode = *NodeId::parse("65ca4d20");
constexpr int64_t kNodeSince = 1'000'000'000'000'000'000;  // 2001: files of these tests are younger

class EndedSessionsTest : public testing::Test, public ShipmentConsumer {
 protected:
  std::string in(const std::string& where, const std::string& path) const {
    return where + "/" + kEnded.str() + "/" + kNode.str() + "/logs/" + path;
  }
  bool exists(const std::string& path) const { return status_of(root / path).has_value(); }

  std::string session_folder() const { return root / ("prev-logs/" + kEnded.str()); }
  bool session_folder_is_empty() const {
    std::error_code error;
    return std::filesystem::is_empty(session_folder(), error) && !error;
  }

  std::vector<std::string> offered_names() const {
    std::vector<std::string> names;
    for (const Shipment& shipment : offered)
      names.push_back(shipment.key.substr(shipment.prefix_length));
    return names;
  }
  void tell_ended() {
    for (const auto& tell : std::exchange(ended_to_tell, {}))
      tell();
  }
  // As the shipper does: all that is offered is stored, and what that leads to as well.
  void store_all() {
    while (!offered.empty() || !ended_to_tell.empty()) {
      if (offered.empty()) {
        tell_ended();
        continue;
      }
      const Shipment shipment = offered.front();
      offered.erase(offered.begin());
      EXPECT_TRUE(shipment.final);
      stored.push_back(shipment.key.substr(shipment.prefix_length));
      if (shipment.on_stored) shipment.on_stored();
    }
  }

  void offer(Shipment shipment) override { offered.push_back(std::move(shipment)); }
  void withdraw(const std::string& key) override { ADD_FAILURE() << "withdrawn: " << key; }
  void hand_over(const std::string& key) override { ADD_FAILURE() << "handed over: " << key; }
  void prefix_ended(const std::string& prefix, std::function<void()> on_done) override {
    ended.push_back(prefix);
    ended_to_tell.push_back(std::move(on_done));
  }

  TemporaryFolder root;
  std::vector<Shipment> offered;
  std::vector<std::string> stored;
  std::vector<std::string> ended;
  std::vector<std::function<void()>> ended_to_tell;
  NodeTimes nodes_before;
  EndedSessions sessions{RayFolder(root.shared()),
                         ObjectKeys("", {*DnsName::parse("default"), *DnsName::parse("c"), {}}),
                         [this](const SessionName&, const NodeId& last) {
                           NodeTimes all = nodes_before;
                           all.push_back({last, kNodeSince});
                           return all;
                         },
                         *this};
};

TEST_F(EndedSessionsTest, MovesTheLogsAsideAndOffersThem) {
  root.write(kEnded.str() + "/logs/raylet.out", "x");
  root.write(kEnded.str() + "/logs/serve/replica.log", "y");
  sessions.take(kEnded, kNode);
  EXPECT_FALSE(exists(kEnded.str() + "/logs"));
  EXPECT_TRUE(exists(in("prev-logs", "serve/replica.log")));
  EXPECT_THAT(offered_names(), UnorderedElementsAre("logs/raylet.out", "logs/serve/replica.log"));
}

TEST_F(EndedSessionsTest, AFileIsStoredUnderTheNodeThatRanWhenItWasLastWritten) {
  nodes_before = {{*NodeId::parse("0a"), 0}};
  root.write(kEnded.str() + "/logs/worker-1.out", "the first raylet's");
  root.write(kEnded.str() + "/logs/raylet.out.1", "likewise");
  root.write(kEnded.str() + "/logs/raylet.out", "the second's");
  const auto earlier = std::filesystem::file_time_type::clock::now() - std::chrono::hours(24 * 365 * 40);
  std::filesystem::last_write_time(root / (kEnded.str() + "/logs/worker-1.out"), earlier);
  std::filesystem::last_write_time(root / (kEnded.str() + "/logs/raylet.out.1"), earlier);
  sessions.take(kEnded, kNode);
  const std::string prefix = "cluster-history/raycluster/default/c/" + kEnded.str() + "/";
  std::vector<std::string> keys;
  for (const Shipment& shipment : offered) {
    EXPECT_EQ(shipment.key.substr(0, shipment.prefix_length).size(), shipment.prefix_length);
    keys.push_back(shipment.key.substr(prefix.size(), shipment.key.find('.') - prefix.size()));
  }
  EXPECT_THAT(keys, UnorderedElementsAre("0a/logs/worker-1", "0a/logs/raylet", kNode.str() + "/logs/raylet"));
  store_all();
  EXPECT_TRUE(session_folder_is_empty());
  EXPECT_THAT(ended, ElementsAre(prefix + "0a/", prefix + kNode.str() + "/"));
}

TEST_F(EndedSessionsTest, AStoredFileIsMarkedAndTheRestStays) {
  root.write(kEnded.str() + "/logs/a.log", "x");
  root.write(kEnded.str() + "/logs/b.log", "y");
  sessions.take(kEnded, kNode);
  const auto a = std::find_if(offered.begin(), offered.end(),
                              [](const Shipment& shipment) { return shipment.key.ends_with("a.log"); });
  a->on_stored();
  EXPECT_EQ(root.read(in("persist-complete-logs", "a.log")), "x");
  EXPECT_FALSE(exists(in("prev-logs", "a.log")));
  EXPECT_TRUE(exists(in("prev-logs", "b.log")));
  EXPECT_THAT(ended, IsEmpty());
}

TEST_F(EndedSessionsTest, PrevLogsIsRemovedWhenAllIsStored) {
  root.write(kEnded.str() + "/logs/a.log", "x");
  root.write(kEnded.str() + "/logs/deep/b.log", "y");
  ASSERT_EQ(::mkfifo((root / (kEnded.str() + "/logs/a.fifo")).c_str(), 0600), 0);
  std::filesystem::create_symlink("/etc/passwd", root / (kEnded.str() + "/logs/link.log"));
  sessions.take(kEnded, kNode);
  store_all();
  EXPECT_THAT(stored, UnorderedElementsAre("logs/a.log", "logs/deep/b.log"));
  EXPECT_TRUE(session_folder_is_empty());
  EXPECT_TRUE(exists(in("persist-complete-logs", "deep/b.log")));
  EXPECT_THAT(ended,
              ElementsAre("cluster-history/raycluster/default/c/" + kEnded.str() + "/" + kNode.str() + "/"));
}

// Found by chaos: the folder went away before the store was as it should be, and after a crash nothing was
// left that would have brought the next collector back to it.
TEST_F(EndedSessionsTest, TheFolderStaysUntilNothingIsLeftToDoInTheStore) {
  root.write(kEnded.str() + "/logs/a.log", "x");
  sessions.take(kEnded, kNode);
  const Shipment a = offered.front();
  offered.clear();
  a.on_stored();
  EXPECT_TRUE(exists(in("prev-logs", "")));
  root.write(in("prev-logs", "late.log"), "y");
  tell_ended();
  EXPECT_THAT(offered_names(), ElementsAre("logs/late.log"));
  store_all();
  EXPECT_TRUE(session_folder_is_empty());
}

TEST_F(EndedSessionsTest, AFileThatIsStillWrittenIsStoredToItsEnd) {
  root.write(kEnded.str() + "/logs/a.log", "x");
  sessions.take(kEnded, kNode);
  root.append(in("prev-logs", "a.log"), "and more");
  const Shipment first = offered.front();
  offered.clear();
  first.on_stored();
  ASSERT_THAT(offered_names(), ElementsAre("logs/a.log"));
  EXPECT_EQ(offered.front().size, 9u);
  store_all();
  EXPECT_EQ(root.read(in("persist-complete-logs", "a.log")), "xand more");
}

TEST_F(EndedSessionsTest, AFileThatAppearsWhileOthersAreStoredIsNotRemoved) {
  root.write(kEnded.str() + "/logs/a.log", "x");
  sessions.take(kEnded, kNode);
  root.write(in("prev-logs", "late.log"), "late");
  store_all();
  EXPECT_THAT(stored, ElementsAre("logs/a.log", "logs/late.log"));
  EXPECT_TRUE(session_folder_is_empty());
}

TEST_F(EndedSessionsTest, WhatAnEarlierRunLeftInPrevLogsIsResumed) {
  root.write(in("prev-logs", "raylet.out"), "x");
  root.write(in("prev-logs", "raylet.out.2"), "older");
  root.write("prev-logs/not a session/readme", "none of ours");
  sessions.resume();
  const FileStatus status = *status_of(root / in("prev-logs", "raylet.out.2"));
  EXPECT_THAT(offered_names(),
              UnorderedElementsAre("logs/raylet.out", "logs/raylet.rotated." +
                                                          std::to_string(status.modified_nanoseconds) + "-" +
                                                          std::to_string(status.identity.inode) + ".out"));
  store_all();
  EXPECT_TRUE(session_folder_is_empty());
  EXPECT_TRUE(exists("prev-logs/not a session/readme"));
}

TEST_F(EndedSessionsTest, SessionsThatNobodySawEndAreTaken) {
  root.write(kEnded.str() + "/logs/a.log", "x");
  root.write(kRunning.str() + "/logs/b.log", "y");
  root.write("other/logs/c.log", "z");
  sessions.take_left_over([](const SessionName& session) { return session == kRunning; },
                          [](const SessionName&) { return std::optional(kNode); });
  EXPECT_THAT(offered_names(), ElementsAre("logs/a.log"));
  EXPECT_TRUE(exists(kRunning.str() + "/logs/b.log"));
}

TEST_F(EndedSessionsTest, ALeftOverSessionOfAnUnknownNodeStays) {
  root.write(kEnded.str() + "/logs/a.log", "x");
  sessions.take_left_over([](const SessionName&) { return false; },
                          [](const SessionName&) { return std::optional<NodeId>(); });
  EXPECT_THAT(offered, IsEmpty());
  EXPECT_TRUE(exists(kEnded.str() + "/logs/a.log"));
}

TEST_F(EndedSessionsTest, LogsThatCannotBeMovedAreStoredFromWhereTheyAre) {
  root.write(kEnded.str() + "/logs/a.log", "x");
  root.write("prev-logs", "a file where the folder should be");
  sessions.take(kEnded, kNode);
  EXPECT_THAT(offered_names(), ElementsAre("logs/a.log"));
  EXPECT_EQ(offered.front().path, root.shared(kEnded.str() + "/logs/a.log"));
  store_all();
  EXPECT_TRUE(exists(kEnded.str() + "/logs/a.log"));
}

TEST_F(EndedSessionsTest, AFileThatCannotBeMarkedAsStoredIsNotOfferedWithoutEnd) {
  root.write(in("prev-logs", "raylet.out"), "x");
  std::filesystem::create_symlink("nowhere", root / "persist-complete-logs");
  sessions.resume();
  ASSERT_EQ(offered.size(), 1u);
  const Shipment shipment = offered.front();
  offered.clear();
  shipment.on_stored();
  EXPECT_THAT(offered, IsEmpty());
  EXPECT_TRUE(exists(in("prev-logs", "raylet.out")));
}

TEST_F(EndedSessionsTest, ASessionWithoutLogsIsNoError) {
  sessions.take(kEnded, kNode);
  EXPECT_THAT(offered, IsEmpty());
}

TEST_F(EndedSessionsTest, AnEmptySessionFolderGoesAfterSomeMinutes) {
  root.write(in("prev-logs", "raylet.out"), "x");
  sessions.resume();
  store_all();
  ASSERT_TRUE(session_folder_is_empty());
  sessions.resume();
  EXPECT_TRUE(session_folder_is_empty()) << "too soon";
  const auto some_minutes_ago = std::filesystem::file_time_type::clock::now() - std::chrono::minutes(6);
  std::filesystem::last_write_time(session_folder(), some_minutes_ago);
  sessions.resume();
  EXPECT_FALSE(exists("prev-logs/" + kEnded.str()));
  // A folder with a file in it stays, however old it is.
  root.write(in("prev-logs", "raylet.out"), "x");
  std::filesystem::last_write_time(session_folder(), some_minutes_ago);
  sessions.take(kRunning, kNode);
  EXPECT_TRUE(exists(in("prev-logs", "raylet.out")));
}

}  // namespace
}  // namespace rayhistory::collector
