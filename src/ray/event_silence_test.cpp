#include "ray/event_silence.h"

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/manual_clock.h"

namespace rayhistory::collector {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const std::string kJobs = "/api/jobs/";
const std::string kMetadata = "/api/v0/cluster_metadata";

class EventSilenceTest : public testing::Test {
 protected:
  std::string told(EventSilence& silence, const std::string& endpoint, const std::string& body) {
    testing::internal::CaptureStderr();
    silence.note(endpoint, body);
    return testing::internal::GetCapturedStderr();
  }
  std::string told_of_jobs(const std::string& body) { return told(silence_, kJobs, body); }
  // One job, which began so long after the collector.
  std::string job_after(Nanoseconds time) const {
    return fmt::format(R"([{{"job_id": "01000000", "start_time": {}}}])",
                       (started_ + time.count()) / 1'000'000);
  }
  // What a collector says beside a Ray that says that it is `version`.
  std::string told_of_version(const std::string& version) {
    EventSilence silence(clock_, [] { return 0; });
    silence.note(kMetadata, fmt::format(R"({{"data": {{"rayVersion": "{}"}}}})", version));
    const std::string jobs = job_after(clock_.steady_now() - SteadyTime{});
    for (const Seconds wait : {Seconds(0), Seconds(60)}) {
      clock_.advance(wait);
      EXPECT_THAT(told(silence, kJobs, jobs), IsEmpty());
    }
    clock_.advance(Seconds(10));
    return told(silence, kJobs, jobs);
  }

  ManualClock clock_;
  const int64_t started_ = clock_.unix_nanoseconds();
  uint64_t batches_ = 0;
  EventSilence silence_{clock_, [this] { return batches_; }};
};

TEST_F(EventSilenceTest, IsToldWhenAJobHasRunForMoreThanAMinute) {
  const std::string jobs = job_after(Seconds(1));
  EXPECT_THAT(told_of_jobs(jobs), IsEmpty());
  clock_.advance(Seconds(59));
  EXPECT_THAT(told_of_jobs(jobs), IsEmpty());
  clock_.advance(Seconds(1));
  EXPECT_THAT(told_of_jobs(jobs), IsEmpty());
  clock_.advance(Seconds(10));
  EXPECT_THAT(told_of_jobs(jobs), AllOf(HasSubstr("has posted no event"), HasSubstr("ray_version=unknown")));
  clock_.advance(Seconds(1));
  EXPECT_THAT(told_of_jobs(jobs), IsEmpty());
}

TEST_F(EventSilenceTest, IsNoneOnceABatchHasCome) {
  EXPECT_THAT(told_of_jobs(job_after(Seconds(1))), IsEmpty());
  clock_.advance(Seconds(60));
  EXPECT_THAT(told_of_jobs(job_after(Seconds(1))), IsEmpty());
  batches_ = 1;
  clock_.advance(Seconds(600));
  EXPECT_THAT(told_of_jobs(job_after(Seconds(1))), IsEmpty());
}

TEST_F(EventSilenceTest, IsNoneWithoutAJobThatBeganAfterTheCollector) {
  for (const std::string& body : {job_after(-Seconds(1)), std::string("[]"), std::string("no JSON")}) {
    for (int looks = 0; looks < 3; ++looks) {
      EXPECT_THAT(told_of_jobs(body), IsEmpty());
      clock_.advance(Seconds(600));
    }
  }
}

TEST_F(EventSilenceTest, NamesTheListOfTypesToARayThatDoesNotKnowAll) {
  for (const std::string version : {"2.49.0", "2.53.0", "1.99"}) {
    EXPECT_THAT(told_of_version(version),
                AllOf(HasSubstr("ray_version=" + version), HasSubstr("EXPOSABLE_EVENT_TYPES=ALL")));
  }
}

TEST_F(EventSilenceTest, NamesTheVariablesToAnyOtherRay) {
  for (const std::string version : {"2.54.0", "3.0.0.dev0", "nightly", "2", "2."}) {
    EXPECT_THAT(told_of_version(version),
                AllOf(HasSubstr("ray_version=" + version), HasSubstr("RAY_enable_ray_event=true"),
                      Not(HasSubstr("=ALL"))));
  }
}

}  // namespace
}  // namespace rayhistory::collector
