#include "historyserver/exchange/shown_name.h"

#include <random>
#include <set>

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace rayhistory::historyserver {
namespace {

using namespace std::string_literals;

TEST(ShownName, IsANameOfUtf8AsItIs) {
  for (const char* name :
       {"raylet.out", "a\\b", "a..b", "%2e%2e", "100%.log", "%41", "a\nb", "-x", "\xc3\xa9", "%"}) {
    EXPECT_EQ(shown_name(name), name);
    EXPECT_EQ(stored_name(name), name);
  }
}

TEST(ShownName, EscapesTheBytesThatAreNoUtf8) {
  EXPECT_EQ(shown_name("a\xff.log"), "a%FF.log");
  EXPECT_EQ(shown_name("\xc0\xaf"), "%C0%AF");
  EXPECT_EQ(shown_name("\xed\xa0\x80"), "%ED%A0%80");
  EXPECT_EQ(shown_name("\xc3\xa9%\xc3"), "\xc3\xa9%25%C3");
  EXPECT_EQ(shown_name("a%FF.log"), "a%25FF.log");
  EXPECT_EQ(shown_name("a%25FF.log"), "a%2525FF.log");
}

TEST(ShownName, MeansOneStoredNameAndBack) {
  const std::string pieces[] = {"%", "25", "F", "f", "\xff", "\xc3", "\xa9", "a", "2", "e", ".", "\\"};
  std::mt19937 random(5);
  std::set<std::string> stored;
  std::set<std::string> shown;
  for (int i = 0; i < 200'000; ++i) {
    std::string name;
    for (size_t length = 1 + random() % 8; length > 0; --length)
      name += pieces[random() % std::size(pieces)];
    const std::string text = shown_name(name);
    ASSERT_TRUE(is_utf8(text));
    ASSERT_EQ(stored_name(text), name) << text;
    stored.insert(name);
    shown.insert(text);
  }
  EXPECT_EQ(stored.size(), shown.size());
}

// What stands around a submission's ID in its log's name is no part of an escape.
TEST(ShownName, OfALogIsMadeOfItsSubmissions) {
  for (const std::string& id : {"a\xff"s, "%"s, "%f"s, "\xff%2"s, "%FF"s, "a\\b"s})
    EXPECT_EQ(shown_name("job-driver-" + id + ".log"), "job-driver-" + shown_name(id) + ".log");
}

}  // namespace
}  // namespace rayhistory::historyserver
