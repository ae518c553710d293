#include "http/http_date.h"

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

TEST(HttpDate, IsRead) {
  EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784'111'777'000'000'000);
  EXPECT_EQ(parse_http_date("Thu, 29 Feb 2024 23:59:59 GMT"), 1'709'251'199'000'000'000);
}

TEST(HttpDate, IsNothingWhenItIsNone) {
  for (const char* text :
       {"", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 06 Xxx 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 0x Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 9999 08:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT", "2024-02-29T23:59:59Z"}) {
    EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
  }
}

TEST(HttpDate, IsWrittenAsItIsRead) {
  EXPECT_EQ(format_http_date(784'111'777'999'999'999), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_http_date(1'709'251'199'000'000'000), "Thu, 29 Feb 2024 23:59:59 GMT");
}

}  // namespace
}  // namespace rayhistory
