#include "store/s3/range_taker.h"

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

struct Taken {
  std::string content;
  bool is_done;
  bool got_others;
  friend bool operator==(const Taken&, const Taken&) = default;
};

Taken take(uint64_t offset, uint64_t length, int status, std::initializer_list<std::string_view> pieces,
           std::string_view content_range = "") {
  RangeTaker taker(offset, length);
  HttpResponse response{.status = status, .headers = {}, .body = {}};
  if (!content_range.empty()) response.headers.set("Content-Range", content_range);
  for (const std::string_view piece : pieces)
    if (!taker.take(response, piece)) break;
  const bool is_done = taker.is_done();
  const bool got_others = taker.got_others();
  return {std::move(taker).content(), is_done, got_others};
}

TEST(RangeTaker, HasNoMoreThanTheRangeWhateverTheServerSends) {
  EXPECT_EQ(take(2, 3, 206, {"cd", "e"}), (Taken{"cde", false, false}));
  EXPECT_EQ(take(2, 3, 206, {"cdef"}), (Taken{"cde", true, false}));
  EXPECT_EQ(take(2, 0, 206, {"c"}), (Taken{"", true, false}));
  EXPECT_EQ(take(2, 3, 200, {"a", "bc", "defgh"}), (Taken{"cde", true, true}));
  EXPECT_EQ(take(2, 3, 200, {"abcde"}), (Taken{"cde", false, true}));
  EXPECT_EQ(take(2, 3, 200, {"abc"}), (Taken{"c", false, true}));
  EXPECT_EQ(take(5, 3, 200, {"abc"}), (Taken{"", false, true}));
  EXPECT_EQ(take(2, 3, 200, {"cde"}, "bytes 2-4/9"), (Taken{"cde", false, false})) << "as rclone answers";
  EXPECT_EQ(take(0, 5, 200, {"abc"}), (Taken{"abc", false, false})) << "the object is the range";
}

}  // namespace
}  // namespace rayhistory
