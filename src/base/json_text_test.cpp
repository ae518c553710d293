#include "base/json_text.h"

#include <string>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace rayhistory {
namespace {

TEST(JsonText, EscapesWhatJsonCannotHold) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("a/b?c=1&é 日本"), R"("a/b?c=1&é 日本")");
  EXPECT_EQ(json_string("q\"b\\n\nr\rt\t\x01\x7f"), R"("q\"b\\n\nr\rt\t\u0001\u007f")");
  EXPECT_EQ(json_string("cut \xc3"), R"("cut \ufffd")");
}

TEST(JsonText, FindsWhatToEscapeAtEachPlace) {
  for (const auto& [raw, escaped] : {std::pair<std::string, std::string>{"\"", "\\\""},
                                     {"\\", "\\\\"},
                                     {"\n", "\\n"},
                                     {std::string(1, '\0'), "\\u0000"},
                                     {"\x1f", "\\u001f"},
                                     {"\x7f", "\\u007f"},
                                     {"\xff", "\\ufffd"},
                                     {"\xc2\x80", "\\u0080"},
                                     {"é", "é"}}) {
    for (size_t before = 0; before < 20; ++before) {
      for (size_t after = 0; after < 10; ++after) {
        const std::string head(before, '~');
        const std::string tail(after, ' ');
        EXPECT_EQ(json_string(fmt::format("{}{}{}", head, raw, tail)),
                  fmt::format("\"{}{}{}\"", head, escaped, tail));
      }
    }
  }
}

}  // namespace
}  // namespace rayhistory
