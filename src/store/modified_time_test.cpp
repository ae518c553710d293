#include "store/modified_time.h"

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

TEST(ModifiedTime, IsTheSameOfAHeaderAndOfAListing) {
  constexpr int64_t kTime = 1'795'400'840'999'999'999;
  for (const char* text : {"Mon, 23 Nov 2026 02:27:20 GMT", "2026-11-23T02:27:20.000Z",
                           "2026-11-23T02:27:20.987Z", "2026-11-23T02:27:20Z", "2026-11-23T02:27:20.084135Z"})
    EXPECT_EQ(modified_time(text), kTime) << text;
  EXPECT_EQ(modified_time("2026-11-23T02:27:21.000Z"), kTime + 1'000'000'000);
}

TEST(ModifiedTime, IsZeroWhereNoneIsNamed) {
  for (const char* text : {"", "yesterday", "2026-11-23", "Mon, 23 Nov 2026", "1969-12-31T23:59:59Z"})
    EXPECT_EQ(modified_time(text), 0) << text;
}

}  // namespace
}  // namespace rayhistory
