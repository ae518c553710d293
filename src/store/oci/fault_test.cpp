// Every single request of an object's life goes wrong in every way, one at a time, and the object is whole.
#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "credentials/credentials_source.h"
#include "http/curl_client.h"
#include "store/oci/oci_store.h"
#include "store/retrying_store.h"
#include "testing/model_oci.h"
#include "testing/rsa_test_key.h"
#include "testing/skipping_clock.h"

namespace rayhistory {
namespace {

constexpr OciLimits kSmallLimits{.single_request_bytes = 2000, .least_part_bytes = 1500, .most_parts = 100};
constexpr size_t kFirstBytes = 1000;
constexpr size_t kSecondBytes = 3100;
constexpr size_t kAllBytes = 5500;

enum class Fault {
  refused,
  throttled,
  conflict,
  lost_request,
  lost_response,
  half_response,
  done_twice,
  unavailable_after
};
constexpr std::array kFaults = {Fault::refused,      Fault::throttled,        Fault::conflict,
                                Fault::lost_request, Fault::lost_response,    Fault::half_response,
                                Fault::done_twice,   Fault::unavailable_after};

std::string_view name_of(Fault fault) {
  constexpr std::array<std::string_view, 8> kNames = {"Refused",     "Throttled",       "Conflict",
                                                      "LostRequest", "LostAnswer",      "HalfAnswer",
                                                      "DoneTwice",   "UnavailableAfter"};
  return kNames[static_cast<size_t>(fault)];
}

std::string some_bytes(size_t size) {
  std::string bytes(size, ' ');
  for (size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<char>(i * 7 + i / 251);
  return bytes;
}

class OciUnderFault : public testing::TestWithParam<Fault> {
 protected:
  void SetUp() override { testing::internal::CaptureStderr(); }  // the outage's lines
  void TearDown() override { testing::internal::GetCapturedStderr(); }

  ScriptedResponse response(const ReceivedRequest& request) {
    if (failing_-- != 0) return oci_.respond(request);
    has_failed_ = true;
    const bool is_head = request.method == "HEAD";
    switch (GetParam()) {
      case Fault::refused:
        return oci_error_response(503, "ServiceUnavailable", is_head);
      case Fault::throttled:
        return oci_error_response(429, "TooManyRequests", is_head);
      case Fault::conflict:
        return oci_error_response(409, "ConcurrentObjectUpdate", is_head);
      case Fault::lost_request:
        return {.cut_after = 0, .close = true};
      case Fault::lost_response: {
        (void)oci_.respond(request);
        return {.cut_after = 0, .close = true};
      }
      case Fault::half_response: {
        ScriptedResponse half = oci_.respond(request);
        half.cut_after = 30;
        return half;
      }
      case Fault::done_twice: {
        (void)oci_.respond(request);
        return oci_.respond(request);
      }
      case Fault::unavailable_after: {
        (void)oci_.respond(request);
        return oci_error_response(503, "ServiceUnavailable", is_head);
      }
    }
    UNREACHABLE("a Fault out of range");
  }

  // A write as the shipper does it: it looks at an object that is another than it knew, and begins again.
  Result<StoredObject> write(const std::string& key, std::optional<StoredObject> before,
                             const std::string& content) {
    constexpr int kTries = 3;
    Result<StoredObject> stored = Error{ErrorKind::retry, "not tried"};
    for (int i = 0; i < kTries; ++i) {
      stored = !before || before->size == 0
                   ? store_->replace(key, before, MemoryBody(content), kTextContent, never_)
                   : store_->extend(key, *before, MemoryBody(content), kTextContent, never_);
      if (stored || stored.error().kind != ErrorKind::exists) return stored;
      const auto seen = store_->stat(key, never_);
      if (!seen) return seen.error();
      if (*seen && (*seen)->size == content.size()) return **seen;
      before = *seen;
    }
    return stored;
  }

  // The life of one object: written, extended twice, copied, looked at. Gives what went other than it should.
  std::string live() {
    std::optional<StoredObject> stored;
    for (const size_t size : {kFirstBytes, kSecondBytes, kAllBytes}) {
      const Result<StoredObject> now = write("key", stored, whole_.substr(0, size));
      if (!now) return "write: " + now.error().message;
      stored = *now;
    }
    const Result<StoredObject> copied = store_->copy("key", *stored, "copy", never_);
    if (!copied) return "copy: " + copied.error().message;
    const auto seen = store_->stat("key", never_);
    if (!seen || !*seen) return "stat: nothing";
    if (**seen != *stored) return "stat: not what was stored";
    const auto content = store_->get("key", kFirstBytes, kAllBytes, never_);
    if (!content) return "get: " + content.error().message;
    if (*content != whole_.substr(kFirstBytes)) return "get: other bytes";
    return "";
  }

  const Deadline never_ = Deadline::never();
  const std::string whole_ = some_bytes(kAllBytes);
  SkippingClock clock_;
  ModelOci oci_{"bucket", clock_};
  int failing_ = -1;  // so many requests from now
  bool has_failed_ = false;
  ScriptedHttpServer server_{[this](const ReceivedRequest& request) { return response(request); }};
  std::unique_ptr<Store> store_ = [this] {
    OciCredentials user{oci_.key_id(), std::make_shared<const RsaKey>(*RsaKey::from_pem(rsa_test_key_pem()))};
    return std::make_unique<RetryingStore>(
        *OciStore::open(
            {.bucket = "bucket", .name_space = "axmodel", .compartment = "c", .endpoint = server_.origin()},
            std::make_unique<CurlClient>(clock_),
            std::make_unique<FixedCredentials<OciCredentials>>(std::move(user), "a test"), clock_,
            kSmallLimits),
        clock_);
  }();
};

TEST_P(OciUnderFault, AnObjectIsWholeWhicheverRequestItHits) {
  ASSERT_TRUE(store_->ensure_bucket(never_));
  int request = 0;
  while (true) {
    for (const char* key : {"key", "copy"})
      ASSERT_TRUE(store_->remove(key, never_));
    failing_ = request;
    has_failed_ = false;
    EXPECT_EQ(live(), "") << "fault in request " << request;
    failing_ = -1;
    EXPECT_EQ(oci_.objects().size(), 2u) << "fault in request " << request;
    EXPECT_TRUE(oci_.objects().at("key").content == whole_) << "fault in request " << request;
    EXPECT_TRUE(oci_.objects().at("copy").content == whole_) << "fault in request " << request;
    // An upload whose ID never came stays: the next start gives it up.
    ASSERT_TRUE(store_->abort_unfinished_uploads("", never_));
    EXPECT_EQ(oci_.unfinished_uploads(), 0u) << "fault in request " << request;
    if (!has_failed_) break;
    ++request;
  }
  // A put; begin, three parts and commit; begin, four parts and commit; those again for the copy, its look
  // and what it reads; a look and a read.
  EXPECT_GE(request, 1 + 5 + 6 + 8 + 2);
}

INSTANTIATE_TEST_SUITE_P(Over, OciUnderFault, testing::ValuesIn(kFaults),
                         [](const testing::TestParamInfo<Fault>& fault) {
                           return std::string(name_of(fault.param));
                         });

}  // namespace
}  // namespace rayhistory
