#include "historyserver/sessions/session_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/memory_store.h"

namespace rayhistory::historyserver {
namespace {

using testing::ElementsAre;

constexpr const char* kOld = "session_2026-11-22_03-25-19_402666_11";
constexpr const char* kNew = "session_2026-11-23_03-25-19_402666_11";

SessionAddress address(const char* kind, const char* name, const char* session) {
  return *SessionAddress::parse("ns", kind, name, session);
}

class SessionListTest : public testing::Test {
 protected:
  void mark(const std::string& key) { store_.set("root/cluster-metadata/" + key, ""); }
  std::vector<std::string> prefixes() {
    std::vector<std::string> prefixes;
    const auto list = list_sessions(store_, "root", Deadline::never());
    EXPECT_TRUE(list);
    for (const FoundSession& found : list->all())
      prefixes.push_back(found.session.prefix);
    return prefixes;
  }

  MemoryStore store_{3};  // pages of three
};

TEST_F(SessionListTest, FindsSessionsByTheirMarkersTheNewestFirst) {
  mark(std::string("raycluster/ns_c/") + kOld);
  mark(std::string("raycluster/ns_c/") + kNew);
  mark(std::string("rayjob/ns_j_c2/") + kNew);
  mark(std::string("rayservice/ns_s_c3/") + kNew);
  EXPECT_THAT(prefixes(), ElementsAre(std::string("root/cluster-history/raycluster/ns/c/") + kNew + "/",
                                      std::string("root/cluster-history/rayjob/ns/j/c2/") + kNew + "/",
                                      std::string("root/cluster-history/rayservice/ns/s/c3/") + kNew + "/",
                                      std::string("root/cluster-history/raycluster/ns/c/") + kOld + "/"));
}

// Whose name is chosen by the writer of a marker.
TEST_F(SessionListTest, ShowsASessionOfTheFutureLast) {
  const char* const future = "session_9999-01-01_00-00-00_402666_11";
  mark(std::string("raycluster/ns_c/") + future);
  mark(std::string("raycluster/ns_c/") + kOld);
  mark(std::string("raycluster/ns_c/") + kNew);
  std::vector<FoundSession> sessions = list_sessions(store_, "root", Deadline::never()).value().all();
  const int64_t newest =
      sessions[0].session.name.str() == kNew ? sessions[0].begin_seconds : sessions[1].begin_seconds;
  const SessionList list(std::move(sessions), newest);
  EXPECT_EQ(list.all()[0].session.name.str(), kNew);
  EXPECT_EQ(list.all()[1].session.name.str(), kOld);
  EXPECT_EQ(list.all()[2].session.name.str(), future);
  EXPECT_EQ(list.find(address("raycluster", "c", "latest"))->session.name.str(), kNew);
}

TEST_F(SessionListTest, SkipsWhatIsNoMarker) {
  for (const std::string key :
       {"raycluster/ns_c/", "raycluster/ns_c", "raycluster/ns_j_c/", "rayjob/ns_c/", "other/ns_c/",
        "raycluster/ns_c/session_1/", "raycluster/ns_c/x/", "rayjob/ns_j_c_d/"}) {
    mark(key + kNew);
    mark(key);
  }
  mark("raycluster/ns_c/not_a_session");
  EXPECT_THAT(prefixes(), ElementsAre(std::string("root/cluster-history/raycluster/ns/c/") + kNew + "/"));
}

TEST_F(SessionListTest, FindsByClusterOrByOwner) {
  mark(std::string("rayjob/ns_j_c/") + kOld);
  mark(std::string("rayjob/ns_j_c2/") + kNew);
  const auto list = list_sessions(store_, "root", Deadline::never());
  ASSERT_TRUE(list);
  const auto place = [&](const char* kind, const char* name, const char* session) -> std::string {
    const FoundSession* found = list->find(address(kind, name, session));
    return found ? found->session.place.cluster.str() + " " + found->session.name.str() : "none";
  };
  EXPECT_EQ(place("rayjob", "j", "latest"), std::string("c2 ") + kNew);
  EXPECT_EQ(place("rayjob", "j", kOld), std::string("c ") + kOld);
  EXPECT_EQ(place("raycluster", "c", "latest"), std::string("c ") + kOld);
  EXPECT_EQ(place("raycluster", "c", kNew), "none");
  EXPECT_EQ(place("rayservice", "j", "latest"), "none");
}

}  // namespace
}  // namespace rayhistory::historyserver
