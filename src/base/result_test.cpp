#include "base/result.h"

#include <cerrno>
#include <memory>

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

Result<int> parse_even(int number) {
  if (number % 2 != 0) return Error{ErrorKind::invalid, "odd"};
  return number;
}

Result<std::string> describe(int number) {
  TRY_ASSIGN(const int even, parse_even(number));
  return "even " + std::to_string(even);
}

Result<void> require_even(int number) {
  TRY(parse_even(number));
  return {};
}

TEST(Result, HoldsAValueOrTheErrorThatKeptItFromBeing) {
  EXPECT_EQ(*parse_even(2), 2);
  const Result<int> failed = parse_even(3);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, ErrorKind::invalid);
  EXPECT_EQ(failed.error().message, "odd");
}

TEST(Result, TryEndsTheFunctionWithTheError) {
  EXPECT_EQ(*describe(4), "even 4");
  EXPECT_EQ(describe(5).error().message, "odd");
  EXPECT_TRUE(require_even(4));
  EXPECT_EQ(require_even(5).error().message, "odd");
}

TEST(Result, CarriesWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> taken = std::move(*result);
  EXPECT_EQ(*taken, 7);
}

TEST(Result, GivesTheOtherValueInPlaceOfAnError) {
  EXPECT_EQ(parse_even(2).value_or(-1), 2);
  EXPECT_EQ(parse_even(3).value_or(-1), -1);
}

TEST(ResultDeathTest, EndsTheProgramWhenAnErrorIsReadAsAValue) {
  EXPECT_DEATH((void)*parse_even(3), "check failed");
}

TEST(Error, PutsTheContextInFront) {
  EXPECT_EQ((Error{ErrorKind::retry, "timed out"}.in("GET /x").message), "GET /x: timed out");
}

TEST(Error, OfErrnoIsNamedByWhatTheCallerWillDo) {
  EXPECT_EQ(error_from_errno(ENOENT, "open /x").message, "open /x: No such file or directory");
  EXPECT_EQ(error_from_errno(ENOENT, "").kind, ErrorKind::not_found);
  EXPECT_EQ(error_from_errno(ENOTDIR, "").kind, ErrorKind::not_found);
  EXPECT_EQ(error_from_errno(EEXIST, "").kind, ErrorKind::exists);
  EXPECT_EQ(error_from_errno(EACCES, "").kind, ErrorKind::denied);
  EXPECT_EQ(error_from_errno(EROFS, "").kind, ErrorKind::denied);
  EXPECT_EQ(error_from_errno(ENOSPC, "").kind, ErrorKind::no_space);
  EXPECT_EQ(error_from_errno(EDQUOT, "").kind, ErrorKind::no_space);
  EXPECT_EQ(error_from_errno(EIO, "").kind, ErrorKind::retry);
}

}  // namespace
}  // namespace rayhistory
