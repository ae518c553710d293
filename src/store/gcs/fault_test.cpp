// Every single request of an object's life goes wrong in every way, one at a time, and the object is whole
// all the same.
#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/curl_client.h"
#include "store/gcs/gcs_store.h"
#include "store/retrying_store.h"
#include "testing/model_gcs.h"
#include "testing/skipping_clock.h"

namespace rayhistory {
namespace {

constexpr GcsLimits kSmallLimits{.least_composed_bytes = 1000, .single_request_bytes = 2000};
constexpr size_t kFirstBytes = 3000;
constexpr size_t kSecondBytes = 3100;
constexpr size_t kAllBytes = 5500;

std::string some_bytes(size_t size) {
  std::string bytes(size, ' ');
  for (size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<char>(i * 7 + i / 251);
  return bytes;
}

std::string_view name_of(GcsFault fault) {
  constexpr std::array<std::string_view, 8> kNames = {"Refused",      "Throttled",  "LostRequest",
                                                      "HalfReceived", "LostAnswer", "HalfAnswer",
                                                      "EmptyAnswer",  "DoneTwice"};
  return kNames[static_cast<size_t>(fault)];
}

class GcsUnderFault : public testing::TestWithParam<GcsFault> {
 protected:
  void SetUp() override { testing::internal::CaptureStderr(); }  // the outage's lines
  void TearDown() override { testing::internal::GetCapturedStderr(); }

  // The life of one object: written, extended twice, copied, looked at. Gives what went other than it should.
  std::string live() {
    const Deadline never = Deadline::never();
    const auto prefix = [this](size_t size) { return MemoryBody(whole_.substr(0, size)); };
    Result<StoredObject> stored = store_->put("key", prefix(kFirstBytes), kTextContent, never);
    if (!stored) return "put: " + stored.error().message;
    for (const size_t size : {kSecondBytes, kAllBytes}) {
      stored = store_->extend("key", *stored, prefix(size), kTextContent, never);
      if (!stored) return "extend: " + stored.error().message;
    }
    const Result<StoredObject> copied = store_->copy("key", *stored, "copy", never);
    if (!copied) return "copy: " + copied.error().message;
    const auto seen = store_->stat("key", never);
    if (!seen || !*seen) return "stat: nothing";
    if (**seen != *stored) return "stat: not what was stored";
    const auto content = store_->get("key", kFirstBytes, kAllBytes, never);
    if (!content) return "get: " + content.error().message;
    if (*content != whole_.substr(kFirstBytes)) return "get: other bytes";
    return "";
  }

  const std::string whole_ = some_bytes(kAllBytes);
  SkippingClock clock_;
  ModelGcs gcs_{"bucket", &clock_};
  ScriptedHttpServer server_{[this](const ReceivedRequest& request) { return gcs_.respond(request); }};
  std::unique_ptr<Store> store_ = std::make_unique<RetryingStore>(
      *GcsStore::open({.bucket = "bucket", .emulator_host = server_.origin(), .root = "", .project = ""},
                      std::make_unique<CurlClient>(clock_), nullptr, {}, clock_, kSmallLimits),
      clock_);
};

TEST_P(GcsUnderFault, AnObjectIsWholeWhicheverRequestItHits) {
  ASSERT_TRUE(store_->ensure_bucket(Deadline::never()));
  int request = 0;
  while (true) {
    gcs_.fail_request(request, GetParam());
    EXPECT_EQ(live(), "") << "fault in request " << request;
    EXPECT_EQ(gcs_.objects().size(), 2u) << "a tail is left, fault in request " << request;
    EXPECT_TRUE(gcs_.objects().at("key").content == whole_) << "fault in request " << request;
    EXPECT_TRUE(gcs_.objects().at("copy").content == whole_) << "fault in request " << request;
    if (!gcs_.has_failed()) break;
    ++request;
  }
  // Begin and bytes; tail, compose, and the tail removed; that with a tail of begin and bytes; copy, stat,
  // get. And what was refused for the pace, and came again.
  EXPECT_GE(request, 2 + 3 + 4 + 3);
}

INSTANTIATE_TEST_SUITE_P(Of, GcsUnderFault, testing::ValuesIn(kGcsFaults),
                         [](const testing::TestParamInfo<GcsFault>& fault) {
                           return std::string(name_of(fault.param));
                         });

}  // namespace
}  // namespace rayhistory
