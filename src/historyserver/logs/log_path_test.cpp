#include "historyserver/logs/log_path.h"

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

using namespace std::string_literals;

TEST(LogPath, IsANameBelowTheLogsFolder) {
  for (const char* path : {"raylet.out", "events/event_GCS.log", "a/b/c.log", "..a", "a..", "a..b/...",
                           "100%.log", "a%2Fb.log", "über.log", "x y+z.log", "raylet.rotated.1-2.out"}) {
    const auto parsed = LogPath::parse(path, "filename");
    ASSERT_TRUE(parsed) << path;
    EXPECT_EQ(parsed->str(), path);
  }
}

TEST(LogPath, RefusesEveryFormOfTraversal) {
  for (const std::string& path : {""s,
                                  "."s,
                                  ".."s,
                                  "/"s,
                                  "/etc/passwd"s,
                                  "../x"s,
                                  "../../etc/passwd"s,
                                  "a/../b"s,
                                  "a/.."s,
                                  "a/."s,
                                  "./a"s,
                                  "a//b"s,
                                  "a/"s,
                                  "//a"s,
                                  "..\\x"s,
                                  "a\\..\\b"s,
                                  "a\0b"s,
                                  "..\0"s,
                                  "%2e%2e/x"s,
                                  "%2E%2e%2Fx"s,
                                  "%252e%252e%252fx"s,
                                  "..%2fx"s,
                                  "a/%2e%2e/b"s,
                                  "%2fetc/passwd"s,
                                  "a%00"s,
                                  "a%5c..%5cb"s,
                                  "a%2f"s}) {
    const auto parsed = LogPath::parse(path, "filename");
    ASSERT_FALSE(parsed) << path;
    EXPECT_EQ(parsed.error().kind, ErrorKind::invalid);
    EXPECT_EQ(parsed.error().message, "invalid path: path traversal not allowed (filename=" + path + ")");
  }
}

TEST(LogPath, RefusesWhatIsNoUtf8OrTooLong) {
  for (const std::string& path : {"a\xff"s, "\xc0\xaf"s, "\xed\xa0\x80"s, std::string(1025, 'a')}) {
    const auto parsed = LogPath::parse(path, "filename");
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().message, "invalid path: filename must be UTF-8 of at most 1024 bytes");
  }
  EXPECT_TRUE(LogPath::parse(std::string(1024, 'a'), "filename"));
}

}  // namespace
}  // namespace rayhistory
