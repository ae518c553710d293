#include "ray/dashboard_poller.h"

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

#include <gtest/gtest.h>

#include "http/curl_client.h"
#include "testing/manual_clock.h"
#include "testing/memory_store.h"
#include "testing/scripted_http_server.h"

namespace rayhistory::collector {
namespace {

const SessionName kFirst = *SessionName::parse("session_a");
const SessionName kSecond = *SessionName::parse("session_b");

class DashboardPollerTest : public testing::Test {
 protected:
  DashboardPollerOptions options() const {
    return {.address = *parse_url(server_.origin(), Scheme::http),
            .token = {},
            .endpoints = {.life = [this](const SessionName&) { return life_.load(); }}};
  }
  std::string jobs_of(const SessionName& session) const {
    return store_.content(keys_.fetched_endpoint(session, "/api/jobs/")).value_or("none");
  }
  // Until the condition holds; the test's own time limit ends a wait in vain.
  template <typename Condition>
  void wait_until(const Condition& condition) {
    std::unique_lock lock(mutex_);
    something_.wait(lock, condition);
  }
  void tell() {
    const std::lock_guard lock(mutex_);
    something_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable something_;
  std::atomic<bool> hangs_ = false;
  std::atomic<int> asked_ = 0;
  std::atomic<SessionLife> life_ = SessionLife::alive;
  ManualClock clock_;
  ScriptedHttpServer server_{[this](const ReceivedRequest& request) {
    ++asked_;
    tell();
    if (hangs_) return ScriptedResponse{.never = true};
    return ScriptedResponse{.body = request.target == "/api/jobs/" ? "[]" : "{}"};
  }};
  CurlClient http_{clock_};
  MemoryStore store_;
  const ObjectKeys keys_{"", {*DnsName::parse("default"), *DnsName::parse("test"), std::nullopt}};
};

TEST_F(DashboardPollerTest, AsksAtOnceWhenThereIsASessionAndAgainForTheNext) {
  DashboardPoller poller(options(), http_, store_, keys_, clock_);
  EXPECT_EQ(asked_, 0);
  poller.follow(kFirst);
  while (poller.totals().stored < 8)
    std::this_thread::yield();
  EXPECT_EQ(jobs_of(kFirst), "[]");
  poller.follow(kSecond);
  while (poller.totals().stored < 14)
    std::this_thread::yield();
  EXPECT_EQ(jobs_of(kSecond), "[]");
}

TEST_F(DashboardPollerTest, AsksALastTimeAtShutdownAndNeverAgain) {
  DashboardPoller poller(options(), http_, store_, keys_, clock_);
  poller.follow(kFirst);
  poller.begin_last_polls(Deadline::after(clock_, Seconds(25)));
  EXPECT_EQ(poller.end_last_polls(Deadline::never()), 0u);
  EXPECT_EQ(jobs_of(kFirst), "[]");
  const int asked = asked_;
  poller.follow(kSecond);
  clock_.advance(Seconds(100));
  EXPECT_EQ(asked_, asked);
}

TEST_F(DashboardPollerTest, AsksAgainWhileRayDrains) {
  DashboardPoller poller(options(), http_, store_, keys_, clock_);
  poller.follow(kFirst);
  poller.begin_last_polls(Deadline::after(clock_, Seconds(25)));
  for (int poll = 0; poll < 3; ++poll) {
    clock_.wait_for_sleeper();
    const int asked = asked_;
    clock_.advance(Seconds(5));
    wait_until([&] { return asked_ > asked; });
  }
  EXPECT_EQ(poller.end_last_polls(Deadline::never()), 0u);
}

TEST_F(DashboardPollerTest, AsksNoMoreWhenTheRayletHasGone) {
  DashboardPoller poller(options(), http_, store_, keys_, clock_);
  poller.follow(kFirst);
  while (poller.totals().stored < 8)
    std::this_thread::yield();
  const int asked_before = asked_;
  life_ = SessionLife::ending;
  poller.begin_last_polls(Deadline::after(clock_, Seconds(25)));
  EXPECT_EQ(poller.end_last_polls(Deadline::never()), 0u);
  // Cluster metadata and time zone are stored already.
  EXPECT_EQ(asked_, asked_before + 6);
}

TEST_F(DashboardPollerTest, SaysHowManyOfTheLastAnswersTheStoreDidNotTake) {
  store_.fail_always({ErrorKind::cancelled, "given up at the deadline"});
  DashboardPoller poller(options(), http_, store_, keys_, clock_);
  poller.follow(kFirst);
  while (poller.totals().unstored < 8)
    std::this_thread::yield();
  poller.begin_last_polls(Deadline::after(clock_, Seconds(25)));
  EXPECT_EQ(poller.end_last_polls(Deadline::never()), 8u);
}

TEST_F(DashboardPollerTest, WarnsOfAnswersThatTheNextSessionFindsUnstored) {
  store_.fail_always({ErrorKind::cancelled, "given up at the deadline"});
  testing::internal::CaptureStderr();
  DashboardPoller poller(options(), http_, store_, keys_, clock_);
  poller.follow(kFirst);
  while (poller.totals().unstored < 8)
    std::this_thread::yield();
  // All eight wait for the store now; it must have failed them before it recovers.
  clock_.wait_for_sleeper();
  store_.recover();
  poller.follow(kSecond);
  while (poller.totals().stored < 8)
    std::this_thread::yield();
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_NE(told.find("they are lost\" session=session_a endpoints=8"), std::string::npos) << told;
}

TEST_F(DashboardPollerTest, HasNothingToWaitForWithoutASession) {
  DashboardPoller poller(options(), http_, store_, keys_, clock_);
  poller.begin_last_polls(Deadline::after(clock_, Seconds(25)));
  EXPECT_EQ(poller.end_last_polls(Deadline::never()), 0u);
  EXPECT_EQ(asked_, 0);
}

TEST_F(DashboardPollerTest, GivesUpAHangingRequestForTheLastPoll) {
  hangs_ = true;
  DashboardPoller poller(options(), http_, store_, keys_, clock_);
  poller.follow(kFirst);
  wait_until([this] { return asked_ > 0; });
  hangs_ = false;
  poller.begin_last_polls(Deadline::after(clock_, Seconds(25)));
  EXPECT_EQ(poller.end_last_polls(Deadline::never()), 0u);
  EXPECT_EQ(jobs_of(kFirst), "[]");
}

TEST_F(DashboardPollerTest, EndsTheLastPollOfADashboardThatHangs) {
  hangs_ = true;
  // Time goes on by itself here.
  CurlClient http(system_clock());
  DashboardPoller poller(options(), http, store_, keys_, system_clock());
  poller.follow(kFirst);
  poller.begin_last_polls(Deadline::after(system_clock(), Milliseconds(300)));
  EXPECT_EQ(poller.end_last_polls(Deadline::never()), 0u);
  EXPECT_EQ(poller.totals().stored, 0u);
}

TEST_F(DashboardPollerTest, StoresWhatWasAnsweredBeforeTheDashboardHung) {
  ScriptedHttpServer server([](const ReceivedRequest& request) {
    if (request.target == "/api/serve/applications/") return ScriptedResponse{.never = true};
    return ScriptedResponse{.body = "[]"};
  });
  CurlClient http(system_clock());
  DashboardPollerOptions hanging = options();
  hanging.address = *parse_url(server.origin(), Scheme::http);
  DashboardPoller poller(hanging, http, store_, keys_, system_clock());
  poller.begin_last_polls(Deadline::after(system_clock(), Seconds(1)));
  EXPECT_EQ(poller.end_last_polls(Deadline::never()), 0u);
  EXPECT_EQ(poller.totals().stored, 0u);

  DashboardPoller second(hanging, http, store_, keys_, system_clock());
  second.follow(kFirst);
  second.begin_last_polls(Deadline::after(system_clock(), Seconds(1)));
  EXPECT_EQ(second.end_last_polls(Deadline::never()), 0u);
  EXPECT_EQ(jobs_of(kFirst), "[]");
}

TEST_F(DashboardPollerTest, EndsWhileTheDashboardHangs) {
  hangs_ = true;
  DashboardPoller poller(options(), http_, store_, keys_, clock_);
  poller.follow(kFirst);
  wait_until([this] { return asked_ > 0; });
  // Its destructor returns.
}

TEST_F(DashboardPollerTest, GivesUpAStoreThatHangsForTheNextSession) {
  std::atomic<bool> store_hangs = true;
  store_.before_each_call([&](StoreCall, const std::string&) {
    tell();
    while (store_hangs)
      std::this_thread::yield();
  });
  DashboardPoller poller(options(), http_, store_, keys_, clock_);
  poller.follow(kFirst);
  while (store_.calls(StoreCall::ensure_bucket) == 0)
    std::this_thread::yield();
  poller.follow(kSecond);
  store_hangs = false;
  while (poller.totals().stored < 8)
    std::this_thread::yield();
  EXPECT_EQ(jobs_of(kFirst), "none");
}

}  // namespace
}  // namespace rayhistory::collector
