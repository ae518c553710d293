#include "historyserver/live/kubernetes_client.h"

#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/log.h"
#include "testing/scripted_http_server.h"
#include "testing/temporary_folder.h"

namespace rayhistory::historyserver {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr uint64_t kLimitBytes = 1000;

class KubernetesClientTest : public testing::Test {
 protected:
  KubernetesAccess access() {
    KubernetesAccess access;
    access.server = *parse_url(server_.origin() + "/k8s", Scheme::http);
    access.token_file = folder_.write("token", "s3cret");
    access.origin = "a test";
    return access;
  }
  static Deadline soon() { return Deadline::after(system_clock(), Seconds(60)); }
  Error error_of(const ScriptedResponse& answer) {
    {
      const std::lock_guard lock(mutex_);
      answer_ = answer;
    }
    return client_.get("/apis/x", {}, kLimitBytes, soon()).error();
  }

  TemporaryFolder folder_;
  ScriptedResponse answer_{200, {}, "{}"};
  std::mutex mutex_;
  ScriptedHttpServer server_{[this](const ReceivedRequest&) {
    const std::lock_guard lock(mutex_);
    return answer_;
  }};
  KubernetesClient client_{access(), {}, system_clock()};
};

TEST_F(KubernetesClientTest, AsksBelowTheServersPathWithTheTokenOfTheMoment) {
  EXPECT_EQ(
      client_.get("/apis/x", {{"limit", "1"}, {"labelSelector", "a=b,c=d"}}, kLimitBytes, soon()).value(),
      "{}");
  folder_.write("token", "other\n");
  ASSERT_TRUE(client_.get("/y", {}, kLimitBytes, soon()));
  EXPECT_THAT(server_.request_lines(),
              ElementsAre("GET /k8s/apis/x?labelSelector=a%3Db%2Cc%3Dd&limit=1", "GET /k8s/y"));
  EXPECT_EQ(server_.requests()[0].header("Authorization"), "Bearer s3cret");
  EXPECT_EQ(server_.requests()[0].header("Accept"), "application/json");
  EXPECT_EQ(server_.requests()[1].header("Authorization"), "Bearer other");
}

TEST_F(KubernetesClientTest, SaysWhatKubernetesSaysAgainstIt) {
  const Error denied = error_of({403, {}, R"({"kind":"Status","message":"rayclusters is forbidden"})"});
  EXPECT_EQ(denied.kind, ErrorKind::denied);
  EXPECT_THAT(denied.message, AllOf(HasSubstr("a test"), HasSubstr("/apis/x: 403: rayclusters is forbidden"),
                                    Not(HasSubstr("s3cret"))));
  EXPECT_EQ(error_of({401, {}, "no"}).kind, ErrorKind::denied);
  EXPECT_EQ(error_of({404, {}, "{}"}).kind, ErrorKind::not_found);
  EXPECT_EQ(error_of({429, {}, ""}).kind, ErrorKind::retry);
  EXPECT_EQ(error_of({500, {}, ""}).kind, ErrorKind::retry);
  EXPECT_EQ(error_of({301, {}, ""}).kind, ErrorKind::invalid);
  EXPECT_EQ(error_of({200, {}, std::string(kLimitBytes + 1, ' ')}).kind, ErrorKind::invalid);
  EXPECT_EQ(error_of({.status = 200, .body = "{}", .cut_after = 5}).kind, ErrorKind::retry);
}

TEST_F(KubernetesClientTest, NamesTheFileOfATokenThatIsNotThere) {
  folder_.write("token", "");
  const Error error = error_of({200, {}, "{}"});
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_THAT(error.message, HasSubstr("token is empty"));
  EXPECT_THAT(server_.requests(), testing::IsEmpty());
}

// Notes how long it is made to wait.
class WaitingClock final : public Clock {
 public:
  SteadyTime steady_now() const override { return now_; }
  int64_t unix_nanoseconds() const override { return 0; }
  bool sleep_for(Nanoseconds duration, const std::stop_token&) const override {
    waits_.push_back(duration);
    now_ += duration;
    return true;
  }
  const std::vector<Nanoseconds>& waits() const { return waits_; }
  void advance(Nanoseconds duration) { now_ += duration; }

 private:
  mutable SteadyTime now_{std::chrono::hours(1)};
  mutable std::vector<Nanoseconds> waits_;
};

TEST_F(KubernetesClientTest, AsksNoMoreOftenThanItMay) {
  WaitingClock clock;
  KubernetesClient client(access(), {.per_second = 10, .burst = 3}, clock);
  const auto ask = [&] { return client.get("/y", {}, kLimitBytes, Deadline::never()); };
  for (int i = 0; i < 5; ++i)
    ASSERT_TRUE(ask());
  EXPECT_THAT(clock.waits(), ElementsAre(Milliseconds(100), Milliseconds(100)));
  clock.advance(Milliseconds(200));
  ASSERT_TRUE(ask());
  ASSERT_TRUE(ask());
  EXPECT_EQ(clock.waits().size(), 2u);
  const auto late = client.get("/y", {}, kLimitBytes, Deadline::after(clock, Milliseconds(50)));
  EXPECT_EQ(late.error().kind, ErrorKind::cancelled);
  EXPECT_THAT(late.error().message, HasSubstr("--kube-api-qps"));
}

TEST(TroubleLog, SaysATroubleOnceUntilItIsOver) {
  TroubleLog log;
  const uint64_t before = logged_trouble().warnings;
  log.failed("list", {ErrorKind::denied, "403"});
  log.failed("list", {ErrorKind::denied, "403"});
  log.failed("get", {ErrorKind::denied, "403"});
  EXPECT_EQ(logged_trouble().warnings, before + 2);
  log.went_well("list");
  log.failed("list", {ErrorKind::denied, "403"});
  EXPECT_EQ(logged_trouble().warnings, before + 3);
}

}  // namespace
}  // namespace rayhistory::historyserver
