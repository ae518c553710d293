#include "ray/data_jobs.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory::collector {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const JobId kOne = *JobId::parse("01000000");
const JobId kTwo = *JobId::parse("02000000");
const JobId kThree = *JobId::parse("03000000");

TEST(DataJobs, ThatRunAreAskedAgainAndAgain) {
  DataJobs jobs;
  jobs.set_listed({{kOne, false}});
  jobs.stored(kOne);
  for (int i = 0; i < 5; ++i)
    jobs.answered_empty(kOne);
  EXPECT_THAT(jobs.to_ask(false), ElementsAre(kOne));
}

TEST(DataJobs, ThatHaveEndedAreDoneOnceStored) {
  DataJobs jobs;
  jobs.set_listed({{kOne, true}, {kTwo, true}});
  jobs.stored(kOne);
  EXPECT_THAT(jobs.to_ask(false), ElementsAre(kTwo));
  EXPECT_THAT(jobs.to_ask(true), ElementsAre(kTwo));
}

TEST(DataJobs, StoredBeforeTheirEndAreAskedOnceMore) {
  DataJobs jobs;
  jobs.set_listed({{kOne, false}});
  jobs.stored(kOne);
  jobs.set_listed({{kOne, true}});
  EXPECT_THAT(jobs.to_ask(false), ElementsAre(kOne));
  jobs.stored(kOne);
  EXPECT_THAT(jobs.to_ask(false), IsEmpty());
}

TEST(DataJobs, AreGivenUpAfterTwoEmptyAnswersPastTheirEnd) {
  DataJobs jobs;
  jobs.set_listed({{kOne, false}});
  jobs.answered_empty(kOne);
  jobs.answered_empty(kOne);
  jobs.set_listed({{kOne, true}});
  jobs.answered_empty(kOne);
  EXPECT_THAT(jobs.to_ask(false), ElementsAre(kOne));
  jobs.answered_empty(kOne);
  EXPECT_THAT(jobs.to_ask(false), IsEmpty());
}

TEST(DataJobs, GivenUpAreAskedLastAtTheEndOfEverything) {
  DataJobs jobs;
  jobs.set_listed({{kOne, true}, {kTwo, false}});
  jobs.answered_empty(kOne);
  jobs.answered_empty(kOne);
  EXPECT_THAT(jobs.to_ask(false), ElementsAre(kTwo));
  EXPECT_THAT(jobs.to_ask(true), ElementsAre(kTwo, kOne));
}

TEST(DataJobs, AreAskedInTurn) {
  DataJobs jobs;
  jobs.set_listed({{kOne, false}, {kTwo, false}, {kThree, false}});
  EXPECT_THAT(jobs.to_ask(false), ElementsAre(kOne, kTwo, kThree));
  jobs.asked(kOne);
  EXPECT_THAT(jobs.to_ask(false), ElementsAre(kTwo, kThree, kOne));
  jobs.asked(kThree);
  EXPECT_THAT(jobs.to_ask(false), ElementsAre(kOne, kTwo, kThree));
}

TEST(DataJobs, NoLongerListedAreNotAskedAndStillDone) {
  DataJobs jobs;
  jobs.set_listed({{kOne, true}, {kTwo, false}});
  jobs.stored(kOne);
  jobs.set_listed({});
  EXPECT_THAT(jobs.to_ask(true), IsEmpty());
  jobs.set_listed({{kOne, true}});
  EXPECT_THAT(jobs.to_ask(true), IsEmpty());
}

}  // namespace
}  // namespace rayhistory::collector
