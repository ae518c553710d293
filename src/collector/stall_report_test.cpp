#include "collector/stall_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"

namespace rayhistory::collector {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

class StallReportTest : public testing::Test {
 protected:
  std::string said(const std::optional<Stall>& stall, SteadyTime now, const std::string& store_answer = "") {
    testing::internal::CaptureStderr();
    report_.look(stall, store_answer, now);
    return testing::internal::GetCapturedStderr();
  }

  StallReport report_;
  const Stall stall_{
      .files = 2, .key = "a/logs/raylet.out", .overdue = Seconds(185), .failure = "status 418"};
};

TEST_F(StallReportTest, NamesTheKeyTheAnswerAndWhatToDoAndThenSaysThatItIsOver) {
  const SteadyTime begin{};
  EXPECT_THAT(said(std::nullopt, begin), IsEmpty());
  EXPECT_THAT(said(stall_, begin),
              AllOf(HasSubstr("level=warning"), HasSubstr("files=2"), HasSubstr("key=a/logs/raylet.out"),
                    HasSubstr("overdue=3m5s"), HasSubstr("status 418"), HasSubstr("collector --check")));
  EXPECT_THAT(said(stall_, begin + Seconds(299)), IsEmpty());
  EXPECT_THAT(said(stall_, begin + Seconds(300)), HasSubstr("makes no progress"));
  EXPECT_THAT(said(std::nullopt, begin + Seconds(301)), HasSubstr("makes progress again"));
  EXPECT_THAT(said(std::nullopt, begin + Seconds(302)), IsEmpty());
}

TEST_F(StallReportTest, OfAnUploadThatIsUnderWayHasTheStoresLastAnswer) {
  Stall stall = stall_;
  stall.failure.clear();
  EXPECT_THAT(said(stall, SteadyTime{}, "put: status 500"), HasSubstr("put: status 500"));
}

TEST_F(StallReportTest, SaysWhenThereIsNoAnswerYet) {
  Stall stall = stall_;
  stall.failure.clear();
  EXPECT_THAT(said(stall, SteadyTime{}), HasSubstr("the upload is still under way"));
}

}  // namespace
}  // namespace rayhistory::collector
