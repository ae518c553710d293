#include "store/s3/part_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr uint64_t kMiB = 1024 * 1024;
constexpr uint64_t kGiB = 1024 * kMiB;
constexpr uint64_t kAnyBody = UINT64_MAX;
constexpr S3Limits kLimits;
using From = S3Part::From;

TEST(S3PartPlan, CopiesWhatIsStoredInOnePartAndSendsTheRest) {
  EXPECT_THAT(plan_s3_parts(6 * kMiB, 20 * kMiB, S3PartSizes::any, kAnyBody, kLimits),
              ElementsAre(S3Part{From::object, 0, 6 * kMiB}, S3Part{From::file, 6 * kMiB, 14 * kMiB}));
}

TEST(S3PartPlan, OfEqualPartsCopiesTheWholeOnesAndSendsTheOneThatIsNotWhole) {
  EXPECT_THAT(plan_s3_parts(6 * kMiB, 19 * kMiB, S3PartSizes::equal, kAnyBody, kLimits),
              ElementsAre(S3Part{From::object, 0, 5 * kMiB}, S3Part{From::file, 5 * kMiB, 5 * kMiB},
                          S3Part{From::file, 10 * kMiB, 5 * kMiB}, S3Part{From::file, 15 * kMiB, 4 * kMiB}));
}

TEST(S3PartPlan, NothingIsStoredOfAnObjectThatIsOneBytePartOfAGrownOne) {
  EXPECT_THAT(plan_s3_parts(5 * kMiB - 1, 5 * kMiB, S3PartSizes::equal, kAnyBody, kLimits),
              ElementsAre(S3Part{From::file, 0, 5 * kMiB}));
}

// Whatever the sizes: all bytes once and in order, no part but the last below the least, none above what a
// request may send, and no more parts than S3 takes.
TEST(S3PartPlan, KeepsToEveryRuleOfTheServer) {
  constexpr uint64_t kLargestObject = 48 * 1024 * kGiB;
  for (const S3PartSizes sizes : {S3PartSizes::any, S3PartSizes::equal}) {
    for (const uint64_t body : {kAnyBody, 64 * kMiB, 10 * kMiB, 5 * kMiB}) {
      for (const uint64_t size : {uint64_t{1}, 5 * kMiB, 5 * kMiB + 1, 20 * kMiB, 65 * kMiB, kGiB, 40 * kGiB,
                                  200 * kGiB, kLargestObject}) {
        for (const uint64_t stored :
             {uint64_t{0}, 5 * kMiB, 6 * kMiB, size / 2, size - size / 16, size - 1, size}) {
          if (stored > size || (stored > 0 && stored < kLimits.least_part_bytes)) continue;
          const auto plan = plan_s3_parts(stored, size, sizes, body, kLimits);
          SCOPED_TRACE(testing::Message() << stored << " of " << size << ", bodies of " << body);
          ASSERT_FALSE(plan.empty());
          ASSERT_LE(plan.size(), kLimits.most_parts);
          uint64_t next = 0;
          for (const S3Part& part : plan) {
            ASSERT_EQ(part.offset, next);
            next += part.size;
            ASSERT_TRUE(&part == &plan.back() || part.size >= kLimits.least_part_bytes);
            ASSERT_TRUE(part.from == From::file || next <= stored);
            // So large an object takes more parts than there are, with a body so small.
            const bool has_room =
                size / std::min(body, kLimits.single_request_bytes) < kLimits.most_parts / 2;
            ASSERT_TRUE(part.from == From::object || !has_room || part.size <= body);
          }
          ASSERT_EQ(next, size);
          ASSERT_TRUE(sizes == S3PartSizes::any || are_equal_parts(plan));
        }
      }
    }
  }
}

TEST(S3PartPlan, IsEmptyWhereThePartsDoNotDo) {
  const S3Limits few{.least_part_bytes = 10, .most_parts = 1, .copied_part_bytes = 10};
  EXPECT_THAT(plan_s3_parts(40, 41, S3PartSizes::any, kAnyBody, few), IsEmpty());
}

TEST(S3PartPlan, KnowsWhichPartsAreEqual) {
  const auto parts = [](std::initializer_list<uint64_t> sizes) {
    std::vector<S3Part> made;
    for (const uint64_t size : sizes)
      made.push_back({From::file, 0, size});
    return made;
  };
  EXPECT_TRUE(are_equal_parts(parts({})));
  EXPECT_TRUE(are_equal_parts(parts({7})));
  EXPECT_TRUE(are_equal_parts(parts({5, 5, 3})));
  EXPECT_TRUE(are_equal_parts(parts({5, 5})));
  EXPECT_FALSE(are_equal_parts(parts({5, 6})));
  EXPECT_FALSE(are_equal_parts(parts({6, 5, 5})));
}

}  // namespace
}  // namespace rayhistory
