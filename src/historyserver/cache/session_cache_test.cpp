#include "historyserver/cache/session_cache.h"

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "historyserver/state/load_state.h"
#include "store/retrying_store.h"
#include "testing/manual_clock.h"
#include "testing/memory_store.h"

namespace rayhistory::historyserver {
namespace {

StoredSession session(const std::string& cluster) {
  return {.place = {.name_space = *DnsName::parse("ns"), .cluster = *DnsName::parse(cluster), .owner = {}},
          .name = *SessionName::parse("s"),
          .prefix = "h/" + cluster + "/s/"};
}

class SessionCacheTest : public testing::Test {
 protected:
  SessionCacheTest() {
    for (const char* cluster : {"a", "b", "c"})
      store_.set(session(cluster).prefix + "aa/node_events/x.jsonl", "1");
    limits_.reload.patience = Seconds(20);
  }

  SessionCache cache() {
    return SessionCache(
        store_,
        [this](const SessionListing&, const Deadline&,
               const MemoryCheck&) -> Result<std::shared_ptr<const SessionState>> {
          if (before_load_) before_load_();
          if (fails_) return Error{ErrorKind::retry, "503"};
          ++loads_;
          auto state = std::make_shared<SessionState>();
          state->bytes = 1000;
          state->unknown_events.of_other_types = 3;
          return std::shared_ptr<const SessionState>(std::move(state));
        },
        limits_, clock_);
  }

  MemoryStore store_;
  ManualClock clock_;
  SessionCacheLimits limits_;
  std::function<void()> before_load_;
  std::atomic<bool> fails_{false};
  std::atomic<int> loads_{0};
};

TEST_F(SessionCacheTest, LoadsOnceForAllReaders) {
  limits_.reload.waiters = 32;
  std::promise<void> go;
  before_load_ = [wait = go.get_future().share()] { wait.wait(); };
  SessionCache cache = this->cache();
  std::vector<std::future<bool>> readers;
  readers.reserve(20);
  for (int i = 0; i < 20; ++i)
    readers.push_back(std::async(std::launch::async, [&] { return cache.get(session("a")).has_value(); }));
  go.set_value();
  for (auto& reader : readers)
    EXPECT_TRUE(reader.get());
  EXPECT_EQ(loads_, 1);
  EXPECT_EQ(store_.calls(StoreCall::list), 1u);
}

TEST_F(SessionCacheTest, LoadsNoMoreSessionsAtOnceThanItMay) {
  limits_.loads_at_once = 3;  // of one namespace one less
  std::atomic<int> loading{0};
  std::atomic<int> most{0};
  std::promise<void> go;
  before_load_ = [&, wait = go.get_future().share()] {
    const int now = ++loading;
    for (int before = most; before < now && !most.compare_exchange_weak(before, now);) {
    }
    wait.wait();
    --loading;
  };
  SessionCache cache = this->cache();
  std::vector<std::future<bool>> readers;
  readers.reserve(3);
  for (const char* cluster : {"a", "b", "c"}) {
    readers.push_back(
        std::async(std::launch::async, [&, cluster] { return cache.get(session(cluster)).has_value(); }));
  }
  while (loading < 2)
    std::this_thread::yield();
  go.set_value();
  for (auto& reader : readers)
    EXPECT_TRUE(reader.get());
  EXPECT_EQ(most, 2);
  EXPECT_EQ(loads_, 3);
}

TEST_F(SessionCacheTest, CountsTheUnknownEventsOfTheSessionsThatItHolds) {
  limits_.sessions = 1;
  SessionCache cache = this->cache();
  EXPECT_EQ(cache.figures().unknown_events, 0u);
  ASSERT_TRUE(cache.get(session("a")));
  EXPECT_EQ(cache.figures().unknown_events, 3u);
  // The session of "a" has to go.
  ASSERT_TRUE(cache.get(session("b")));
  EXPECT_EQ(cache.figures().unknown_events, 3u);
}

TEST_F(SessionCacheTest, ShowsWhatIsNewAndLoadsNoStateForALog) {
  SessionCache cache = this->cache();
  const auto first = *cache.get(session("a"));
  store_.set("h/a/s/aa/logs/raylet.out", "x");
  clock_.advance(Seconds(11));
  const auto second = *cache.get(session("a"));
  EXPECT_EQ(second->state, first->state);
  EXPECT_TRUE(second->listing->find("aa/logs/raylet.out"));
  store_.set("h/a/s/aa/node_events/x.jsonl", "12");
  clock_.advance(Seconds(11));
  const auto third = *cache.get(session("a"));
  EXPECT_NE(third->state, first->state);
  EXPECT_EQ(loads_, 2);
}

TEST_F(SessionCacheTest, LoadsTheStateAnewForLogsThatTellOfJobs) {
  SessionCache cache = this->cache();
  const auto loads_after = [&](const std::string& path, const std::string& content) {
    store_.set("h/a/s/aa/logs/" + path, content);
    clock_.advance(Seconds(11));
    EXPECT_TRUE(cache.get(session("a")));
    return loads_.load();
  };
  EXPECT_TRUE(cache.get(session("a")));
  EXPECT_EQ(loads_after("job-driver-x.log", ""), 2);
  EXPECT_EQ(loads_after("job-driver-x.log", "Running"), 3);
  EXPECT_EQ(loads_after("job-driver-x.log", "Running, and on"), 3);
  EXPECT_EQ(loads_after("job-driver-x.rotated.1-1.log", "Running"), 3);
  EXPECT_EQ(loads_after("events/event_JOBS.log", "started"), 4);
  EXPECT_EQ(loads_after("events/event_JOBS.log", "started, ended"), 5);
  EXPECT_EQ(loads_after("export_events/event_EXPORT_TRAIN_STATE.log", "{}"), 6);
  EXPECT_EQ(loads_after("export_events/event_EXPORT_TASK_1.log", "{}"), 6);
}

TEST_F(SessionCacheTest, KeepsNoFailure) {
  SessionCache cache = this->cache();
  fails_ = true;
  EXPECT_FALSE(cache.get(session("a")));
  fails_ = false;
  EXPECT_TRUE(cache.get(session("a")));
  store_.fail_next(1, Error{ErrorKind::denied, "403"}, StoreCall::list);
  EXPECT_FALSE(cache.get(session("b")));
  EXPECT_TRUE(cache.get(session("b")));
  EXPECT_EQ(cache.figures().failures, 2u);
}

// --session-process-timeout, with the store that the program has, which waits out what it is told, and the
// program's own load. Time is the test's.
class SessionCacheTimeout : public testing::TestWithParam<StoreCall> {};

TEST_P(SessionCacheTimeout, EndsALoadThatTakesLongerThanItMayAndKeepsNothingOfIt) {
  ManualClock clock;
  // The part of a load that only computes compares its deadline with the real clock, so the test's clock must
  // be ahead of that.
  clock.advance(system_clock().steady_now() - clock.steady_now() + Seconds(3600));
  auto memory = std::make_unique<MemoryStore>(clock);
  MemoryStore& behind = *memory;
  RetryingStore store(std::move(memory), clock);
  const std::string key = session("a").prefix + "aa/node_events/aa-2026-11-23-02-1.jsonl";
  behind.set(key,
             R"({"taskDefinitionEvent": {"taskId": "00000000000000000000000000000000000000000000000a"}})");
  SessionCacheLimits limits;
  limits.reload.load_time = Seconds(120);
  SessionCache cache(
      store,
      [&](const SessionListing& listing, const Deadline& deadline, const MemoryCheck&) {
        return load_state(store, listing, deadline, 2);
      },
      limits, clock);

  behind.fail_always(Error{ErrorKind::retry, "503"}, GetParam());
  auto reader = std::async(std::launch::async, [&] { return cache.get(session("a")); });
  clock.wait_for_sleeper();
  clock.advance(Seconds(120) - Nanoseconds(1));
  clock.wait_for_sleeper();
  EXPECT_EQ(cache.figures().failures, 0u);
  clock.advance(Nanoseconds(1));
  const auto late = reader.get();
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::cancelled) << "504 to who asked";
  EXPECT_THAT(late.error().message, testing::HasSubstr("given up at the deadline; last: 503"));
  EXPECT_EQ(cache.figures().failures, 1u);
  EXPECT_EQ(cache.figures().loads, 0u);

  behind.recover();
  EXPECT_FALSE(cache.get(session("a")));  // another load so long has to wait
  clock.advance(limits.reload.longest_pause);
  const auto loaded = cache.get(session("a"));
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ((*loaded)->state->attempts.size(), 1u);
  EXPECT_EQ(cache.figures().loads, 1u);
}

INSTANTIATE_TEST_SUITE_P(Of, SessionCacheTimeout, testing::Values(StoreCall::list, StoreCall::get),
                         [](const testing::TestParamInfo<StoreCall>& call) {
                           return call.param == StoreCall::list ? "List" : "Get";
                         });

TEST_F(SessionCacheTest, KeepsAsManyAsItMay) {
  limits_.sessions = 2;
  SessionCache cache = this->cache();
  for (const char* cluster : {"a", "b", "a", "c"})
    EXPECT_TRUE(cache.get(session(cluster)));
  EXPECT_EQ(cache.figures().sessions, 2u);
  EXPECT_TRUE(cache.get(session("a")));
  EXPECT_EQ(loads_, 3);
  EXPECT_TRUE(cache.get(session("b")));  // it was the least used
  EXPECT_EQ(loads_, 4);
  EXPECT_EQ(cache.figures().evictions, 2u);
}

TEST_F(SessionCacheTest, KeepsAsManyBytesAsItMayAndOneSessionWhateverItsSize) {
  limits_.bytes = 2500;
  SessionCache cache = this->cache();
  for (const char* cluster : {"a", "b", "c"})
    EXPECT_TRUE(cache.get(session(cluster)));
  EXPECT_EQ(cache.figures().sessions, 2u);
  EXPECT_LE(cache.figures().bytes, 2500u);

  limits_.bytes = 1;
  SessionCache small = this->cache();
  loads_ = 0;
  EXPECT_TRUE(small.get(session("a")));
  EXPECT_TRUE(small.get(session("a")));
  EXPECT_EQ(loads_, 1);
  EXPECT_EQ(small.figures().sessions, 1u);
}

TEST_F(SessionCacheTest, ForgetsWhatNobodyAsksFor) {
  limits_.lifetime = Seconds(60);
  SessionCache cache = this->cache();
  EXPECT_TRUE(cache.get(session("a")));
  clock_.advance(Seconds(61));
  EXPECT_TRUE(cache.get(session("b")));
  EXPECT_EQ(cache.figures().sessions, 1u);
}

}  // namespace
}  // namespace rayhistory::historyserver
