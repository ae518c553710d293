#include "base/utf8.h"

#include <string>

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

TEST(Utf8, TakesWhatIsUtf8) {
  for (const char* text : {"", "plain", "é", "日本", "😀", "\x7f", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(text)) << text;
}

TEST(Utf8, RefusesCutOverlongAndSurrogateForms) {
  for (const char* text : {"\xff", "\xc3", "a\xc3", "\xe6\x97", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80",
                           "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\x80", "\xc3("})
    EXPECT_FALSE(is_utf8(text)) << testing::PrintToString(std::string(text));
}

}  // namespace
}  // namespace rayhistory
