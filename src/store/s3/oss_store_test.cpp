// What OSS does other than S3, each against a model of the documented rules that verifies every signature.
// What all stores do alike is conformance_test.cpp's, and the protocol that both have in common
// s3/s3_store_test.cpp's.
#include <array>
#include <mutex>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "credentials/credentials_source.h"
#include "http/curl_client.h"
#include "http/http_date.h"
#include "store/retrying_store.h"
#include "store/s3/oss_dialect.h"
#include "store/s3/s3_store.h"
#include "testing/model_oss.h"
#include "testing/scripted_http_server.h"
#include "testing/skipping_clock.h"

namespace rayhistory {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr size_t kMiB = 1024 * 1024;
// OSS's least part. The rest is small because each life below is played a hundred times.
constexpr size_t kLeastPart = 100 * 1024;
constexpr S3Limits kSmallLimits{.least_part_bytes = kLeastPart,
                                .single_request_bytes = 2 * kLeastPart,
                                .sent_part_bytes = 3 * kLeastPart / 2,
                                .copied_part_bytes = 2 * kLeastPart};
const Deadline kNever = Deadline::never();
const AwsCredentials kKeys{"LTAI-id", "the-secret-key", "the-security-token"};

class OssStoreTest : public testing::Test {
 protected:
  OssStoreTest() { oss_.create_bucket(); }

  std::unique_ptr<S3Store> open(AwsCredentials keys = kKeys, const std::string& region = "cn-hangzhou") {
    Result<S3Place> place = oss_place({.bucket = "bucket",
                                       .endpoint = "http://localhost:" + std::to_string(server_.port()),
                                       .region = region});
    CHECK(place.has_value());
    auto credentials = std::make_unique<FixedCredentials<AwsCredentials>>(std::move(keys), "a test");
    return std::make_unique<S3Store>(kOssDialect, *std::move(place), std::make_unique<CurlClient>(clock_),
                                     std::move(credentials), clock_, kSmallLimits);
  }
  std::vector<std::string> lines_since(size_t before) const {
    std::vector<std::string> lines = server_.request_lines();
    lines.erase(lines.begin(), lines.begin() + static_cast<ptrdiff_t>(before));
    return lines;
  }

  SkippingClock clock_;  // the collector's
  SkippingClock their_clock_;
  ModelOss oss_{"bucket", "cn-hangzhou", kKeys, their_clock_};
  // A test's answer in the model's place.
  std::function<std::optional<ScriptedResponse>(const ReceivedRequest&)> instead_;
  ScriptedHttpServer server_{[this](const ReceivedRequest& request) {
                               const auto given = instead_ ? instead_(request) : std::nullopt;
                               return given ? *given : oss_.respond(request);
                             },
                             2 * kMiB};
};

// --- requests ---

TEST_F(OssStoreTest, PutsWithASignedDigestOfTheBodyAndNoHeaderOfAws) {
  const auto store = open();
  const std::string key = "a/../b//?=&+ %*@~\xC3\xA9";
  ASSERT_TRUE(store->put(key, MemoryBody("content"), kJsonContent, kNever));
  const ReceivedRequest put = server_.requests().at(0);
  EXPECT_EQ(put.header("Host"), "bucket.localhost:" + std::to_string(server_.port()));
  EXPECT_EQ(put.target, "/a/../b//%3F%3D%26%2B%20%25%2A%40~%C3%A9");
  EXPECT_EQ(put.header("Content-MD5"), to_base64(as_text(md5("content"))));
  EXPECT_EQ(put.header("x-oss-security-token"), "the-security-token");
  for (const auto& [name, value] : put.headers.all())
    EXPECT_THAT(name, Not(StartsWith("x-amz")));
  EXPECT_EQ(oss_.objects().at(key).content, "content");
}

TEST_F(OssStoreTest, ExtendsByCopyingTheObjectOnTheServer) {
  const auto store = open();
  const std::string whole(kLeastPart + 50'010, 'x');
  const auto first = store->put("k", MemoryBody(whole.substr(0, kLeastPart)), kTextContent, kNever);
  ASSERT_TRUE(first) << first.error().message;
  const size_t before = server_.requests().size();
  const auto grown = store->extend("k", *first, MemoryBody(whole), kTextContent, kNever);
  ASSERT_TRUE(grown) << grown.error().message;
  EXPECT_EQ(oss_.objects().at("k").content, whole);
  uint64_t sent = 0;
  for (size_t i = before; i < server_.requests().size(); ++i) {
    const ReceivedRequest request = server_.requests()[i];
    if (request.method == "PUT") sent += request.body_size;
    if (!request.headers.find("x-oss-copy-source")) continue;
    EXPECT_EQ(request.header("x-oss-copy-source"), "/bucket/k");
    EXPECT_EQ(request.header("x-oss-copy-source-range"), "bytes=0-102399");
    EXPECT_EQ(request.header("x-oss-copy-source-if-match"), "\"" + first->etag + "\"");
  }
  EXPECT_EQ(sent, whole.size() - kLeastPart) << "only the tail";
  EXPECT_EQ(oss_.unfinished_uploads(), 0u);
}

TEST_F(OssStoreTest, SaysExistsWhenTheObjectIsAnother) {
  const auto store = open();
  const std::string whole(2 * kLeastPart, 'x');
  ASSERT_TRUE(store->put("k", MemoryBody(whole.substr(0, kLeastPart)), kTextContent, kNever));
  const auto grown = store->extend("k", {kLeastPart, "ANOTHER"}, MemoryBody(whole), kTextContent, kNever);
  ASSERT_FALSE(grown);
  EXPECT_EQ(grown.error().kind, ErrorKind::exists) << grown.error().message;
  EXPECT_EQ(oss_.unfinished_uploads(), 0u);
}

// PutObject has no If-Match at OSS: what a killed collector had sent would cut short what its successor has
// stored since.
TEST_F(OssStoreTest, WhatAKilledRunHasSentOfASmallObjectIsRefusedOnceItsSuccessorHasBegun) {
  const auto killed = open();
  const auto first = killed->replace("k", {}, MemoryBody("one"), kTextContent, kNever);
  ASSERT_TRUE(first) << first.error().message;
  // It is on its way when the sender is killed.
  std::mutex mutex;  // for what is set by the server's thread
  std::optional<ReceivedRequest> late;
  bool is_killed = false;
  instead_ = [&](const ReceivedRequest& request) -> std::optional<ScriptedResponse> {
    const std::lock_guard lock(mutex);
    const bool puts = request.method == "PUT" && request.target == "/k";
    const bool completes = request.method == "POST" && request.target.starts_with("/k?uploadId");
    if (!late && (puts || completes)) late = request;
    if (late && !is_killed) return ScriptedResponse{.cut_after = 0, .close = true};
    return std::nullopt;
  };
  ASSERT_FALSE(killed->extend("k", *first, MemoryBody("one two"), kTextContent, kNever));
  {
    const std::lock_guard lock(mutex);
    ASSERT_TRUE(late);
    is_killed = true;
  }

  const auto successor = open();
  ASSERT_TRUE(successor->abort_unfinished_uploads("k", kNever));
  ASSERT_TRUE(successor->extend("k", *first, MemoryBody("one two three"), kTextContent, kNever));
  EXPECT_EQ(oss_.respond(*late).status, 404);
  EXPECT_EQ(oss_.objects().at("k").content, "one two three");
}

// Without x-oss-range-behavior OSS answers a range that ends behind the object with the whole object.
TEST_F(OssStoreTest, GetsNoMoreThanARangeAsksFor) {
  const auto store = open();
  ASSERT_TRUE(store->put("k", MemoryBody("0123456789"), kTextContent, kNever));
  EXPECT_EQ(*store->get("k", 4, 3, kNever), "456");
  EXPECT_EQ(*store->get("k", 7, 100, kNever), "789");
  EXPECT_EQ(*store->get("k", 10, 100, kNever), "");
}

TEST_F(OssStoreTest, RefusesAKeyThatIsTooLongBeforeSendingIt) {
  const auto store = open();
  EXPECT_TRUE(store->put(std::string(1023, 'k'), MemoryBody(""), kTextContent, kNever));
  const Error error = store->put(std::string(1024, 'k'), MemoryBody(""), kTextContent, kNever).error();
  EXPECT_EQ(error.kind, ErrorKind::invalid);
  EXPECT_THAT(error.message, HasSubstr("OSS takes 1023"));
  EXPECT_EQ(server_.requests().size(), 1u);
}

TEST_F(OssStoreTest, MakesAMissingBucketWithoutNamingItsRegion) {
  ModelOss none("bucket", "cn-hangzhou", kKeys, their_clock_);
  instead_ = [&none](const ReceivedRequest& request) { return none.respond(request); };
  const auto store = open();
  ASSERT_TRUE(store->ensure_bucket(kNever));
  EXPECT_TRUE(none.bucket_exists());
  EXPECT_THAT(server_.request_lines(), ElementsAre("GET /?list-type=2&max-keys=1", "PUT /"));
  EXPECT_EQ(server_.requests().at(1).body_size, 0u);
}

TEST_F(OssStoreTest, RefusesSomebodyElsesBucket) {
  instead_ = [](const ReceivedRequest& request) -> std::optional<ScriptedResponse> {
    return request.method == "PUT" ? oss_error_response(409, "BucketAlreadyExists")
                                   : oss_error_response(404, "NoSuchBucket");
  };
  const auto made = open()->ensure_bucket(kNever);
  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message, HasSubstr("choose another OSS_BUCKET"));
}

// --- refusals ---

TEST_F(OssStoreTest, ReadsARefusalOfAHeadFromItsHeader) {
  instead_ = [](const ReceivedRequest&) { return oss_error_response(403, "InvalidAccessKeyId", true); };
  const auto seen = open()->stat("k", kNever);
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().kind, ErrorKind::denied);
  EXPECT_THAT(seen.error().message,
              AllOf(HasSubstr("InvalidAccessKeyId: The message of InvalidAccessKeyId"),
                    HasSubstr("(request REQUEST-ID)"), HasSubstr("check OSS_ACCESS_KEY_ID")));
}

TEST_F(OssStoreTest, TellsAWrongKeyAndAWrongRegionAndWaits) {
  const MemoryBody body("x");
  const Error wrong_key =
      open({"LTAI-id", "another-secret", "the-security-token"})->put("k", body, kTextContent, kNever).error();
  EXPECT_EQ(wrong_key.kind, ErrorKind::denied);
  EXPECT_THAT(wrong_key.message,
              AllOf(HasSubstr("SignatureDoesNotMatch"), HasSubstr("OSS_ACCESS_KEY_SECRET"),
                    Not(HasSubstr("another-secret")), Not(HasSubstr("the-security-token"))));
  const Error wrong_region = open(kKeys, "cn-beijing")->put("k", body, kTextContent, kNever).error();
  EXPECT_EQ(wrong_region.kind, ErrorKind::denied) << "no log is given up for it";
  EXPECT_THAT(wrong_region.message, AllOf(HasSubstr("InvalidArgument"), HasSubstr("check OSS_REGION")));
}

TEST_F(OssStoreTest, GivesEachRefusalItsKind) {
  struct Refusal {
    int status;
    const char* code;
    ErrorKind kind;
    const char* advice;
  };
  const std::vector<Refusal> refusals = {
      {500, "InternalError", ErrorKind::retry, ""},
      {503, "ServiceUnavailable", ErrorKind::retry, ""},
      {503, "DownloadTrafficRateLimitExceeded", ErrorKind::retry, ""},
      {400, "InvalidDigest", ErrorKind::retry, ""},
      {403, "RequestTimeTooSkewed", ErrorKind::retry, "clock"},
      {403, "AccessDenied", ErrorKind::denied, "oss:PutObject"},
      {403, "UserDisable", ErrorKind::denied, "bill"},
      {403, "SecurityTokenExpired", ErrorKind::denied, "OSS_SESSION_TOKEN"},
      {403, "SecondLevelDomainForbidden", ErrorKind::denied, "OSS_ENDPOINT"},
      {404, "NoSuchBucket", ErrorKind::denied, "OSS_BUCKET"},
      {409, "FileImmutable", ErrorKind::denied, "WORM"},
      {400, "InvalidObjectName", ErrorKind::invalid, "STORAGE_ROOT_DIR"},
  };
  const auto store = open();
  for (const Refusal& refusal : refusals) {
    instead_ = [&](const ReceivedRequest&) { return oss_error_response(refusal.status, refusal.code); };
    const auto outcome = store->put("some key", MemoryBody("x"), kTextContent, kNever);
    ASSERT_FALSE(outcome) << refusal.code;
    EXPECT_EQ(outcome.error().kind, refusal.kind) << outcome.error().message;
    EXPECT_THAT(outcome.error().message,
                AllOf(StartsWith("aliyunoss PUT bucket bucket, key \"some key\""), HasSubstr(refusal.code),
                      HasSubstr(refusal.advice), Not(HasSubstr("the-secret-key")),
                      Not(HasSubstr("the-security-token"))));
  }
}

TEST_F(OssStoreTest, TakesTheStoresTimeWhenItsOwnIsWrong) {
  (void)their_clock_.sleep_for(std::chrono::hours(1), {});
  const auto store = open();
  EXPECT_FALSE(*store->stat("k", kNever)) << "nothing there, and no refusal";
  EXPECT_EQ(server_.requests().size(), 2u);
  EXPECT_TRUE(store->put("k", MemoryBody("x"), kTextContent, kNever));
  EXPECT_EQ(server_.requests().size(), 3u) << "it has learned";
}

// --- warnings ---

TEST_F(OssStoreTest, WarnsOfWhatCostsMoneyOrHistory) {
  const auto store = open();
  EXPECT_THAT(*store->bucket_warnings(kNever), IsEmpty());
  oss_.configure("versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
  oss_.configure("lifecycle",
                 "<LifecycleConfiguration><Rule><ID>tidy</ID><Prefix></Prefix><Status>Enabled</Status>"
                 "<Expiration><Days>30</Days></Expiration></Rule></LifecycleConfiguration>");
  EXPECT_THAT(*store->bucket_warnings(kNever),
              ElementsAre(HasSubstr("is versioned"), HasSubstr("after 30 days")));
  instead_ = [](const ReceivedRequest&) { return oss_error_response(403, "AccessDenied"); };
  EXPECT_THAT(*store->bucket_warnings(kNever),
              ElementsAre(HasSubstr("oss:GetBucketVersioning"), HasSubstr("oss:GetBucketLifecycle")));
}

// --- faults ---

enum class OssFault { refused, lost_request, lost_response, half_response, done_twice };
constexpr std::array kOssFaults = {OssFault::refused, OssFault::lost_request, OssFault::lost_response,
                                   OssFault::half_response, OssFault::done_twice};

std::string_view name_of(OssFault fault) {
  constexpr std::array<std::string_view, 5> kNames = {"Refused", "LostRequest", "LostAnswer", "HalfAnswer",
                                                      "DoneTwice"};
  return kNames[static_cast<size_t>(fault)];
}

class OssUnderFault : public OssStoreTest, public testing::WithParamInterface<OssFault> {
 protected:
  void SetUp() override { testing::internal::CaptureStderr(); }  // the outage's lines
  void TearDown() override { testing::internal::GetCapturedStderr(); }

  ScriptedResponse response_with_fault(const ReceivedRequest& request) {
    constexpr size_t kStatusLineAndSome = 30;
    if (GetParam() == OssFault::refused)
      return oss_error_response(503, "ServiceUnavailable", request.method == "HEAD");
    if (GetParam() == OssFault::lost_request) return {.cut_after = 0, .close = true};
    ScriptedResponse response = oss_.respond(request);
    if (GetParam() == OssFault::done_twice) return oss_.respond(request);
    response.cut_after = GetParam() == OssFault::lost_response ? 0 : kStatusLineAndSome;
    return response;
  }
  // An object is written, extended twice, copied, looked at. Gives what went other than it should.
  std::string live(Store& store) {
    const auto prefix = [this](size_t size) { return MemoryBody(whole_.substr(0, size)); };
    Result<StoredObject> stored = store.put("key", prefix(3 * kLeastPart), kTextContent, kNever);
    if (!stored) return "put: " + stored.error().message;
    for (const size_t size : {3 * kLeastPart + 100, whole_.size()}) {
      stored = store.extend("key", *stored, prefix(size), kTextContent, kNever);
      if (!stored) return "extend: " + stored.error().message;
    }
    // Too small for a part to be copied of it.
    Result<StoredObject> small = store.put("small", prefix(100), kTextContent, kNever);
    if (small) small = store.extend("small", *small, prefix(200), kTextContent, kNever);
    if (!small) return "small: " + small.error().message;
    const Result<StoredObject> copied = store.copy("key", *stored, "copy", kNever);
    if (!copied) return "copy: " + copied.error().message;
    const auto seen = store.stat("key", kNever);
    if (!seen) return "stat: " + seen.error().message;
    return *seen == *stored ? "" : "stat: not what was stored";
  }

  const std::string whole_ = [] {
    std::string bytes(5 * kLeastPart + 500, ' ');
    for (size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<char>(i * 7 + i / 251);
    return bytes;
  }();
};

TEST_P(OssUnderFault, AnObjectIsWholeWhicheverRequestItHits) {
  constexpr int kMoreThanALifeHas = 40;
  for (int fault_at = 0;; ++fault_at) {
    ASSERT_LT(fault_at, kMoreThanALifeHas);
    int request_number = 0;
    bool has_failed = false;
    instead_ = [&](const ReceivedRequest& request) -> std::optional<ScriptedResponse> {
      if (request_number++ != fault_at) return std::nullopt;
      has_failed = true;
      return response_with_fault(request);
    };
    RetryingStore store(open(), clock_);
    EXPECT_EQ(live(store), "") << "fault in request " << fault_at;
    EXPECT_TRUE(oss_.objects().at("key").content == whole_) << "fault in request " << fault_at;
    EXPECT_TRUE(oss_.objects().at("copy").content == whole_) << "fault in request " << fault_at;
    EXPECT_EQ(oss_.objects().at("small").content, whole_.substr(0, 200)) << "fault in request " << fault_at;
    // An upload that was begun twice has one that only the sweep at the next start can find.
    EXPECT_TRUE(store.abort_unfinished_uploads("", kNever));
    EXPECT_EQ(oss_.unfinished_uploads(), 0u) << "fault in request " << fault_at;
    if (!has_failed) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Of, OssUnderFault, testing::ValuesIn(kOssFaults),
                         [](const testing::TestParamInfo<OssFault>& fault) {
                           return std::string(name_of(fault.param));
                         });

}  // namespace
}  // namespace rayhistory
