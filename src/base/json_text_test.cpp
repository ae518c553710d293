#include "base/json_text.h"

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

TEST(JsonText, EscapesWhatJsonCannotHold) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("a/b?c=1&é 日本"), R"("a/b?c=1&é 日本")");
  EXPECT_EQ(json_string("q\"b\\n\nr\rt\t\x01\x7f"), R"("q\"b\\n\nr\rt\t\u0001\u007f")");
  EXPECT_EQ(json_string("cut \xc3"), R"("cut \ufffd")");
}

}  // namespace
}  // namespace rayhistory
