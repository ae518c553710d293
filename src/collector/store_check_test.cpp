#include "collector/store_check.h"

#include <stdlib.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/memory_store.h"

namespace rayhistory {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class StoreCheckTest : public testing::Test {
 protected:
  bool check() {
    char* text = nullptr;
    size_t length = 0;
    std::FILE* out = ::open_memstream(&text, &length);
    const bool works = check_store(store, "root", Deadline::never(), out);
    std::fclose(out);
    said.assign(text, length);
    ::free(text);
    return works;
  }

  MemoryStore store;
  std::string said;
};

TEST_F(StoreCheckTest, AStoreThatWorksIsSaidToAndLeftAsItWas) {
  EXPECT_TRUE(check());
  EXPECT_THAT(said, HasSubstr("all that the collector needs works"));
  EXPECT_THAT(store.keys(), IsEmpty());
  EXPECT_EQ(store.calls(StoreCall::extend), 1u);
  EXPECT_EQ(store.calls(StoreCall::copy), 1u);
}

TEST_F(StoreCheckTest, WhatIsWrongIsTold) {
  store.fail_always(Error{ErrorKind::denied, "AccessDenied: s3:PutObject on root"}, StoreCall::put);
  EXPECT_FALSE(check());
  EXPECT_THAT(said, HasSubstr("store an object: AccessDenied"));
}

TEST_F(StoreCheckTest, ABucketOutOfReachEndsTheCheck) {
  store.fail_always(Error{ErrorKind::retry, "connection refused"});
  EXPECT_FALSE(check());
  EXPECT_THAT(said, HasSubstr("connection refused"));
  EXPECT_EQ(store.calls(StoreCall::put), 0u);
}

TEST_F(StoreCheckTest, WhatTheStoreRemarksIsANote) {
  store.set_remarks({"the bucket is versioned"});
  EXPECT_TRUE(check());
  EXPECT_THAT(said, HasSubstr("note: the bucket is versioned\n"));
  store.fail_always(Error{ErrorKind::retry, "connection refused"}, StoreCall::remarks);
  EXPECT_TRUE(check());
  EXPECT_THAT(said, HasSubstr("note: how the bucket is set up could not be found out: connection refused\n"));
}

TEST_F(StoreCheckTest, AProbeThatMayNotBeRemovedIsANote) {
  store.fail_always(Error{ErrorKind::denied, "no s3:DeleteObject"}, StoreCall::remove);
  EXPECT_TRUE(check());
  EXPECT_THAT(said, HasSubstr("note: the probe root/collector-check/"));
}

}  // namespace
}  // namespace rayhistory
