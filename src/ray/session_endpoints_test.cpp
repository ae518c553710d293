#include "ray/session_endpoints.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/curl_client.h"
#include "testing/manual_clock.h"
#include "testing/memory_store.h"
#include "testing/scripted_http_server.h"

namespace rayhistory::collector {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string kJobs = "/api/jobs/";
const std::string kServe = "/api/serve/applications/";
const std::string kPlacementGroups = "/api/v0/placement_groups?detail=1&limit=10000";
const std::string kNodes = "/nodes?view=summary";
const std::string kStatus = "/api/cluster_status?format=1";
const std::string kTrain = "/api/train/v2/runs/v1";
const std::string kMetadata = "/api/v0/cluster_metadata";
const std::string kTimezone = "/timezone";
const std::string kDatasets = "/api/data/datasets/";

const std::string kOneApplication = R"({"applications": {"app": {"status": "RUNNING"}}})";
const std::string kNoApplication = R"({"applications": {}})";
const std::string kOneDataset = R"({"datasets": [{"dataset": "ds"}]})";
const std::string kNoDataset = R"({"datasets": []})";

std::string jobs_with(std::initializer_list<std::pair<std::string, std::string>> jobs) {
  std::string list;
  for (const auto& [id, status] : jobs)
    list += fmt::format(R"({}{{"job_id": "{}", "status": "{}"}})", list.empty() ? "" : ", ", id, status);
  return "[" + list + "]";
}

std::string nodes_with(int alive, int dead = 0) {
  std::string list;
  for (int i = 0; i < alive + dead; ++i)
    list += fmt::format(R"({}{{"raylet": {{"state": "{}"}}}})", i ? ", " : "", i < alive ? "ALIVE" : "DEAD");
  return R"({"data": {"summary": [)" + list + "]}}";
}

std::string status_with(int nodes) {
  return fmt::format(R"({{"data": {{"clusterStatus": "Active:\n {} workers\nPending:\n 9 workers\n"}}}})",
                     nodes);
}

class SessionEndpointsTest : public testing::Test {
 protected:
  SessionEndpoints session(const std::string& name = "session_a") {
    return {*SessionName::parse(name), options_, client_, health_, store_, keys_, clock_};
  }
  std::string key(const std::string& endpoint, const std::string& name = "session_a") const {
    return keys_.fetched_endpoint(*SessionName::parse(name), endpoint);
  }
  // Nothing where it was not stored.
  std::optional<std::string> stored(const std::string& endpoint,
                                    const std::string& name = "session_a") const {
    return store_.content(key(endpoint, name));
  }
  // The next round, when it is due.
  void next_round(SessionEndpoints& endpoints) {
    const SteadyTime now = clock_.steady_now();
    if (endpoints.due() > now) clock_.advance(endpoints.due() - now);
    endpoints.work({});
  }
  void next_poll(SessionEndpoints& endpoints) {
    clock_.advance(options_.poll_interval);
    endpoints.work({});
  }
  void last_round(SessionEndpoints& endpoints) {
    endpoints.work_at_shutdown(Deadline::after(clock_, Seconds(25)));
  }
  int times_asked(const std::string& endpoint) const {
    const auto lines = server_.request_lines();
    return static_cast<int>(std::count(lines.begin(), lines.end(), "GET " + endpoint));
  }
  Nanoseconds until_due(const SessionEndpoints& endpoints) const {
    return endpoints.due() - clock_.steady_now();
  }

  // What the dashboard answers; 404 to everything else. Changed only between rounds.
  std::map<std::string, ScriptedResponse> answers_ = {{kJobs, {.body = "[]"}},
                                                      {kServe, {.body = kNoApplication}},
                                                      {kPlacementGroups, {.body = R"({"result": true})"}},
                                                      {kNodes, {.body = nodes_with(1)}},
                                                      {kStatus, {.body = status_with(1)}},
                                                      {kTrain, {.body = R"({"train_runs": []})"}},
                                                      {kMetadata, {.body = R"({"rayVersion": "2.60.0"})"}},
                                                      {kTimezone, {.body = R"({"value": "Europe/London"})"}}};
  ManualClock clock_;
  ScriptedHttpServer server_{[this](const ReceivedRequest& request) {
    const auto answer = answers_.find(request.target);
    return answer == answers_.end() ? ScriptedResponse{.status = 404, .body = "no"} : answer->second;
  }};
  CurlClient http_{clock_};
  Result<std::optional<std::string>> token_ = std::optional<std::string>();
  DashboardClient client_{*parse_url(server_.origin(), Scheme::http), [this] { return token_; }, http_,
                          clock_};
  DashboardHealth health_{clock_};
  MemoryStore store_;
  const ObjectKeys keys_{"", {*DnsName::parse("default"), *DnsName::parse("test"), std::nullopt}};
  SessionLife life_ = SessionLife::alive;
  SessionEndpointsOptions options_{.life = [this](const SessionName&) { return life_; }};
};

TEST_F(SessionEndpointsTest, StoresEachAnswerAsItCame) {
  auto endpoints = session();
  endpoints.work({});
  for (const auto& [endpoint, answer] : answers_) {
    EXPECT_EQ(stored(endpoint), answer.body) << endpoint;
    EXPECT_EQ(store_.content_type(key(endpoint)), "application/json");
  }
  EXPECT_EQ(store_.keys().size(), answers_.size());
  EXPECT_THAT(store_.keys(), Contains("cluster-history/raycluster/default/test/session_a/fetched_endpoints/"
                                      "restful__api__v0__placement_groups?detail=1&limit=10000"));
}

TEST_F(SessionEndpointsTest, AsksForSomeOnceAndForOthersAtEachInterval) {
  auto endpoints = session();
  endpoints.work({});
  EXPECT_EQ(until_due(endpoints), Seconds(30));
  next_round(endpoints);
  next_round(endpoints);
  EXPECT_EQ(times_asked(kMetadata), 1);
  EXPECT_EQ(times_asked(kTimezone), 1);
  for (const std::string& endpoint : {kJobs, kServe, kPlacementGroups, kNodes, kStatus})
    EXPECT_EQ(times_asked(endpoint), 3) << endpoint;
}

TEST_F(SessionEndpointsTest, StoresNoAnswerTwice) {
  auto endpoints = session();
  endpoints.work({});
  const uint64_t puts = store_.calls(StoreCall::put);
  next_round(endpoints);
  EXPECT_EQ(store_.calls(StoreCall::put), puts);
  answers_[kNodes].body = nodes_with(2);
  next_round(endpoints);
  EXPECT_EQ(store_.calls(StoreCall::put), puts + 1);
  EXPECT_EQ(stored(kNodes), nodes_with(2));
}

TEST_F(SessionEndpointsTest, AsksForTheAdditionalOnesAndNoneTwice) {
  options_.additional_endpoints = {"/api/train/v2/runs", kServe, kTrain, "/api/train/v2/runs",
                                   "/api/serve/applications"};
  answers_["/api/train/v2/runs"] = {.body = "{}"};
  auto endpoints = session();
  endpoints.work({});
  EXPECT_EQ(stored("/api/train/v2/runs"), "{}");
  EXPECT_EQ(times_asked("/api/train/v2/runs"), 1);
  EXPECT_EQ(times_asked(kTrain), 1);
  EXPECT_EQ(times_asked(kServe), 1);
  EXPECT_EQ(times_asked("/api/serve/applications"), 0);
}

TEST_F(SessionEndpointsTest, StoresTheRunsOfRayTrainAndTakesItForNoTroubleThatThereAreNone) {
  const std::string one_run = R"({"train_runs": [{"id": "a"}]})";
  answers_[kTrain] = {.status = 500, .body = "Train state data is not available."};
  testing::internal::CaptureStderr();
  auto endpoints = session();
  for (int i = 0; i < 4; ++i)
    next_round(endpoints);
  EXPECT_EQ(times_asked(kTrain), 4);
  EXPECT_EQ(stored(kTrain), std::nullopt);
  EXPECT_EQ(health_.totals().failed, 0u);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), Not(HasSubstr("level=warning")));
  answers_[kTrain] = {.body = one_run};
  next_round(endpoints);
  EXPECT_EQ(stored(kTrain), one_run);
  // Train's actor ends before the dashboard does.
  answers_[kTrain] = {.body = R"({"train_runs": []})"};
  last_round(endpoints);
  EXPECT_EQ(stored(kTrain), one_run);
}

TEST_F(SessionEndpointsTest, RetriesWhatIsStoredOnceAfterFiveSecondsToAMinute) {
  answers_[kMetadata] = {.status = 500};
  options_.poll_interval = Seconds(1000);
  auto endpoints = session();
  endpoints.work({});
  for (const int seconds : {5, 10, 20, 40, 60, 60}) {
    EXPECT_EQ(until_due(endpoints), Seconds(seconds));
    next_round(endpoints);
  }
  EXPECT_EQ(times_asked(kMetadata), 7);
  EXPECT_EQ(times_asked(kTimezone), 1);
  EXPECT_EQ(times_asked(kJobs), 1);
  answers_[kMetadata] = {.body = "{}"};
  next_round(endpoints);
  EXPECT_EQ(stored(kMetadata), "{}");
}

TEST_F(SessionEndpointsTest, RetriesWhatIsStoredOnceUntilTheStoreHasIt) {
  store_.fail_next(1, {ErrorKind::cancelled, "away"}, StoreCall::put);
  auto endpoints = session();
  endpoints.work({});
  EXPECT_EQ(stored(kMetadata), std::nullopt);
  next_round(endpoints);
  EXPECT_TRUE(stored(kMetadata));
  EXPECT_TRUE(stored(kTimezone));
}

TEST_F(SessionEndpointsTest, DoesNotAskAgainForWhatIsStoredOnceAndRefused) {
  answers_[kMetadata] = {.status = 401};
  answers_[kTimezone] = {.status = 403};
  testing::internal::CaptureStderr();
  auto endpoints = session();
  for (int i = 0; i < 4; ++i)
    next_round(endpoints);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(times_asked(kMetadata), 1);
  EXPECT_EQ(times_asked(kTimezone), 1);
  EXPECT_EQ(times_asked(kJobs), 4);
  const auto lines = std::count(log.begin(), log.end(), '\n');
  EXPECT_EQ(lines, 2) << log;
  EXPECT_THAT(log, AllOf(HasSubstr("level=error"), HasSubstr(kMetadata), HasSubstr(kTimezone)));
}

TEST_F(SessionEndpointsTest, TellsAWrongTokenOnceAndPicksTheRightOneUp) {
  const std::map<std::string, ScriptedResponse> good = answers_;
  for (auto& [endpoint, answer] : answers_)
    answer = {.status = 403, .body = "Forbidden"};
  token_ = std::optional<std::string>("wr0ng");
  testing::internal::CaptureStderr();
  auto endpoints = session();
  for (int i = 0; i < 4; ++i)
    next_round(endpoints);
  answers_ = good;
  token_ = std::optional<std::string>("r1ght");
  next_round(endpoints);
  next_round(endpoints);
  const std::string log = testing::internal::GetCapturedStderr();
  // What is asked for once was given up, and is wanted again now that the token is right.
  for (const auto& [endpoint, answer] : good)
    EXPECT_EQ(stored(endpoint), answer.body) << endpoint;
  EXPECT_EQ(server_.requests().front().header("x-ray-authorization"), "Bearer wr0ng");
  EXPECT_EQ(server_.requests().back().header("x-ray-authorization"), "Bearer r1ght");
  EXPECT_THAT(log, AllOf(Not(HasSubstr("wr0ng")), Not(HasSubstr("r1ght"))));
  size_t said = 0;
  for (size_t at = 0; (at = log.find("refuses the collector", at)) != std::string::npos; ++at)
    ++said;
  EXPECT_EQ(said, 1u) << log;
  EXPECT_THAT(log, HasSubstr("answers the collector again"));
}

TEST_F(SessionEndpointsTest, AsksNothingWithoutTheTokenThatIsConfigured) {
  token_ = Error{ErrorKind::denied, "token: no such file"};
  testing::internal::CaptureStderr();
  auto endpoints = session();
  next_round(endpoints);
  EXPECT_TRUE(server_.requests().empty());
  token_ = std::optional<std::string>("here now");
  next_round(endpoints);
  EXPECT_TRUE(stored(kMetadata));
  EXPECT_TRUE(stored(kJobs));
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("token: no such file"));
}

TEST_F(SessionEndpointsTest, AsksForTheDatasetsOfEachJobUntilTheyAreStoredPastItsEnd) {
  answers_[kJobs].body = jobs_with({{"01000000", "RUNNING"}, {"02000000", "SUCCEEDED"}});
  answers_[kDatasets + "01000000"] = {.body = R"({"datasets": [1]})"};
  answers_[kDatasets + "02000000"] = {.body = kOneDataset};
  auto endpoints = session();
  endpoints.work({});
  next_round(endpoints);
  EXPECT_EQ(stored(kDatasets + "01000000"), R"({"datasets": [1]})");
  EXPECT_EQ(stored(kDatasets + "02000000"), kOneDataset);
  EXPECT_EQ(times_asked(kDatasets + "01000000"), 2);
  EXPECT_EQ(times_asked(kDatasets + "02000000"), 1);

  answers_[kJobs].body = jobs_with({{"01000000", "STOPPED"}, {"02000000", "SUCCEEDED"}});
  next_round(endpoints);
  next_round(endpoints);
  last_round(endpoints);
  // Unchanged since it ran, and so stored past its end.
  EXPECT_EQ(times_asked(kDatasets + "01000000"), 3);
  EXPECT_EQ(times_asked(kDatasets + "02000000"), 1);
}

TEST_F(SessionEndpointsTest, AsksAgainForDatasetsThatFailed) {
  answers_[kJobs].body = jobs_with({{"01000000", "SUCCEEDED"}});
  answers_[kDatasets + "01000000"] = {.status = 503};
  auto endpoints = session();
  for (int i = 0; i < 4; ++i)
    next_round(endpoints);
  EXPECT_EQ(times_asked(kDatasets + "01000000"), 4);
  answers_[kDatasets + "01000000"] = {.body = kOneDataset};
  next_round(endpoints);
  EXPECT_EQ(stored(kDatasets + "01000000"), kOneDataset);
}

TEST_F(SessionEndpointsTest, AsksAgainForDatasetsThatTheStoreDidNotTake) {
  answers_[kJobs].body = jobs_with({{"01000000", "SUCCEEDED"}});
  answers_[kDatasets + "01000000"] = {.body = kOneDataset};
  auto endpoints = session();
  store_.fail_always({ErrorKind::cancelled, "away"}, StoreCall::put);
  endpoints.work({});
  store_.recover();
  next_poll(endpoints);
  EXPECT_EQ(times_asked(kDatasets + "01000000"), 2);
  EXPECT_EQ(stored(kDatasets + "01000000"), kOneDataset);
}

TEST_F(SessionEndpointsTest, GivesUpAnEndedJobAfterTwoEmptyAnswersAndAsksALastTime) {
  answers_[kJobs].body = jobs_with({{"01000000", "FAILED"}});
  answers_[kDatasets + "01000000"] = {.body = kNoDataset};
  auto endpoints = session();
  for (int i = 0; i < 4; ++i)
    next_round(endpoints);
  EXPECT_EQ(times_asked(kDatasets + "01000000"), 2);
  EXPECT_EQ(stored(kDatasets + "01000000"), std::nullopt);
  answers_[kDatasets + "01000000"] = {.body = kOneDataset};
  last_round(endpoints);
  EXPECT_EQ(stored(kDatasets + "01000000"), kOneDataset);
}

TEST_F(SessionEndpointsTest, NeverReplacesDatasetsByNone) {
  answers_[kJobs].body = jobs_with({{"01000000", "RUNNING"}});
  answers_[kDatasets + "01000000"] = {.body = kOneDataset};
  auto endpoints = session();
  endpoints.work({});
  answers_[kDatasets + "01000000"] = {.body = kNoDataset};
  next_round(endpoints);
  last_round(endpoints);
  EXPECT_EQ(stored(kDatasets + "01000000"), kOneDataset);
}

TEST_F(SessionEndpointsTest, StoresDatasetsThatDoNotParse) {
  answers_[kJobs].body = jobs_with({{"01000000", "SUCCEEDED"}});
  answers_[kDatasets + "01000000"] = {.body = "what is this"};
  auto endpoints = session();
  next_round(endpoints);
  next_round(endpoints);
  EXPECT_EQ(stored(kDatasets + "01000000"), "what is this");
  EXPECT_EQ(times_asked(kDatasets + "01000000"), 1);
}

TEST_F(SessionEndpointsTest, AsksForNoDatasetsOfAListThatDoesNotParseButStoresIt) {
  answers_[kJobs].body = R"([{"job_id": "01000000", "status": "RUNNING"})";
  auto endpoints = session();
  endpoints.work({});
  EXPECT_EQ(stored(kJobs), answers_[kJobs].body);
  EXPECT_EQ(times_asked(kDatasets + "01000000"), 0);
}

TEST_F(SessionEndpointsTest, LeavesARayWithoutRayDataAlone) {
  answers_[kJobs].body = jobs_with(
      {{"01000000", "RUNNING"}, {"02000000", "RUNNING"}, {"03000000", "RUNNING"}, {"04000000", "RUNNING"}});
  for (const char* job : {"01000000", "02000000", "03000000", "04000000"})
    answers_[kDatasets + job] = {.status = 503};
  auto endpoints = session();
  endpoints.work({});
  EXPECT_EQ(times_asked(kDatasets + "03000000"), 1);
  EXPECT_EQ(times_asked(kDatasets + "04000000"), 0);
  // Its turn comes.
  answers_[kDatasets + "04000000"] = {.body = kOneDataset};
  next_round(endpoints);
  EXPECT_EQ(stored(kDatasets + "04000000"), kOneDataset);
}

TEST_F(SessionEndpointsTest, FollowsAServeThatLosesItsApplications) {
  answers_[kServe].body = kOneApplication;
  auto endpoints = session();
  endpoints.work({});
  answers_[kServe].body = kNoApplication;
  next_round(endpoints);
  EXPECT_EQ(stored(kServe), kNoApplication);
}

TEST_F(SessionEndpointsTest, KeepsServesApplicationsWhenEverythingEnds) {
  answers_[kServe].body = kOneApplication;
  auto endpoints = session();
  endpoints.work({});
  answers_[kServe].body = kNoApplication;
  last_round(endpoints);
  EXPECT_EQ(stored(kServe), kOneApplication);
}

TEST_F(SessionEndpointsTest, KeepsServesApplicationsWhenOnlyRayEnds) {
  answers_[kServe].body = kOneApplication;
  auto endpoints = session();
  endpoints.work({});
  answers_[kServe].body = kNoApplication;
  life_ = SessionLife::ending;
  next_round(endpoints);
  EXPECT_EQ(stored(kServe), kOneApplication);
}

TEST_F(SessionEndpointsTest, StoresServesNewStateAtTheEnd) {
  answers_[kServe].body = kOneApplication;
  auto endpoints = session();
  endpoints.work({});
  answers_[kServe].body = R"({"applications": {"app": {"status": "UNHEALTHY"}}})";
  last_round(endpoints);
  EXPECT_EQ(stored(kServe), answers_[kServe].body);
}

TEST_F(SessionEndpointsTest, FollowsAClusterThatShrinks) {
  answers_[kNodes].body = nodes_with(3);
  answers_[kStatus].body = status_with(3);
  auto endpoints = session();
  endpoints.work({});
  answers_[kNodes].body = nodes_with(1);
  answers_[kStatus].body = status_with(1);
  next_round(endpoints);
  EXPECT_EQ(stored(kNodes), nodes_with(1));
  EXPECT_EQ(stored(kStatus), status_with(1));
}

TEST_F(SessionEndpointsTest, KeepsJobsAndNodesWhenRayEnds) {
  const std::string two_jobs = jobs_with({{"01000000", "RUNNING"}, {"02000000", "RUNNING"}});
  answers_[kDatasets + "01000000"] = answers_[kDatasets + "02000000"] = {.body = kNoDataset};
  answers_[kJobs].body = two_jobs;
  answers_[kNodes].body = nodes_with(2);
  answers_[kStatus].body = status_with(2);
  auto endpoints = session();
  endpoints.work({});
  life_ = SessionLife::ending;
  answers_[kJobs].body = jobs_with({{"01000000", "FAILED"}});
  answers_[kNodes].body = nodes_with(1, 1);
  answers_[kStatus].body = status_with(1);
  next_round(endpoints);
  answers_[kJobs].body = "[]";
  answers_[kNodes].body = "gone";
  answers_[kStatus].body = R"({"result": false})";
  last_round(endpoints);
  EXPECT_EQ(stored(kJobs), two_jobs);
  EXPECT_EQ(stored(kNodes), nodes_with(2));
  EXPECT_EQ(stored(kStatus), status_with(2));
}

TEST_F(SessionEndpointsTest, StoresHowJobsEndedWhenEverythingEnds) {
  answers_[kJobs].body = jobs_with({{"01000000", "RUNNING"}});
  answers_[kDatasets + "01000000"] = {.body = kNoDataset};
  auto endpoints = session();
  endpoints.work({});
  answers_[kJobs].body = jobs_with({{"01000000", "STOPPED"}});
  last_round(endpoints);
  EXPECT_EQ(stored(kJobs), jobs_with({{"01000000", "STOPPED"}}));
}

TEST_F(SessionEndpointsTest, KeepsWhatACollectorBeforeItHasStored) {
  store_.set(key(kNodes), nodes_with(2));
  store_.set(key(kStatus), status_with(1));
  auto endpoints = session();
  last_round(endpoints);
  EXPECT_EQ(stored(kNodes), nodes_with(2));
  EXPECT_EQ(stored(kStatus), status_with(1));
  EXPECT_EQ(stored(kJobs), "[]");  // there was none
}

TEST_F(SessionEndpointsTest, StoresNothingOfTheSessionAfterIt) {
  auto endpoints = session();
  endpoints.work({});
  answers_[kPlacementGroups].body = R"({"of": "the new session"})";
  life_ = SessionLife::over;
  next_round(endpoints);
  last_round(endpoints);
  EXPECT_EQ(stored(kPlacementGroups), R"({"result": true})");
}

TEST_F(SessionEndpointsTest, BeginsAnewForANewSession) {
  answers_[kJobs].body = jobs_with({{"01000000", "SUCCEEDED"}});
  answers_[kDatasets + "01000000"] = {.body = kOneDataset};
  auto first = session("session_a");
  first.work({});
  auto second = session("session_b");
  second.work({});
  for (const auto& [endpoint, answer] : answers_) {
    EXPECT_EQ(stored(endpoint, "session_a"), answer.body) << endpoint;
    EXPECT_EQ(stored(endpoint, "session_b"), answer.body) << endpoint;
  }
}

TEST_F(SessionEndpointsTest, StoresOnlyAnswersOfStatus200ThatCameWhole) {
  answers_[kServe] = {.status = 500, .body = "trouble"};
  answers_[kNodes] = {.status = 204};
  answers_[kStatus] = {.body = ""};
  answers_[kPlacementGroups] = {.status = 302, .headers = {{"Location", "/elsewhere"}}, .body = "moved"};
  answers_[kMetadata] = {.body = std::string(1000, 'x'), .cut_after = 500};
  auto endpoints = session();
  endpoints.work({});
  for (const std::string& endpoint : {kServe, kNodes, kStatus, kPlacementGroups, kMetadata})
    EXPECT_EQ(stored(endpoint), std::nullopt) << endpoint;
  EXPECT_TRUE(stored(kJobs));
  EXPECT_TRUE(stored(kTimezone));
}

TEST_F(SessionEndpointsTest, RefusesAnAnswerThatIsTooLongAndGoesOn) {
  answers_[kJobs].body = std::string(DashboardClient::kAnswerLimitBytes + 1, ' ');
  auto endpoints = session();
  endpoints.work({});
  EXPECT_EQ(stored(kJobs), std::nullopt);
  EXPECT_TRUE(stored(kServe));
  EXPECT_TRUE(stored(kStatus));
}

TEST_F(SessionEndpointsTest, StoresALongAnswerBeforeItAsksForTheNext) {
  answers_[kJobs].body = "[" + std::string(9 * 1024 * 1024, ' ') + "]";
  auto endpoints = session();
  bool asked_for_serve = true;
  store_.before_each_call([&](StoreCall call, const std::string& written) {
    if (call == StoreCall::put && written == key(kJobs)) asked_for_serve = times_asked(kServe) > 0;
  });
  endpoints.work({});
  EXPECT_EQ(stored(kJobs), answers_[kJobs].body);
  EXPECT_FALSE(asked_for_serve);
}

TEST_F(SessionEndpointsTest, AsksForEverythingBeforeItStoresTheFirstAnswer) {
  auto endpoints = session();
  size_t asked_before = 0;
  store_.before_each_call([&](StoreCall, const std::string&) {
    if (asked_before == 0) asked_before = server_.requests().size();
  });
  endpoints.work({});
  EXPECT_EQ(asked_before, answers_.size());
}

TEST_F(SessionEndpointsTest, StoresTheLatestAnswerOnceTheStoreIsBack) {
  auto endpoints = session();
  store_.fail_always({ErrorKind::cancelled, "given up at the deadline"}, StoreCall::put);
  endpoints.work({});
  EXPECT_EQ(store_.calls(StoreCall::put), 1u);  // one is enough to know
  answers_[kNodes].body = nodes_with(2);
  next_poll(endpoints);
  store_.recover();
  answers_[kNodes].body = nodes_with(3);
  next_poll(endpoints);
  EXPECT_EQ(stored(kNodes), nodes_with(3));
  EXPECT_EQ(stored(kStatus), status_with(1));
}

TEST_F(SessionEndpointsTest, StoresWhatTheStoreDidNotTakeAlsoWhenTheDashboardHasGone) {
  auto endpoints = session();
  store_.fail_always({ErrorKind::cancelled, "given up at the deadline"});
  endpoints.work({});
  EXPECT_EQ(endpoints.unstored(), answers_.size());
  EXPECT_EQ(health_.totals().unstored, answers_.size());
  const auto answered = std::exchange(answers_, {});
  store_.recover();
  next_poll(endpoints);
  for (const auto& [endpoint, answer] : answered)
    EXPECT_EQ(stored(endpoint), answer.body) << endpoint;
  EXPECT_EQ(endpoints.unstored(), 0u);
  EXPECT_EQ(health_.totals().unstored, 0u);
}

TEST_F(SessionEndpointsTest, KeepsWhatWaitsForTheStoreWhenRayEnds) {
  answers_[kJobs].body = jobs_with({{"01000000", "RUNNING"}, {"02000000", "RUNNING"}});
  answers_[kServe].body = kOneApplication;
  auto endpoints = session();
  store_.fail_always({ErrorKind::cancelled, "given up at the deadline"});
  endpoints.work({});
  const std::string before = std::exchange(answers_[kJobs].body, "[]");
  answers_[kServe].body = kNoApplication;
  answers_[kNodes].body = nodes_with(2);
  last_round(endpoints);
  store_.recover();
  endpoints.store_the_rest(Deadline::after(clock_, Seconds(1)));
  EXPECT_EQ(stored(kJobs), before);
  EXPECT_EQ(stored(kServe), kOneApplication);
  EXPECT_EQ(stored(kNodes), nodes_with(2));
  EXPECT_EQ(endpoints.unstored(), 0u);
}

TEST_F(SessionEndpointsTest, ForgetsWhatWaitsForTheStoreWhenTheDashboardSaysAsStoredAgain) {
  auto endpoints = session();
  endpoints.work({});
  store_.fail_always({ErrorKind::cancelled, "given up at the deadline"});
  answers_[kNodes].body = nodes_with(2);
  next_poll(endpoints);
  EXPECT_EQ(endpoints.unstored(), 1u);
  store_.recover();
  answers_[kNodes].body = nodes_with(1);
  next_poll(endpoints);
  EXPECT_EQ(endpoints.unstored(), 0u);
  EXPECT_EQ(stored(kNodes), nodes_with(1));
}

TEST_F(SessionEndpointsTest, HoldsNoMoreThanItsLimitForAStoreThatIsAwayAndCountsTheRest) {
  const std::string long_answer = "[" + std::string(5 * 1024 * 1024, ' ') + "]";
  answers_[kServe].body = long_answer;
  answers_[kNodes].body = long_answer;
  auto endpoints = session();
  store_.fail_always({ErrorKind::cancelled, "given up at the deadline"});
  endpoints.work({});
  // Four were asked for before it was too much; the last of them was dropped.
  EXPECT_EQ(endpoints.unstored(), 6u);
  const auto answered = std::exchange(answers_, {});
  store_.recover();
  next_poll(endpoints);
  EXPECT_EQ(stored(kServe), long_answer);
  EXPECT_EQ(stored(kNodes), std::nullopt);
  EXPECT_EQ(endpoints.unstored(), 1u);
  answers_ = answered;
  next_poll(endpoints);
  EXPECT_EQ(stored(kNodes), long_answer);
  EXPECT_EQ(endpoints.unstored(), 0u);
}

TEST_F(SessionEndpointsTest, StoresAFirstAnswerAlsoWhenRayEndsAndNothingCanBeCounted) {
  answers_[kNodes].body = "no JSON";
  auto endpoints = session();
  last_round(endpoints);
  EXPECT_EQ(stored(kNodes), "no JSON");
  answers_[kNodes].body = "no JSON either";
  last_round(endpoints);
  EXPECT_EQ(stored(kNodes), "no JSON");
}

TEST_F(SessionEndpointsTest, AsksOnceOnlyAtShutdownForJobsThatWereGivenUp) {
  answers_[kJobs].body = jobs_with({{"01000000", "SUCCEEDED"}});
  answers_[kDatasets + "01000000"].body = kNoDataset;
  auto endpoints = session();
  for (int i = 0; i < 4; ++i)
    next_poll(endpoints);
  EXPECT_EQ(times_asked(kDatasets + "01000000"), 2);
  last_round(endpoints);
  last_round(endpoints);
  EXPECT_EQ(times_asked(kDatasets + "01000000"), 3);
}

TEST_F(SessionEndpointsTest, GoesOnWhenTheStoreRefusesOneKey) {
  store_.fail_next(1, {ErrorKind::invalid, "the key is too long"}, StoreCall::put);
  testing::internal::CaptureStderr();
  auto endpoints = session();
  endpoints.work({});
  next_round(endpoints);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("the key is too long"));
  EXPECT_EQ(store_.keys().size(), answers_.size());
}

TEST_F(SessionEndpointsTest, LooksForADashboardThatHasNotBegunMoreOftenThanItPolls) {
  DashboardClient nobody{*parse_url("http://127.0.0.1:1", Scheme::http), {}, http_, clock_};
  testing::internal::CaptureStderr();
  SessionEndpoints endpoints{
      *SessionName::parse("session_a"), options_, nobody, health_, store_, keys_, clock_};
  endpoints.work({});
  EXPECT_EQ(until_due(endpoints), Seconds(5));
  for (int i = 0; i < 10; ++i)
    next_round(endpoints);
  EXPECT_LE(until_due(endpoints), Seconds(30));
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  EXPECT_THAT(log, HasSubstr("dashboard unreachable"));
}

TEST_F(SessionEndpointsTest, TellsAnEndpointsTroubleOnceAndItsEndOnce) {
  answers_[kServe] = {.status = 500};
  testing::internal::CaptureStderr();
  auto endpoints = session();
  for (int i = 0; i < 5; ++i)
    next_round(endpoints);
  answers_[kServe] = {.body = kNoApplication};
  next_round(endpoints);
  next_round(endpoints);
  const std::string log = testing::internal::GetCapturedStderr();
  // Two more lines say that what is asked for once is stored.
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 4) << log;
  EXPECT_THAT(log, AllOf(HasSubstr("dashboard endpoint not stored"), HasSubstr("status 500"),
                         HasSubstr("dashboard endpoint answers again")));
}

TEST_F(SessionEndpointsTest, AsksALastTimeForWhatIsStoredOnceToo) {
  auto endpoints = session();
  last_round(endpoints);
  for (const auto& [endpoint, answer] : answers_) {
    if (endpoint != kServe) {
      EXPECT_EQ(stored(endpoint), answer.body) << endpoint;
    }
  }
}

TEST_F(SessionEndpointsTest, CountsWhatItDoes) {
  answers_[kServe] = {.status = 500};
  auto endpoints = session();
  endpoints.work({});
  next_round(endpoints);
  const DashboardTotals totals = health_.totals();
  EXPECT_EQ(totals.stored, 7u);
  EXPECT_EQ(totals.answered, 12u);
  EXPECT_EQ(totals.unchanged, 5u);
  EXPECT_EQ(totals.failed, 2u);
}

TEST(DashboardClient, KeepsTheAddressesPathAndEncodesWhatARequestCannotHold) {
  ScriptedHttpServer server([](const ReceivedRequest&) { return ScriptedResponse{.body = "{}"}; });
  CurlClient http(system_clock());
  const DashboardClient client(*parse_url(server.origin() + "/ray/", Scheme::http), {}, http, system_clock());
  const Deadline deadline = Deadline::never();
  EXPECT_EQ(client.get("/timezone", deadline).asked, Asked::answered);
  EXPECT_EQ(client.get("/a b?c=d\r\ne#f", deadline).asked, Asked::answered);
  EXPECT_THAT(server.request_lines(), ElementsAre("GET /ray/timezone", "GET /ray/a%20b?c=d%0D%0Ae%23f"));
  EXPECT_EQ(server.requests()[0].header("x-ray-authorization"), "");
}

TEST(DashboardClient, GivesUpAnAnswerThatDoesNotCome) {
  ScriptedHttpServer server([](const ReceivedRequest&) { return ScriptedResponse{.never = true}; });
  CurlClient http(system_clock());
  const DashboardClient client(*parse_url(server.origin(), Scheme::http), {}, http, system_clock());
  EXPECT_EQ(client.get("/timezone", Deadline::never(), Milliseconds(50)).asked, Asked::no_answer);
  EXPECT_EQ(client.get("/timezone", Deadline::after(system_clock(), Milliseconds(50))).asked,
            Asked::interrupted);
  EXPECT_EQ(client.get("/timezone", Deadline::after(system_clock(), Nanoseconds(0))).asked,
            Asked::interrupted);
}

}  // namespace
}  // namespace rayhistory::collector
