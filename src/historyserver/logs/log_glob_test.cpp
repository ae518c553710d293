#include "historyserver/logs/log_glob.h"

#include <string>

#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

bool matches(std::string_view pattern, std::string_view path) {
  const auto glob = LogGlob::parse(pattern);
  EXPECT_TRUE(glob) << pattern;
  GlobEffort effort;
  return glob && glob->matches(path, effort);
}

TEST(LogGlob, StaysWithinAFolderWithOneStarAndCrossesItWithTwo) {
  EXPECT_TRUE(matches("*", "raylet.out"));
  EXPECT_TRUE(matches("*", ".hidden"));
  EXPECT_FALSE(matches("*", "events/event_GCS.log"));
  EXPECT_TRUE(matches("events/*", "events/event_GCS.log"));
  EXPECT_FALSE(matches("events/*", "events/old/event_GCS.log"));
  EXPECT_FALSE(matches("events/*", "events"));
  EXPECT_TRUE(matches("**", "a/b/c"));
  EXPECT_TRUE(matches("**/*.out", "raylet.out"));
  EXPECT_TRUE(matches("**/*.out", "a/b/x.out"));
  EXPECT_FALSE(matches("**/*.out", "a/b/x.err"));
  EXPECT_FALSE(matches("**/x.out", "ax.out"));
  EXPECT_TRUE(matches("a/**/z", "a/z"));
  EXPECT_TRUE(matches("a/**/z", "a/b/c/z"));
  EXPECT_FALSE(matches("a/**/z", "a/bz"));
  EXPECT_FALSE(matches("a**/z", "az"));
  EXPECT_TRUE(matches("a**/z", "ab/c/z"));
  EXPECT_TRUE(matches("**GCS*", "events/event_GCS.log"));
}

// What the dashboard's Logs page sends.
TEST(LogGlob, FindsWhatIsTyped) {
  EXPECT_TRUE(matches("*raylet*", "raylet.out"));
  EXPECT_TRUE(matches("**", "raylet.out"));
  EXPECT_TRUE(matches("*02000000*", "worker-2f30-02000000-464.out"));
  EXPECT_FALSE(matches("*gcs*", "raylet.out"));
  EXPECT_TRUE(matches("events/*RAYLET*", "events/event_RAYLET.log"));
}

TEST(LogGlob, KnowsCharactersClassesAndAlternatives) {
  EXPECT_TRUE(matches("raylet.???", "raylet.out"));
  EXPECT_FALSE(matches("raylet?out", "raylet/out"));
  EXPECT_TRUE(matches("?ber", "über"));
  EXPECT_TRUE(matches("[ä-ü]ber", "über"));
  EXPECT_TRUE(matches("worker-[0-9a-f]*", "worker-a1"));
  EXPECT_FALSE(matches("worker-[!0-9]*", "worker-1"));
  EXPECT_FALSE(matches("worker-[^0-9]*", "worker-1"));
  EXPECT_FALSE(matches("a[!b]c", "a/c"));
  EXPECT_FALSE(matches("a[+-0]c", "a/c"));
  EXPECT_TRUE(matches("[]x]", "]"));
  EXPECT_TRUE(matches("[!]x]", "a"));
  EXPECT_TRUE(matches("[a-]", "-"));
  EXPECT_TRUE(matches("raylet.{out,err}", "raylet.out"));
  EXPECT_TRUE(matches("raylet.{out,err}", "raylet.err"));
  EXPECT_FALSE(matches("raylet.{out,err}", "raylet.log"));
  EXPECT_FALSE(matches("raylet.{out,err}", "raylet.outerr"));
  EXPECT_TRUE(matches("{a,b{c,d}*,}x", "x"));
  EXPECT_TRUE(matches("{a,b{c,d}*,}x", "bdefx"));
  EXPECT_FALSE(matches("{a,b{c,d}*,}x", "bx"));
  EXPECT_TRUE(matches("{events,jobs}/*", "jobs/supervisor.log"));
  EXPECT_TRUE(matches("a,b", "a,b"));
}

TEST(LogGlob, TakesWhatIsLeftOpenAsItStands) {
  for (const char* text : {"[", "a[b", "[!", "{", "{a,", "}", "{a,b", "a]"})
    EXPECT_TRUE(matches(text, text)) << text;
  EXPECT_TRUE(matches("*[*", "a[b"));
  EXPECT_TRUE(matches("{{a,b}", "{b"));
  EXPECT_TRUE(matches("[{a,b}", "[b"));
}

TEST(LogGlob, AsksForFoldersWithASlashAtItsEnd) {
  const auto glob = LogGlob::parse("ev*/");
  ASSERT_TRUE(glob);
  EXPECT_TRUE(glob->folders_only());
  GlobEffort effort;
  EXPECT_TRUE(glob->matches("events", effort));
  EXPECT_FALSE(LogGlob::parse("ev*")->folders_only());
}

TEST(LogGlob, RefusesWhatWouldLeaveTheFolder) {
  for (const std::string& pattern :
       {std::string("../*"), std::string("a/../b"), std::string(".."), std::string("a/.."),
        std::string("/etc/*"), std::string("/"), std::string("a\0b", 3), std::string(1025, '*')}) {
    const auto glob = LogGlob::parse(pattern);
    ASSERT_FALSE(glob) << pattern;
    EXPECT_EQ(glob.error().kind, ErrorKind::invalid);
  }
  EXPECT_TRUE(LogGlob::parse("..."));
  // It is matched against names and is no path: a backslash is a character as any other.
  EXPECT_TRUE(matches("a\\*", "a\\..\\b"));
}

// A backtracking matcher would take longer than the universe has.
TEST(LogGlob, TakesTimeInProportion) {
  std::string pattern;
  for (int i = 0; i < 100; ++i)
    pattern += "{*a,**a}";
  EXPECT_FALSE(matches(pattern, std::string(1000, 'a') + "b"));
}

// A node of 20,000 logs.
bool is_too_much(std::string_view pattern) {
  const auto glob = LogGlob::parse(pattern);
  EXPECT_TRUE(glob) << pattern;
  GlobEffort effort;
  for (int i = 0; i < 20'000 && !effort.is_too_much(); ++i)
    (void)glob->matches("python-core-worker-89dfb1f4c0d8a2e1c5a6b7c8d9e0f1a2b3c4d5e6f7_786000.log", effort);
  return effort.is_too_much();
}

TEST(LogGlob, CountsWhatItTakes) {
  for (const char* usual : {"*", "**", "*raylet*", "*worker*89df*", "worker-*[!x].{out,err}", "**/event_*"})
    EXPECT_FALSE(is_too_much(usual)) << usual;
  std::string stars;
  std::string classes;
  std::string braces;
  while (stars.size() < 1'000) {
    stars += "*[a-z]";
    classes += classes.size() < 990 ? "a-z" : "]";
    braces += "{*,";
  }
  EXPECT_TRUE(is_too_much(stars));
  EXPECT_TRUE(is_too_much("*[" + classes.substr(0, 900) + "]*"));
  EXPECT_TRUE(is_too_much("{" + std::string(400, '*') + "," + stars.substr(0, 500) + "}"));
}

}  // namespace
}  // namespace rayhistory::historyserver
