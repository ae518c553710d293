#include "collector/store_check.h"

#include <stdlib.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/curl_client.h"
#include "store/forwarding_store.h"
#include "store/s3/s3_store.h"
#include "testing/memory_store.h"
#include "testing/model_s3.h"
#include "testing/skipping_clock.h"

namespace rayhistory::collector {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;

const CheckedPlace kPlace{"root/", {*DnsName::parse("default"), *DnsName::parse("cluster"), std::nullopt}};

struct Checked {
  bool works = false;
  std::string said;
};

Checked run_check(std::unique_ptr<Store> store, const Clock& clock,
                  const Deadline& deadline = Deadline::never()) {
  char* text = nullptr;
  size_t length = 0;
  std::FILE* out = ::open_memstream(&text, &length);
  Checked checked;
  checked.works = check_store(std::move(store), kPlace, clock, deadline, out);
  std::fclose(out);
  checked.said.assign(text, length);
  ::free(text);
  return checked;
}

class StoreCheckTest : public testing::Test {
 protected:
  void check() { checked = run_check(std::move(owned), clock); }

  SkippingClock clock;
  std::unique_ptr<MemoryStore> owned = std::make_unique<MemoryStore>();
  MemoryStore& store = *owned;
  Checked checked;
};

// The store is gone with the check, so its keys are looked at by a store that outlives it.
class BorrowedStore : public ForwardingStore {
 public:
  explicit BorrowedStore(Store& store) : ForwardingStore(store) {}
};

TEST_F(StoreCheckTest, AStoreThatWorksIsSaidToAndLeftAsItWas) {
  checked = run_check(std::make_unique<BorrowedStore>(store), clock);
  EXPECT_TRUE(checked.works) << checked.said;
  EXPECT_THAT(checked.said, HasSubstr("all that the collector and the History Server need works"));
  EXPECT_THAT(store.keys(), IsEmpty());
  EXPECT_GE(store.calls(StoreCall::extend), 1u);
  EXPECT_EQ(store.calls(StoreCall::copy), 1u);
}

TEST_F(StoreCheckTest, WhatIsWrongIsToldWithTheStoresAnswer) {
  store.fail_always(Error{ErrorKind::denied, "AccessDenied: s3:PutObject on root"}, StoreCall::put);
  check();
  EXPECT_FALSE(checked.works);
  EXPECT_THAT(checked.said,
              HasSubstr("store logs and events: root/cluster-history/raycluster/default/cluster/"
                        "collector-check-"));
  EXPECT_THAT(checked.said, HasSubstr("AccessDenied: s3:PutObject on root"));
}

TEST_F(StoreCheckTest, ABucketOutOfReachEndsTheCheck) {
  store.fail_always(Error{ErrorKind::retry, "connection refused"});
  checked = run_check(std::make_unique<BorrowedStore>(store), clock);
  EXPECT_FALSE(checked.works);
  EXPECT_THAT(checked.said, HasSubstr("connection refused"));
  EXPECT_EQ(store.calls(StoreCall::put), 0u);
}

TEST_F(StoreCheckTest, WhatTheStoreRemarksIsANote) {
  store.set_bucket_warnings({"the bucket is versioned"});
  checked = run_check(std::make_unique<BorrowedStore>(store), clock);
  EXPECT_TRUE(checked.works) << checked.said;
  EXPECT_THAT(checked.said, HasSubstr("note: the bucket is versioned\n"));
  store.fail_always(Error{ErrorKind::retry, "connection refused"}, StoreCall::bucket_warnings);
  check();
  EXPECT_TRUE(checked.works) << checked.said;
  EXPECT_THAT(checked.said,
              HasSubstr("note: how the bucket is set up could not be found out: connection refused\n"));
}

TEST_F(StoreCheckTest, AProbeThatMayNotBeRemovedIsANote) {
  store.fail_always(Error{ErrorKind::denied, "no s3:DeleteObject"}, StoreCall::remove);
  check();
  EXPECT_TRUE(checked.works) << checked.said;
  EXPECT_THAT(checked.said, HasSubstr("note: the probe below root/cluster-history/"));
}

// Its list leaves out a log whose name would have to be escaped.
class ForgetfulList : public BorrowedStore {
 public:
  using BorrowedStore::BorrowedStore;
  Result<ListPage> list(const std::string& prefix, const std::string& cursor,
                        const Deadline& deadline) override {
    TRY_ASSIGN(ListPage page, BorrowedStore::list(prefix, cursor, deadline));
    std::erase_if(page.objects,
                  [](const ListedObject& listed) { return listed.key.find('%') != std::string::npos; });
    return page;
  }
};

TEST_F(StoreCheckTest, AListThatLeavesSomethingOutIsWrong) {
  checked = run_check(std::make_unique<ForgetfulList>(store), clock);
  EXPECT_FALSE(checked.works);
  EXPECT_THAT(checked.said, HasSubstr("was stored and is not listed"));
}

// With conditions, the store itself says that the log is there. Without them, each restart stores it once
// more.
class ForgetfulListWithoutConditions final : public ForgetfulList {
 public:
  using ForgetfulList::ForgetfulList;
  Result<StoredObject> replace(const std::string& key, const std::optional<StoredObject>& /*before*/,
                               const Body& body, std::string_view content_type,
                               const Deadline& deadline) override {
    return put(key, body, content_type, deadline);
  }
};

TEST_F(StoreCheckTest, AListThatLeavesSomethingOutAndNoConditionsStoreTwice) {
  checked = run_check(std::make_unique<ForgetfulListWithoutConditions>(store), clock);
  EXPECT_FALSE(checked.works);
  EXPECT_THAT(checked.said, HasSubstr("carry on after a restart: 1 objects were stored once more"));
}

// The first law: what the collector can do without, the check can do without, with the sizes that a server
// meets (src/shipper/s3_servers_test.cpp has the collector's side, with small ones).
class CheckOfServer : public testing::TestWithParam<S3Behaviour> {
 protected:
  static constexpr size_t kLeastPartBytes = 5 * 1024 * 1024;
  static constexpr size_t kMostBodyBytes = 64 * 1024 * 1024;

  Checked check() {
    auto credentials =
        std::make_unique<FixedCredentials<AwsCredentials>>(AwsCredentials{"id", "secret", ""}, "a test");
    auto store = S3Store::open({.bucket = "bucket", .endpoint = server_.origin()},
                               std::make_unique<CurlClient>(clock_), std::move(credentials), clock_);
    return run_check(*std::move(store), clock_, Deadline::after(system_clock(), Seconds(120)));
  }

  SkippingClock clock_;
  ModelS3 s3_{"bucket", kLeastPartBytes};
  ScriptedHttpServer server_{[this](const ReceivedRequest& request) { return s3_.respond(request); },
                             kMostBodyBytes};
};

TEST_P(CheckOfServer, Passes) {
  s3_.behave(GetParam());
  s3_.limit_bodies(6 * 1024 * 1024);
  const Checked checked = check();
  EXPECT_TRUE(checked.works) << checked.said;
  EXPECT_THAT(s3_.objects(), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(That, CheckOfServer, testing::ValuesIn(all_s3_behaviours()),
                         [](const auto& behaviour) { return std::string(name_of(behaviour.param)); });

class CheckOfPickyServer : public CheckOfServer {};

// The survey's probe is small, and says nothing about a log that grows.
TEST_F(CheckOfPickyServer, WhichCopiesNoPartOfASmallObjectFindsThatItCopiesThoseOfLargeOnes) {
  s3_.behave(S3Behaviour::part_copy_of_small_400);
  const Checked checked = check();
  EXPECT_TRUE(checked.works) << checked.said;
  EXPECT_THAT(checked.said, HasSubstr(" part_copy=yes "));
}

class CheckOfHopelessServer : public CheckOfServer {};

TEST_F(CheckOfHopelessServer, WithABodyLimitBelowThePartsSizeSaysWhatToRaise) {
  s3_.behave(S3Behaviour::body_limit);
  s3_.limit_bodies(1024 * 1024);
  const Checked checked = check();
  EXPECT_FALSE(checked.works);
  EXPECT_THAT(checked.said, HasSubstr("status 413"));
  EXPECT_THAT(checked.said, HasSubstr("client_max_body_size"));
}

TEST_F(CheckOfHopelessServer, WhoseListNeverEndsSaysSo) {
  s3_.behave(S3Behaviour::unordered_keys);
  s3_.behave(S3Behaviour::token_ignored);
  s3_.list_in_pages_of(2);
  const Checked checked = check();
  EXPECT_FALSE(checked.works);
  EXPECT_THAT(checked.said, AnyOf(HasSubstr("does not go on after"), HasSubstr("is not listed"),
                                  HasSubstr("stored once more")));
}

}  // namespace
}  // namespace rayhistory::collector
