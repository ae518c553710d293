#include "historyserver/sessions/session_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

using testing::HasSubstr;

TEST(SessionAddress, TakesTheKindInAnyCase) {
  const auto address = SessionAddress::parse("ns", "RayJob", "my-job", "latest");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->kind, ClusterKind::rayjob);
  EXPECT_EQ(address->cluster(), "ns/rayjob/my-job");
  EXPECT_TRUE(address->is_latest());
}

TEST(SessionAddress, SaysWhichPartCannotBe) {
  const auto message = [](const char* name_space, const char* kind, const char* name, const char* session) {
    const auto address = SessionAddress::parse(name_space, kind, name, session);
    return address ? "" : address.error().message;
  };
  EXPECT_EQ(message("ns", "x", "c", "s"),
            "unsupported resource kind: \"x\" (must be raycluster, rayjob, or rayservice)");
  EXPECT_THAT(message("a/b", "rayjob", "c", "s"), HasSubstr("namespace: \"a/b\""));
  EXPECT_THAT(message("ns", "rayjob", "..", "s"), HasSubstr("cluster name: \"..\""));
  EXPECT_THAT(message("ns", "rayjob", "c", "../s"), HasSubstr("session name: \"../s\""));
  EXPECT_THAT(message("ns", "rayjob", "c", ""), HasSubstr("session name: \"\""));
}

TEST(SessionBegin, IsReadFromTheName) {
  const auto begin = [](const char* name) { return session_begin(*SessionName::parse(name)); };
  EXPECT_EQ(begin("session_2026-11-23_03-25-19_402666_11"), 1795404319);
  EXPECT_EQ(begin("session_2026-11-23_03-25-19_402666"), 1795404319);
  for (const char* name : {"session_1", "session_latest", "session_2026-13-23_03-25-19_402666_11",
                           "session_2026-02-30_03-25-19_402666_11", "session_2026-11-23_24-25-19_402666_11",
                           "session_2026-11-23_03-25-19_40266", "sessions2026-11-23_03-25-19_402666"})
    EXPECT_EQ(begin(name), std::nullopt) << name;
}

}  // namespace
}  // namespace rayhistory::historyserver
