#include "credentials/cached_credentials.h"

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "credentials/access_token.h"
#include "testing/manual_clock.h"

namespace rayhistory {
namespace {

constexpr Nanoseconds kHour = std::chrono::hours(1);

class CachedCredentialsTest : public testing::Test {
 protected:
  class TestIssuer final : public Issuer<AccessToken> {
   public:
    explicit TestIssuer(CachedCredentialsTest& test) : test_(test) {}
    Result<Issued<AccessToken>> issue(const Deadline&) override {
      const int n = ++test_.asked_;
      if (test_.while_asked_) test_.while_asked_();
      if (test_.away_) return Error{ErrorKind::retry, "the issuer is away"};
      return Issued<AccessToken>{{"token " + std::to_string(n)}, test_.expires_};
    }
    std::string origin() const override { return "a test"; }

   private:
    CachedCredentialsTest& test_;
  };

  void issue_for(Nanoseconds lifetime) { expires_ = clock_.unix_nanoseconds() + lifetime.count(); }
  std::string get() {
    const Result<AccessToken> token = cached_.get(Deadline::never());
    return token ? token->value : token.error().message;
  }

  ManualClock clock_;
  std::optional<int64_t> expires_;
  std::atomic<bool> away_ = false;
  std::atomic<int> asked_ = 0;
  std::function<void()> while_asked_;
  CachedCredentials<AccessToken> cached_{std::make_unique<TestIssuer>(*this), clock_};
};

TEST_F(CachedCredentialsTest, AreAskedForOnceWhereTheyDoNotExpire) {
  EXPECT_EQ(get(), "token 1");
  clock_.advance(kHour * 1000);
  EXPECT_EQ(get(), "token 1");
}

TEST_F(CachedCredentialsTest, AreRenewedAheadOfTheirExpiry) {
  issue_for(kHour);
  EXPECT_EQ(get(), "token 1");
  clock_.advance(std::chrono::minutes(44));
  EXPECT_EQ(get(), "token 1");
  clock_.advance(std::chrono::minutes(1));
  issue_for(kHour);
  EXPECT_EQ(get(), "token 2");
  EXPECT_EQ(get(), "token 2");
}

TEST_F(CachedCredentialsTest, OutliveAnOutageOfTheIssuer) {
  issue_for(kHour);
  EXPECT_EQ(get(), "token 1");
  away_ = true;
  clock_.advance(std::chrono::minutes(50));
  EXPECT_EQ(get(), "token 1");
  EXPECT_EQ(get(), "token 1");
  EXPECT_EQ(asked_, 2) << "an issuer that is away is not asked with each request";
  clock_.advance(kRenewalPace);
  EXPECT_EQ(get(), "token 1");
  EXPECT_EQ(asked_, 3);
  clock_.advance(std::chrono::minutes(10));
  EXPECT_EQ(get(), "the issuer is away");
  away_ = false;
  issue_for(kHour);
  EXPECT_EQ(get(), "token 5");
}

TEST_F(CachedCredentialsTest, AreAskedForAnewWhenTheStoreRefusedThem) {
  EXPECT_EQ(get(), "token 1");
  cached_.invalidate({"token 0"});
  EXPECT_EQ(get(), "token 1") << "another's refusal of older ones";
  cached_.invalidate({"token 1"});
  EXPECT_EQ(get(), "token 2");
}

TEST_F(CachedCredentialsTest, AreUsedThoughAWrongClockCallsThemExpired) {
  issue_for(-kHour);
  EXPECT_EQ(get(), "token 1");
  EXPECT_EQ(get(), "token 1");
  clock_.advance(kRenewalPace);
  EXPECT_EQ(get(), "token 2");
}

TEST_F(CachedCredentialsTest, AStepOfTheWallClockChangesNothing) {
  issue_for(kHour);
  EXPECT_EQ(get(), "token 1");
  clock_.step_unix(kHour * 24);
  EXPECT_EQ(get(), "token 1");
}

TEST_F(CachedCredentialsTest, OneThreadAsksAndTheOthersWait) {
  std::atomic<int> waiting = 0;
  // Answers only when all the others are on their way in.
  while_asked_ = [&] {
    while (waiting < 4)
      std::this_thread::yield();
  };
  std::vector<std::jthread> threads;
  threads.reserve(4);
  std::atomic<int> got = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      ++waiting;
      if (get() == "token 1") ++got;
    });
  }
  threads.clear();
  EXPECT_EQ(got, 4);
  EXPECT_EQ(asked_, 1);
}

TEST_F(CachedCredentialsTest, AThreadThatWaitsGivesUpWhenItIsStopped) {
  std::atomic<bool> asking = false;
  std::atomic<bool> response = false;
  while_asked_ = [&] {
    asking = true;
    while (!response)
      std::this_thread::yield();
  };
  std::jthread first([&] { EXPECT_EQ(get(), "token 1"); });
  while (!asking)
    std::this_thread::yield();
  std::stop_source stop;
  stop.request_stop();
  const Result<AccessToken> second = cached_.get(Deadline::never(stop.get_token()));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::cancelled);
  response = true;
}

}  // namespace
}  // namespace rayhistory
