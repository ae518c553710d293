#include "base/rfc3339.h"

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

TEST(ParseRfc3339, TakesZuluAndOffsetsToTheNanosecond) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_rfc3339("2026-11-23T02:27:23.084135183Z"), 1'795'400'843'084'135'183);
  EXPECT_EQ(parse_rfc3339("2026-11-23T04:27:23.084135183+02:00"), 1'795'400'843'084'135'183);
  EXPECT_EQ(parse_rfc3339("2026-11-22T20:57:23-05:30"), 1'795'400'843'000'000'000);
  EXPECT_EQ(parse_rfc3339("1970-01-01T23:59:00+23:59"), 0);
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59.999999999Z"), -1);
}

TEST(ParseRfc3339, TakesAnyNumberOfFractionDigitsAndCountsNine) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.5Z"), 500'000'000);
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.000000001Z"), 1);
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.0000000019999999999999999999Z"), 1);
}

TEST(ParseRfc3339, TakesTheYearsThatSixtyFourBitsHold) {
  EXPECT_EQ(parse_rfc3339("1678-01-01T00:00:00Z"), -9'214'560'000'000'000'000);
  EXPECT_EQ(parse_rfc3339("2261-12-31T23:59:59.999999999Z"), 9'214'646'399'999'999'999);
  EXPECT_FALSE(parse_rfc3339("1677-12-31T23:59:59Z"));
  EXPECT_FALSE(parse_rfc3339("2262-01-01T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("0001-01-01T00:00:00Z"));
}

TEST(ParseRfc3339, KnowsTheCalendar) {
  EXPECT_TRUE(parse_rfc3339("2024-02-29T00:00:00Z"));
  EXPECT_TRUE(parse_rfc3339("2000-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2026-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("1900-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2026-04-31T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2026-00-10T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2026-13-10T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2026-01-00T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2026-01-10T24:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2026-01-10T00:60:00Z"));
  EXPECT_FALSE(parse_rfc3339("2016-12-31T23:59:60Z"));
}

TEST(ParseRfc3339, RefusesOtherForms) {
  for (const char* text : {"",
                           "2026-11-23",
                           "2026-11-23 02:27:23Z",
                           "2026-11-23t02:27:23Z",
                           "2026-11-23T02:27:23z",
                           "2026-11-23T02:27:23",
                           "2026-11-23T02:27Z",
                           "2026-11-23T2:27:23Z",
                           "2026-11-23T02:27:23.Z",
                           "2026-11-23T02:27:23,5Z",
                           "2026-11-23T02:27:23+0200",
                           "2026-11-23T02:27:23+24:00",
                           "2026-11-23T02:27:23+02:60",
                           "2026-11-23T02:27:23+2:00",
                           "2026-11-23T02:27:23Z ",
                           " 2026-11-23T02:27:23Z",
                           "+2026-11-23T02:27:23Z",
                           "26-11-23T02:27:23Z",
                           "1795400843",
                           "2026-11-23T02:27:23-"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(FormatRfc3339, IsUtcWithMilliseconds) {
  EXPECT_EQ(format_rfc3339_milliseconds(0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_rfc3339_milliseconds(1'795'400'843'084'999'999), "2026-11-23T02:27:23.084Z");
  EXPECT_EQ(format_rfc3339_milliseconds(-1), "1969-12-31T23:59:59.999Z");
}

TEST(FormatHour, IsTheUtcHourOfObjectKeys) {
  EXPECT_EQ(format_hour(1'795'400'843'084'135'183), "2026-11-23-02");
  EXPECT_EQ(format_hour(0), "1970-01-01-00");
}

}  // namespace
}  // namespace rayhistory
