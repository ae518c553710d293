#include "historyserver/web/base_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

using testing::HasSubstr;

BasePath base_path(std::string_view path) {
  auto parsed = parse_base_path(path);
  return std::move(parsed).value().value();
}

TEST(BasePath, NamesASessionAndWhatIsAskedOfIt) {
  const BasePath base = base_path("/c/ns/rayjob/my%2Djob/session_1/api/v0/tasks%20x");
  EXPECT_EQ(base.address.cluster(), "ns/rayjob/my-job");
  EXPECT_EQ(base.address.session.str(), "session_1");
  EXPECT_EQ(base.rest, "/api/v0/tasks%20x");
  EXPECT_EQ(base_path("/c/ns/rayjob/j/s/").rest, "/");
  EXPECT_EQ(base_path("/c/ns/rayjob/j/s").rest, "");
}

TEST(BasePath, IsNoOtherPath) {
  for (const char* path : {"/", "/c", "/clusters", "/api/c/ns/rayjob/j/s/"})
    EXPECT_FALSE(parse_base_path(path)) << path;
}

TEST(BasePath, SaysWhatIsWrong) {
  const auto error = [](const char* path) { return parse_base_path(path).value().error().message; };
  for (const char* path : {"/c/", "/c/ns", "/c/ns/rayjob/j", "/c/ns/rayjob/j/", "/c/ns//j/s/", "/c////"})
    EXPECT_THAT(error(path), HasSubstr("/c/<namespace>/")) << path;
  EXPECT_THAT(error("/c/ns/pod/j/s/"), HasSubstr("unsupported resource kind: \"pod\""));
  EXPECT_THAT(error("/c/ns/rayjob/j/%2E%2E/"), HasSubstr("invalid session name: \"..\""));
  EXPECT_THAT(error("/c/ns/rayjob/a%2Fb/s/"), HasSubstr("invalid cluster name: \"a/b\""));
}

TEST(BasePath, LeadsToAnotherSessionByARelativeLocation) {
  const SessionName session = *SessionName::parse("session_1");
  const auto location = [&](std::string_view path, std::string_view query = "") {
    return relative_location(base_path(path), session.str(), query);
  };
  EXPECT_EQ(location("/c/ns/rayjob/j/latest"), "session_1/");
  EXPECT_EQ(location("/c/ns/rayjob/j/latest/"), "../session_1/");
  EXPECT_EQ(location("/c/ns/rayjob/j/latest/api/v0/tasks", "limit=1"),
            "../../../session_1/api/v0/tasks?limit=1");
}

}  // namespace
}  // namespace rayhistory::historyserver
