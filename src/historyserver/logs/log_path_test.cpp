#include "historyserver/logs/log_path.h"

#include <gtest/gtest.h>

namespace rayhistory::historyserver {
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

TEST(LogPath, RefusesWhatNoFileIsNamed) {
  for (const std::string& path :
       {""s, "."s, ".."s, "/"s, "/etc/passwd"s, "../x"s, "../../etc/passwd"s, "a/../b"s, "a/.."s, "a/."s,
        "./a"s, "a//b"s, "a/"s, "//a"s, "a\0b"s, "..\0"s, "%FF/../x"s, "a/%2e%2e/../%FF"s}) {
    const auto parsed = LogPath::parse(path, "filename");
    ASSERT_FALSE(parsed) << path;
    EXPECT_EQ(parsed.error().kind, ErrorKind::invalid);
    EXPECT_EQ(parsed.error().message, "invalid path: path traversal not allowed (filename=" + path + ")");
  }
}

TEST(LogPath, IsOddWhereItMightLeaveItsFolderBehindSomebodyElse) {
  for (const std::string& path :
       {"..\\x"s, "a\\..\\b"s, "a\\b"s, "%2e%2e/x"s, "%2E%2e%2Fx"s, "%252e%252e%252fx"s, "..%2fx"s,
        "a/%2e%2e/b"s, "%2fetc/passwd"s, "a%00"s, "a%5c..%5cb"s, "a%2f"s, "\xc0\xae\xc0\xae/x"s, "a\xff"s}) {
    const auto parsed = LogPath::parse(path, "filename");
    ASSERT_TRUE(parsed) << path;
    EXPECT_TRUE(parsed->is_odd()) << path;
    EXPECT_EQ(parsed->traversal("filename").kind, ErrorKind::invalid);
  }
  for (const char* path : {"raylet.out", "a..b/...", "100%.log", "a%20b", "a\nb", "\xc3\xbc.log"})
    EXPECT_FALSE(LogPath::parse(path, "filename")->is_odd()) << path;
}

TEST(LogPath, ReadsANameAsItIsShown) {
  EXPECT_EQ(LogPath::parse("a%FF", "filename")->str(), "a\xff");
  EXPECT_EQ(LogPath::parse("a\xff", "filename")->str(), "a\xff");
  EXPECT_EQ(LogPath::parse("a\xff", "filename")->shown(), "a%FF");
  EXPECT_EQ(LogPath::parse("a%25FF", "filename")->str(), "a%FF");
  EXPECT_EQ(LogPath::parse("a%20b", "filename")->str(), "a%20b");
}

TEST(LogPath, RefusesWhatIsTooLong) {
  EXPECT_TRUE(LogPath::parse(std::string(4096, 'a'), "filename"));
  for (const std::string& path : {std::string(4097, 'a'), std::string(3 * 4096 + 1, '%')}) {
    const auto parsed = LogPath::parse(path, "filename");
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().message, "invalid path: filename must have at most 4096 bytes");
  }
  std::string longest;
  for (int i = 0; i < 4096; ++i)
    longest += "%FF";
  EXPECT_EQ(LogPath::parse(longest, "filename")->str(), std::string(4096, '\xff'));
}

}  // namespace
}  // namespace rayhistory::historyserver
