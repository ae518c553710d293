#include "base/duration.h"

#include <limits>

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;

struct Case {
  const char* text;
  Nanoseconds duration;
};

// The cases of Go's own test (src/time/time_test.go, parseDurationTests), and the forms the settings use.
TEST(ParseDuration, TakesWhatGoTakes) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  const Case cases[] = {
      {"0", Seconds(0)},
      {"5s", Seconds(5)},
      {"30s", Seconds(30)},
      {"1478s", Seconds(1478)},
      {"-5s", Seconds(-5)},
      {"+5s", Seconds(5)},
      {"-0", Seconds(0)},
      {"+0", Seconds(0)},
      {"5.0s", Seconds(5)},
      {"5.6s", Milliseconds(5600)},
      {"5.s", Seconds(5)},
      {".5s", Milliseconds(500)},
      {"1.0s", Seconds(1)},
      {"1.00s", Seconds(1)},
      {"1.004s", Milliseconds(1004)},
      {"1.0040s", Milliseconds(1004)},
      {"100.00100s", Milliseconds(100'001)},
      {"10ns", Nanoseconds(10)},
      {"11us", microseconds(11)},
      {"12\u00b5s", microseconds(12)},
      {"12\u03bcs", microseconds(12)},
      {"13ms", Milliseconds(13)},
      {"14s", Seconds(14)},
      {"15m", minutes(15)},
      {"16h", hours(16)},
      {"3h30m", minutes(210)},
      {"10.5s4m", Milliseconds(250'500)},
      {"-2m3.4s", Milliseconds(-123'400)},
      {"1h2m3s4ms5us6ns",
       hours(1) + minutes(2) + Seconds(3) + Milliseconds(4) + microseconds(5) + Nanoseconds(6)},
      {"39h9m14.425s", hours(39) + minutes(9) + Milliseconds(14'425)},
      {"52763797000ns", Nanoseconds(52'763'797'000)},
      {"0.3333333333333333333h", minutes(20)},
      {"9007199254740993ns", Nanoseconds((int64_t{1} << 53) + 1)},
      {"9223372036854775807ns", Nanoseconds(kMax)},
      {"9223372036854775.807us", Nanoseconds(kMax)},
      {"9223372036s854ms775us807ns", Nanoseconds(kMax)},
      {"-9223372036854775808ns", Nanoseconds::min()},
      {"-9223372036854775.808us", Nanoseconds::min()},
      {"-9223372036s854ms775us808ns", Nanoseconds::min()},
      {"-9223372036854775807ns", Nanoseconds(-kMax)},
      {"0.100000000000000000000h", minutes(6)},
      {"0.830103483285477580700h", minutes(49) + Seconds(48) + Nanoseconds(372'539'827)},
  };
  for (const Case& c : cases) {
    const Result<Nanoseconds> parsed = parse_duration(c.text);
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(*parsed, c.duration) << c.text;
  }
}

TEST(ParseDuration, RefusesWhatGoRefusesAndNamesIt) {
  const char* const refused[] = {"",
                                 "3",
                                 "-",
                                 "s",
                                 ".",
                                 "-.",
                                 ".s",
                                 "+.s",
                                 "1d",
                                 "10 s",
                                 "5S",
                                 "--5s",
                                 "\x85\x85",
                                 "\xff",
                                 "hello \xff world",
                                 "9223372036854775810ns",
                                 "9223372036854775808ns",
                                 "-9223372036854775809ns",
                                 "9223372036854776us",
                                 "3000000h",
                                 "9223372036854775.808us",
                                 "9223372036854ms775us808ns"};
  for (const char* text : refused) {
    const Result<Nanoseconds> parsed = parse_duration(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().kind, ErrorKind::invalid);
    EXPECT_NE(parsed.error().message.find("\"" + std::string(text) + "\""), std::string::npos);
  }
}

TEST(FormatDuration, IsTheShortestThatParsesToTheSame) {
  const Case cases[] = {
      {"0s", Seconds(0)},
      {"30s", Seconds(30)},
      {"1m", Seconds(60)},
      {"1m30s", Seconds(90)},
      {"1h", hours(1)},
      {"1h5s", hours(1) + Seconds(5)},
      {"500ms", Milliseconds(500)},
      {"1.5s", Milliseconds(1500)},
      {"1.000000001s", Nanoseconds(1'000'000'001)},
      {"1.05us", Nanoseconds(1050)},
      {"7ns", Nanoseconds(7)},
      {"-2m3.4s", Milliseconds(-123'400)},
      {"2562047h47m16.854775807s", Nanoseconds::max()},
      {"-2562047h47m16.854775808s", Nanoseconds::min()},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(format_duration(c.duration), c.text);
    EXPECT_EQ(*parse_duration(c.text), c.duration) << c.text;
  }
}

}  // namespace
}  // namespace rayhistory
