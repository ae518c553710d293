#include "ray/endpoint_answers.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory::collector {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

JobId job(std::string_view id) {
  return *JobId::parse(id);
}

TEST(EndpointAnswers, HaveNoDatasetsWhereTheListIsMissingOrEmpty) {
  EXPECT_FALSE(has_datasets(R"({"datasets": []})"));
  EXPECT_FALSE(has_datasets(R"({"datasets": null})"));
  EXPECT_FALSE(has_datasets(R"({"result": true})"));
  EXPECT_FALSE(has_datasets("{}"));
  EXPECT_FALSE(has_datasets("null"));
  EXPECT_TRUE(has_datasets(R"({"datasets": [{"dataset": "a"}]})"));
}

TEST(EndpointAnswers, HaveNoApplicationsWhereTheObjectIsMissingOrEmpty) {
  EXPECT_FALSE(has_serve_applications(R"({"controller_info": {}, "proxies": {}, "applications": {}})"));
  EXPECT_FALSE(has_serve_applications(R"({"applications": null})"));
  EXPECT_FALSE(has_serve_applications("{}"));
  EXPECT_TRUE(has_serve_applications(R"({"applications": {"app": {"status": "RUNNING"}}})"));
}

TEST(EndpointAnswers, OfAnotherFormAreNotEmpty) {
  for (const std::string body : {"", "not json", "[]", "7", "{\"datasets\": []", "{\"datasets\": []} x"}) {
    EXPECT_TRUE(has_datasets(body)) << body;
    EXPECT_TRUE(has_serve_applications(body)) << body;
  }
  EXPECT_TRUE(has_datasets(R"({"datasets": {}})"));
  EXPECT_TRUE(has_serve_applications(R"({"applications": []})"));
}

TEST(EndpointAnswers, ListEachJobThatHasAnIdOnce) {
  const auto jobs = jobs_in(R"([
    {"job_id": null, "submission_id": "raysubmit_1", "status": "PENDING"},
    {"job_id": "02000000", "status": "RUNNING"},
    {"status": "SUCCEEDED", "job_id": "01000000"},
    {"job_id": "03000000", "status": "FAILED"},
    {"job_id": "04000000", "status": "STOPPED"},
    {"job_id": "05000000", "status": null},
    {"job_id": "03000000", "status": "RUNNING"}])");
  ASSERT_TRUE(jobs);
  EXPECT_THAT(*jobs, ElementsAre(ListedJob{job("01000000"), true}, ListedJob{job("02000000"), false},
                                 ListedJob{job("03000000"), false}, ListedJob{job("04000000"), true},
                                 ListedJob{job("05000000"), false}));
}

TEST(EndpointAnswers, ListNoJobWhoseIdIsNotSafeInAPath) {
  const auto jobs =
      jobs_in(R"([{"job_id": ".."}, {"job_id": "a/b"}, {"job_id": 7}, {"job_id": "a?b"}, {"job_id": ""},
                  {"job_id": "\u0000"}, {"status": "RUNNING"}, {"job_id": "ok", "status": "RUNNING"}])");
  ASSERT_TRUE(jobs);
  EXPECT_THAT(*jobs, ElementsAre(ListedJob{job("ok"), false}));
}

TEST(EndpointAnswers, ThatAreNoListOfJobsNameNone) {
  for (const std::string body :
       {"", "{}", "null", "not json", "[7]", R"([{"job_id": "01000000"})", R"([{"job_id": "01000000)"}) {
    EXPECT_FALSE(jobs_in(body)) << body;
    EXPECT_FALSE(count_jobs(body)) << body;
  }
  EXPECT_THAT(*jobs_in("[]"), IsEmpty());
}

TEST(EndpointAnswers, ListNoMoreJobsThanAreRemembered) {
  std::string body = "[";
  for (size_t i = 0; i <= kListedJobsLimit; ++i)
    body += R"({"job_id": ")" + std::to_string(i) + R"("},)";
  body.back() = ']';
  EXPECT_EQ(jobs_in(body)->size(), kListedJobsLimit);
  EXPECT_EQ(count_jobs(body), kListedJobsLimit + 1);
}

TEST(EndpointAnswers, OfJobsAreCountedWithAnIdOrWithout) {
  EXPECT_EQ(count_jobs("[]"), 0u);
  EXPECT_EQ(count_jobs(R"([{"job_id": null}, {"job_id": "01000000", "status": "RUNNING"}])"), 2u);
}

TEST(EndpointAnswers, CountTheNodesThatAreAlive) {
  EXPECT_EQ(count_alive_nodes(R"({"result": true, "data": {"summary": [
      {"ip": "10.0.0.1", "raylet": {"numWorkers": 5, "state": "ALIVE"}},
      {"ip": "10.0.0.2", "raylet": {"state": "DEAD"}}, {"ip": "10.0.0.3"},
      {"raylet": {"state": "ALIVE"}, "ip": "10.0.0.4"}]}})"),
            2u);
  EXPECT_EQ(count_alive_nodes(R"({"data": {"summary": []}})"), 0u);
  EXPECT_EQ(count_alive_nodes(R"({"result": false})"), std::nullopt);
  EXPECT_EQ(count_alive_nodes("gone"), std::nullopt);
}

// As format_info_string of ray 2.60's autoscaler writes it.
TEST(EndpointAnswers, CountTheNodesInTheStatusText) {
  EXPECT_EQ(
      count_nodes_in_status(
          R"({"result": true, "data": {"clusterStatus": "======== Autoscaler status: 2026-11-23 ========\n)"
          R"(Node status\n---------------------------------------------------------------\nActive:\n)"
          R"( 1 headgroup\n 12 workers\nIdle:\n 2 workers\nPending:\n 4 workers, launching\n)"
          R"(Recent failures:\n (no failures)\n\nResources\n------\nTotal Usage:\n 0.0/2.0 CPU\n"}})"),
      15u);
  EXPECT_EQ(count_nodes_in_status(
                R"({"data": {"clusterStatus": "Active:\n (no active nodes)\nIdle:\n (no idle nodes)\n"}})"),
            0u);
  EXPECT_EQ(count_nodes_in_status(R"({"data": {"clusterStatus": null}})"), std::nullopt);
}

TEST(EndpointAnswers, CountTheRunsOfRayTrain) {
  EXPECT_EQ(count_train_runs(R"({"train_runs": [{"id": "a", "attempts": [{}, {}]}, {"id": "b"}]})"), 2u);
  EXPECT_EQ(count_train_runs(R"({"train_runs": []})"), 0u);
  EXPECT_EQ(count_train_runs("Train state data is not available."), std::nullopt);
}

// simdjson's index would take 80 MB for it.
TEST(EndpointAnswers, AreNotLookedIntoWhenTheyAreTooLong) {
  const std::string long_list = "[" + std::string(17 * 1024 * 1024, ' ') + "]";
  EXPECT_FALSE(jobs_in(long_list));
  EXPECT_TRUE(has_datasets(R"({"datasets": []})" + std::string(2 * 1024 * 1024, ' ')));
}

TEST(EndpointAnswers, TellWhenTheYoungestJobBegan) {
  EXPECT_EQ(newest_job_start(R"([{"start_time": 5}, {"start_time": 7, "job_id": "a"}, {"start_time": 6}])"),
            7);
  EXPECT_EQ(newest_job_start(R"([{"start_time": null}, {"start_time": 6}, {"start_time": "8"}, {}])"), 6);
  for (const std::string body : {"[]", "[{}]", "{}", "", "no JSON", "[7]", R"([{"start_time": 6}, 7])"})
    EXPECT_EQ(newest_job_start(body), std::nullopt) << body;
}

TEST(EndpointAnswers, TellTheVersionOfRay) {
  EXPECT_EQ(ray_version_in(R"({"result": true, "msg": "", "data": {"rayVersion": "2.60.0"}})"), "2.60.0");
  const std::string long_one = R"({"data": {"rayVersion": ")" + std::string(65, '2') + R"("}})";
  for (const std::string& body : {std::string("{}"), std::string("[]"), std::string(),
                                  std::string(R"({"data": {"rayVersion": 2}})"), long_one})
    EXPECT_EQ(ray_version_in(body), "") << body;
}

}  // namespace
}  // namespace rayhistory::collector
