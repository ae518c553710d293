#include "store/http_response.h"

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

TEST(HttpResponseStream, HasTheKindThatTellsWhatToDo) {
  for (const int status : {301, 302, 307, 401, 403, 407})
    EXPECT_EQ(kind_of_status(status), ErrorKind::denied) << status;
  for (const int status : {408, 425, 429, 500, 502, 503, 504})
    EXPECT_EQ(kind_of_status(status), ErrorKind::retry) << status;
  for (const int status : {409, 412})
    EXPECT_EQ(kind_of_status(status), ErrorKind::exists) << status;
  EXPECT_EQ(kind_of_status(404), ErrorKind::not_found);
  EXPECT_EQ(kind_of_status(501), ErrorKind::unsupported);
  for (const int status : {400, 405, 411, 413})
    EXPECT_EQ(kind_of_status(status), ErrorKind::invalid) << status;
}

TEST(HttpResponseStream, AsksToBeLeftAloneForFiveMinutesAtTheMost) {
  const auto wait = [](std::string_view text, Nanoseconds unit) {
    Headers headers;
    headers.set("Retry-After", text);
    return retry_after_of(headers, "Retry-After", unit);
  };
  EXPECT_EQ(wait("0", Seconds(1)), Seconds(0));
  EXPECT_EQ(wait("7", Seconds(1)), Seconds(7));
  EXPECT_EQ(wait("1500", Milliseconds(1)), Milliseconds(1500));
  EXPECT_EQ(wait("301", Seconds(1)), Seconds(300));
  EXPECT_EQ(wait("9223372036854775807", Milliseconds(1)), Seconds(300));
  for (const char* none : {"", "-1", "1.5", "soon", "Mon, 23 Nov 2026 21:00:00 GMT", "9223372036854775808"})
    EXPECT_EQ(wait(none, Seconds(1)), std::nullopt) << none;
  EXPECT_EQ(retry_after_of({}), std::nullopt);
}

TEST(HttpResponseStream, HasNoMoreThanTheRangeWhateverTheServerSent) {
  EXPECT_EQ(content_of_range({206, {}, "cde"}, 2, 3), "cde");
  EXPECT_EQ(content_of_range({206, {}, "cdef"}, 2, 3), "cde");
  EXPECT_EQ(content_of_range({200, {}, "abcdef"}, 2, 3), "cde");
  EXPECT_EQ(content_of_range({200, {}, "abc"}, 2, 3), "c");
  EXPECT_EQ(content_of_range({200, {}, "abc"}, 5, 3), "");
  EXPECT_EQ(content_of_range({206, {}, "c"}, 2, 0), "");
}

}  // namespace
}  // namespace rayhistory
