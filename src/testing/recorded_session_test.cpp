#include "testing/recorded_session.h"

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

TEST(RecordedSession, HasItsBatchesAndTheAnswersOfTheLiveDashboard) {
  const RecordedSession session = RecordedSession::complete();
  const std::vector<std::string> batches = session.event_batches();
  ASSERT_FALSE(batches.empty());
  EXPECT_TRUE(batches.front().starts_with("["));

  const RecordedResponse answer = session.answer("/timezone");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.content_type, "application/json; charset=utf-8");
  EXPECT_EQ(answer.body, R"({"offset": "+00:00", "value": "Europe/London"})");
  EXPECT_EQ(session.answer("/api/jobs/99000000").status, 404);

  EXPECT_FALSE(RecordedSession::driver_silent().body_of("api__v0__tasks?detail=1&limit=10000").empty());
}

}  // namespace
}  // namespace rayhistory
