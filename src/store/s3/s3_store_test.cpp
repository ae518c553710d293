// The S3 rules that a real server shows too seldom, each against the documented answer. What all stores do
// alike is conformance_test.cpp's; what happens when any request fails, s3/fault_test.cpp's.
#include "store/s3/s3_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "http/curl_client.h"
#include "http/http_date.h"
#include "testing/model_s3.h"
#include "testing/scripted_http_server.h"
#include "testing/skipping_clock.h"
#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

using testing::_;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::StartsWith;

constexpr uint64_t kMiB = 1024 * 1024;
constexpr size_t kKeptBodyBytes = 4096;  // little, because the server's memory is counted too
const Deadline kNever = Deadline::never();

// Gives what a test says, and counts what is asked of it.
class TestCredentials final : public AwsCredentialsSource {
 public:
  Result<AwsCredentials> get(const Deadline&) override { return current; }
  void invalidate(const AwsCredentials& refused) override {
    ++invalidated;
    if (refused == current && renewed) current = *renewed;
  }

  std::string origin() const override { return "a test"; }

  AwsCredentials current{"AKIDEXAMPLE", "the-secret-key", "the-session-token"};
  std::optional<AwsCredentials> renewed;
  int invalidated = 0;
};

ScriptedResponse xml(std::string body) {
  return {200, {}, std::move(body)};
}

class S3StoreTest : public testing::Test {
 protected:
  using Script = ScriptedHttpServer::Script;

  // The store of a server that does as `script` says.
  S3Store& serve(Script script, S3Options options = {}) {
    script_ = std::move(script);
    options.bucket = "bucket";
    options.endpoint = server_.origin();
    auto credentials = std::make_unique<TestCredentials>();
    credentials_ = credentials.get();
    store_ = *S3Store::open(options, std::make_unique<CurlClient>(clock_), std::move(credentials), clock_);
    return *store_;
  }
  // What an upload meets when all goes well, but for the one request that `special` answers.
  Script upload_with(const std::function<std::optional<ScriptedResponse>(const ReceivedRequest&)>& special) {
    return [special](const ReceivedRequest& request) -> ScriptedResponse {
      if (std::optional<ScriptedResponse> response = special(request)) return *response;
      if (request.method == "GET" && request.has_query("uploads=")) {
        return xml("<ListMultipartUploadsResult><Upload><Key>" + prefix_of(request) +
                   "x</Key><UploadId>u&amp;1</UploadId></Upload></ListMultipartUploadsResult>");
      }
      if (request.has_query("uploads=")) {
        return xml(
            "<InitiateMultipartUploadResult><UploadId>u&amp;1</UploadId></InitiateMultipartUploadResult>");
      }
      if (request.method == "PUT" && request.headers.find("x-amz-copy-source"))
        return xml("<CopyPartResult><ETag>\"copied\"</ETag></CopyPartResult>");
      if (request.method == "PUT") return {200, {{"ETag", "\"sent\""}}};
      if (request.method == "POST")
        return xml("<CompleteMultipartUploadResult><ETag>\"whole-2\"</ETag></CompleteMultipartUploadResult>");
      if (request.method == "DELETE") return {204};
      return s3_error_response(404, "NoSuchUpload");  // its parts, once it is aborted
    };
  }
  static std::string prefix_of(const ReceivedRequest& request) {
    const size_t begin = request.target.find("prefix=") + 7;
    return request.target.substr(begin, request.target.find('&', begin) - begin);
  }
  // The answer to a HEAD of an object.
  static ScriptedResponse head(uint64_t size, const std::string& etag, const std::string& token = "") {
    return {200,
            {{"Content-Length", std::to_string(size)},
             {"ETag", "\"" + etag + "\""},
             {"x-amz-meta-ray-upload", token}}};
  }
  Result<StoredObject> extend() {
    return store_->extend("k", {5 * kMiB, "old"}, MemoryBody(std::string(5 * kMiB + 10, 'x')), kTextContent,
                          kNever);
  }
  std::string token() const {
    for (const ReceivedRequest& request : server_.requests())
      if (const auto token = request.headers.find("x-amz-meta-ray-upload")) return std::string(*token);
    return "";
  }
  bool was_aborted() const {
    for (const std::string& line : server_.request_lines())
      if (line == "DELETE /bucket/k?uploadId=u%261") return true;
    return false;
  }

  SkippingClock clock_;
  TestCredentials* credentials_ = nullptr;
  Script script_;
  ScriptedHttpServer server_{[this](const ReceivedRequest& request) { return script_(request); },
                             kKeptBodyBytes};
  std::unique_ptr<S3Store> store_;
};

// --- requests ---

TEST_F(S3StoreTest, PutsWithASignedPayloadAndNothingThatBreaksOtherServers) {
  S3Store& store = serve([](const ReceivedRequest&) { return ScriptedResponse{200, {{"ETag", "\"e\""}}}; });
  const auto stored = store.put("a/../b//?=&+ %*@~é", MemoryBody("content"), kJsonContent, kNever);
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(*stored, (StoredObject{7, "e"}));
  const ReceivedRequest put = server_.requests().at(0);
  EXPECT_EQ(put.target, "/bucket/a/../b//%3F%3D%26%2B%20%25%2A%40~%C3%A9");
  EXPECT_EQ(put.body, "content");
  EXPECT_EQ(put.header("Content-Type"), "application/json");
  EXPECT_EQ(put.header("x-amz-content-sha256"), to_hex(sha256("content")));
  EXPECT_EQ(put.header("x-amz-security-token"), "the-session-token");
  EXPECT_THAT(
      put.header("Authorization"),
      AllOf(StartsWith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261123/us-east-1/s3/aws4_request, "),
            HasSubstr("content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token")));
  for (const char* absent : {"Transfer-Encoding", "Expect", "x-amz-trailer", "x-amz-sdk-checksum-algorithm",
                             "x-amz-checksum-algorithm", "Content-Encoding"}) {
    EXPECT_EQ(put.headers.find(absent), std::nullopt) << absent;
  }
}

TEST_F(S3StoreTest, WarnsOfWhatCostsMoneyOrHistory) {
  S3Store& store = serve([](const ReceivedRequest& request) -> ScriptedResponse {
    if (request.has_query("versioning="))
      return xml("<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>");
    if (request.has_query("lifecycle=")) {
      return xml(
          "<LifecycleConfiguration><Rule><ID>tidy</ID><Status>Enabled</Status><Filter/><Expiration>"
          "<Days>30</Days></Expiration></Rule></LifecycleConfiguration>");
    }
    return xml(
        "<ObjectLockConfiguration><Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Days>7</Days>"
        "</DefaultRetention></Rule></ObjectLockConfiguration>");
  });
  const auto warnings = store.bucket_warnings(kNever);
  ASSERT_TRUE(warnings) << warnings.error().message;
  EXPECT_THAT(*warnings,
              ElementsAre(HasSubstr("is versioned"), HasSubstr("for 7 days"), HasSubstr("after 30 days")));
}

TEST_F(S3StoreTest, WarnsOfNothingInAPlainBucketOfAServerThatKnowsNoSuchThings) {
  S3Store& store = serve([](const ReceivedRequest& request) -> ScriptedResponse {
    if (request.has_query("versioning=")) return xml("<VersioningConfiguration/>");
    return s3_error_response(501, "NotImplemented");
  });
  const auto warnings = store.bucket_warnings(kNever);
  ASSERT_TRUE(warnings) << warnings.error().message;
  EXPECT_THAT(*warnings, IsEmpty());
}

TEST_F(S3StoreTest, WarnsOfWhatItMayNotLookAt) {
  S3Store& store = serve([](const ReceivedRequest&) { return s3_error_response(403, "AccessDenied"); });
  const auto warnings = store.bucket_warnings(kNever);
  ASSERT_TRUE(warnings) << warnings.error().message;
  EXPECT_THAT(*warnings,
              ElementsAre(HasSubstr("s3:GetBucketVersioning"), HasSubstr("s3:GetLifecycleConfiguration")));
}

TEST_F(S3StoreTest, WarningsAreAnErrorWhereTheStoreIsAway) {
  S3Store& store = serve([](const ReceivedRequest&) { return s3_error_response(503, "SlowDown"); });
  EXPECT_EQ(store.bucket_warnings(kNever).error().kind, ErrorKind::retry);
}

TEST_F(S3StoreTest, PutsAnEmptyObject) {
  S3Store& store = serve([](const ReceivedRequest&) { return ScriptedResponse{200, {{"ETag", "\"e\""}}}; });
  EXPECT_TRUE(store.put("k", MemoryBody(""), kTextContent, kNever));
  EXPECT_EQ(server_.requests().at(0).header("Content-Length"), "0");
}

TEST_F(S3StoreTest, RefusesAKeyThatIsTooLongBeforeSendingIt) {
  S3Store& store = serve([](const ReceivedRequest&) { return ScriptedResponse{}; });
  EXPECT_EQ(store.put(std::string(1025, 'k'), MemoryBody(""), kTextContent, kNever).error().kind,
            ErrorKind::invalid);
  EXPECT_THAT(server_.requests(), IsEmpty());
}

TEST_F(S3StoreTest, ExtendsByCopyingTheObjectOnTheServer) {
  S3Store& store = serve(upload_with([](const ReceivedRequest&) { return std::nullopt; }));
  const std::string whole = std::string(6 * kMiB, 'a') + "tail";
  const auto stored = store.extend("a+b?c", {6 * kMiB, "old"}, MemoryBody(whole), kTextContent, kNever);
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(*stored, (StoredObject{6 * kMiB + 4, "whole-2"}));
  const std::string key = "/bucket/a%2Bb%3Fc";
  ASSERT_THAT(server_.request_lines(),
              ElementsAre("POST " + key + "?uploads=", _, "PUT " + key + "?partNumber=1&uploadId=u%261",
                          "PUT " + key + "?partNumber=2&uploadId=u%261", "POST " + key + "?uploadId=u%261"));
  std::vector<ReceivedRequest> requests = server_.requests();
  requests.erase(requests.begin() + 1);  // how uploads are listed, asked once
  EXPECT_EQ(requests[0].header("Content-Type"), kTextContent);
  EXPECT_EQ(requests[0].header("x-amz-meta-ray-upload").size(), 32u);
  EXPECT_EQ(requests[0].headers.find("x-amz-checksum-algorithm"), std::nullopt);
  EXPECT_EQ(requests[1].header("x-amz-copy-source"), key);
  EXPECT_EQ(requests[1].header("x-amz-copy-source-range"), "bytes=0-6291455");
  EXPECT_EQ(requests[1].header("x-amz-copy-source-if-match"), "\"old\"");
  EXPECT_EQ(requests[2].body, "tail");
  EXPECT_EQ(requests[3].header("If-Match"), "\"old\"");
  EXPECT_EQ(requests[3].header("x-amz-mp-object-size"), "6291460");
  EXPECT_THAT(requests[3].body, HasSubstr("<Part><PartNumber>1</PartNumber><ETag>\"copied\"</ETag></Part>"
                                          "<Part><PartNumber>2</PartNumber><ETag>\"sent\"</ETag></Part>"));
}

TEST_F(S3StoreTest, PutsASmallObjectAnewInsteadOfCopyingIt) {
  S3Store& store = serve([](const ReceivedRequest&) { return ScriptedResponse{200, {{"ETag", "\"e\""}}}; });
  const std::string whole(5 * kMiB, 'x');
  EXPECT_TRUE(store.extend("k", {5 * kMiB - 1, "old"}, MemoryBody(whole), kTextContent, kNever));
  EXPECT_THAT(server_.request_lines(), ElementsAre("PUT /bucket/k"));
  EXPECT_EQ(server_.requests()[0].body_size, 5 * kMiB);
}

TEST_F(S3StoreTest, CopiesAHugeObjectInPartsOfBoundedSize) {
  S3Store& store = serve(upload_with([](const ReceivedRequest&) { return std::nullopt; }));
  constexpr uint64_t kHuge = 6ull * 1024 * kMiB + 5;
  const auto stored = store.copy("from", {kHuge, "old"}, "k", kNever);
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->size, kHuge);
  uint64_t next = 0;
  for (const ReceivedRequest& request : server_.requests()) {
    if (request.method != "PUT") continue;
    uint64_t first = 0;
    uint64_t last = 0;
    ASSERT_EQ(std::sscanf(request.header("x-amz-copy-source-range").c_str(), "bytes=%lu-%lu", &first, &last),
              2);
    EXPECT_EQ(first, next);
    EXPECT_GE(last - first + 1, 5 * kMiB);
    EXPECT_LE(last - first + 1, 5 * 1024 * kMiB);
    next = last + 1;
  }
  EXPECT_EQ(next, kHuge);
}

TEST_F(S3StoreTest, SendsALongFileInPartsAndInLittleMemory) {
  constexpr uint64_t kSize = 256 * kMiB + 3;
  uint64_t received = 0;
  S3Store& store =
      serve(upload_with([&received](const ReceivedRequest& request) -> std::optional<ScriptedResponse> {
        if (request.method == "PUT") received += request.body_size;
        return std::nullopt;
      }));
  const TemporaryFolder folder;
  folder.write("sparse", "");
  ASSERT_EQ(::truncate((folder / "sparse").c_str(), static_cast<off_t>(kSize)), 0);
  const FileBody body(std::make_shared<const File>(std::move(*File::open_for_reading(folder / "sparse"))),
                      kSize);

  const auto peak_kib = [] {
    std::ifstream status("/proc/self/status");
    std::string word;
    long kib = 0;
    while (status >> word)
      if (word == "VmHWM:") status >> kib;
    return kib;
  };
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak is counted from here
  const long before = peak_kib();
  const auto stored = store.put("k", body, kTextContent, kNever);
  const long after = peak_kib();
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(received, kSize);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // both hold on to what was freed
  EXPECT_LT(after - before, 8 * 1024) << "KiB";
#else
  EXPECT_GE(after, before);
#endif
}

// --- growth in place that meets something else ---

TEST_F(S3StoreTest, SaysExistsWhenTheObjectIsAnotherOrGone) {
  for (const auto& [status, code] :
       {std::pair(412, "PreconditionFailed"), std::pair(404, "NoSuchKey"), std::pair(416, "InvalidRange")}) {
    serve(upload_with(
        [status = status, code = code](const ReceivedRequest& request) -> std::optional<ScriptedResponse> {
          if (request.headers.find("x-amz-copy-source")) return s3_error_response(status, code);
          return std::nullopt;
        }));
    const auto outcome = extend();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, ErrorKind::exists) << code;
    EXPECT_TRUE(was_aborted());
  }
}

// How a completion may answer without saying whether it was done.
struct AmbiguousCompletion {
  const char* name;
  ScriptedResponse response;
};

class S3CompletionTest : public S3StoreTest, public testing::WithParamInterface<AmbiguousCompletion> {
 protected:
  // A server whose completion answers so, and which afterwards shows this object.
  void serve_with(const std::function<ScriptedResponse()>& shown) {
    serve(upload_with([shown](const ReceivedRequest& request) -> std::optional<ScriptedResponse> {
      if (request.method == "POST" && !request.has_query("uploads=")) return GetParam().response;
      if (request.method == "HEAD") return shown();
      return std::nullopt;
    }));
  }
};

TEST_P(S3CompletionTest, IsDoneWhenTheObjectCarriesOurToken) {
  serve_with([this] { return head(5 * kMiB + 10, "new", token()); });
  const auto outcome = extend();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(*outcome, (StoredObject{5 * kMiB + 10, "new"}));
}

TEST_P(S3CompletionTest, IsTriedAgainWhenTheObjectIsTheOld) {
  serve_with([] { return head(5 * kMiB, "old"); });
  const auto outcome = extend();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::retry) << outcome.error().message;
  EXPECT_TRUE(was_aborted());
}

TEST_P(S3CompletionTest, IsNotBelievedBecauseSomeObjectIsThere) {
  for (const ScriptedResponse& shown :
       {head(5 * kMiB + 10, "foreign"), head(5 * kMiB + 10, "foreign", "another token"),
        head(5 * kMiB + 11, "foreign"), ScriptedResponse{404}}) {
    serve_with([shown] { return shown; });
    const auto outcome = extend();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, ErrorKind::exists) << outcome.error().message;
  }
}

TEST_P(S3CompletionTest, IsLookedAtAgainAfterTheAbort) {
  // The server was still at it, and won.
  int looks = 0;
  serve_with(
      [this, &looks] { return ++looks == 1 ? head(5 * kMiB, "old") : head(5 * kMiB + 10, "new", token()); });
  const auto outcome = extend();
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_EQ(outcome->etag, "new");
}

TEST_P(S3CompletionTest, StaysUnknownWhenNobodyCanLook) {
  serve_with([] { return s3_error_response(503, "SlowDown"); });
  const auto outcome = extend();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::unknown_outcome) << outcome.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    After, S3CompletionTest,
    testing::Values(
        AmbiguousCompletion{"NoAnswer", {.cut_after = 0}},  //
        AmbiguousCompletion{"HalfAHeader", {.cut_after = 20}},
        AmbiguousCompletion{
            "HalfABody",
            {.body = "<CompleteMultipartUploadResult><ETag>\"x\"</ETag></CompleteMultipartUploadResult>",
             .cut_after = 90}},
        AmbiguousCompletion{"AnEmptyBody", {}},  //
        AmbiguousCompletion{"SpacesOnly", {.body = "      \n   "}},
        AmbiguousCompletion{"AnErrorIn200", {.body = "   \n<Error><Code>InternalError</Code></Error>"}},
        AmbiguousCompletion{"Status500", s3_error_response(500, "InternalError")},
        AmbiguousCompletion{"AProxys504", {.status = 504, .body = "<html>Gateway Timeout</html>"}},
        AmbiguousCompletion{"NoSuchUpload", s3_error_response(404, "NoSuchUpload")},
        AmbiguousCompletion{"PreconditionFailed", s3_error_response(412, "PreconditionFailed")}),
    [](const testing::TestParamInfo<AmbiguousCompletion>& completion) {
      return std::string(completion.param.name);
    });

TEST_F(S3StoreTest, BeginsAnUploadAnewWhenItsPartsAreNotTaken) {
  for (const auto& [status, code] : {std::pair(400, "InvalidPart"), std::pair(400, "InvalidPartOrder"),
                                     std::pair(409, "ConditionalRequestConflict")}) {
    serve(upload_with(
        [status = status, code = code](const ReceivedRequest& request) -> std::optional<ScriptedResponse> {
          if (request.method == "POST" && !request.has_query("uploads="))
            return s3_error_response(status, code);
          return std::nullopt;
        }));
    const auto outcome = extend();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, ErrorKind::retry) << code;
    EXPECT_TRUE(was_aborted());
  }
}

TEST_F(S3StoreTest, CompletesWithoutIfMatchWhereTheServerHasNone) {
  serve(upload_with([](const ReceivedRequest& request) -> std::optional<ScriptedResponse> {
    if (request.headers.find("If-Match")) return s3_error_response(501, "NotImplemented");
    return std::nullopt;
  }));
  for (int i = 0; i < 2; ++i) {
    const auto outcome = extend();
    ASSERT_TRUE(outcome) << outcome.error().message;
  }
  EXPECT_THAT(server_.requests(), SizeIs(1 + 4 + 1 + 4));  // the second time it is known
}

TEST_F(S3StoreTest, RepeatsAPartThatFailsInPassing) {
  int failures = 0;
  serve(upload_with([&failures](const ReceivedRequest& request) -> std::optional<ScriptedResponse> {
    if (request.method == "PUT" && ++failures % 4 != 0) return s3_error_response(503, "SlowDown");
    return std::nullopt;
  }));
  const auto outcome = extend();
  EXPECT_TRUE(outcome) << outcome.error().message;
}

TEST_F(S3StoreTest, AbortsUntilNoPartIsLeft) {
  int lists = 0;
  serve(upload_with([&lists](const ReceivedRequest& request) -> std::optional<ScriptedResponse> {
    if (request.method == "POST" && !request.has_query("uploads="))
      return s3_error_response(400, "InvalidPart");
    if (request.method == "GET" && !request.has_query("uploads=") && ++lists == 1)
      return xml("<ListPartsResult><Part/></ListPartsResult>");
    return std::nullopt;
  }));
  EXPECT_FALSE(extend());
  EXPECT_EQ(lists, 2);
}

TEST_F(S3StoreTest, CopyTakesNo200ForASuccess) {
  S3Store& store =
      serve([](const ReceivedRequest&) { return xml("\n <Error><Code>InternalError</Code></Error>"); });
  EXPECT_EQ(store.copy("a", {1, "e"}, "b", kNever).error().kind, ErrorKind::retry);
  serve([](const ReceivedRequest& request) {
    return request.method == "HEAD" ? s3_error_response(404, "NoSuchKey") : xml("");
  });
  EXPECT_EQ(store_->copy("a", {1, "e"}, "b", kNever).error().kind, ErrorKind::unknown_outcome);
}

// --- region, clock, credentials ---

TEST_F(S3StoreTest, SignsForTheRegionThatTheBucketIsIn) {
  const std::vector<ScriptedResponse> redirects = {
      {301, {{"x-amz-bucket-region", "eu-west-1"}}},
      {307, {{"x-amz-bucket-region", "eu-west-1"}}},
      {400, {}, "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>"},
      {301, {}, "<Error><Code>PermanentRedirect</Code><Region>eu-west-1</Region></Error>"},
  };
  for (const ScriptedResponse& redirect : redirects) {
    S3Store& store = serve([redirect](const ReceivedRequest& request) -> ScriptedResponse {
      if (request.header("Authorization").find("/eu-west-1/s3/") == std::string::npos) return redirect;
      return {200, {{"ETag", "\"e\""}}};
    });
    const size_t before = server_.requests().size();
    EXPECT_TRUE(store.put("k", MemoryBody("x"), kTextContent, kNever));
    EXPECT_TRUE(store.put("k", MemoryBody("x"), kTextContent, kNever));
    EXPECT_EQ(server_.requests().size() - before, 3u);  // it is remembered
  }
}

TEST_F(S3StoreTest, SignsForTheRegionThatABareRefusalOfHeadNames) {
  S3Store& store = serve([](const ReceivedRequest& request) -> ScriptedResponse {
    if (request.header("Authorization").find("/eu-west-1/s3/") == std::string::npos)
      return {400, {{"x-amz-bucket-region", "eu-west-1"}}};
    return {200};
  });
  EXPECT_TRUE(store.ensure_bucket(kNever));
}

TEST_F(S3StoreTest, IsNotSentAroundInCircles) {
  int region = 0;
  S3Store& store = serve([&region](const ReceivedRequest&) -> ScriptedResponse {
    return {301, {{"x-amz-bucket-region", "region-" + std::to_string(++region)}}};
  });
  const auto outcome = store.put("k", MemoryBody("x"), kTextContent, kNever);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::denied);
  EXPECT_THAT(outcome.error().message, HasSubstr("S3_REGION"));
  EXPECT_THAT(server_.requests(), SizeIs(2));
}

TEST_F(S3StoreTest, TakesTheStoresTimeWhenItsOwnIsWrong) {
  // The store is an hour ahead of SkippingClock's 2026-11-23T02:27:20Z.
  const std::string their_date = "Mon, 23 Nov 2026 03:27:20 GMT";
  for (const bool is_head : {false, true}) {
    S3Store& store = serve([&](const ReceivedRequest& request) -> ScriptedResponse {
      if (request.header("x-amz-date").starts_with("20261123T0327")) return {200, {{"ETag", "\"e\""}}};
      ScriptedResponse refusal =
          is_head ? ScriptedResponse{403} : s3_error_response(403, "RequestTimeTooSkewed");
      refusal.headers.emplace_back("Date", their_date);
      return refusal;
    });
    const size_t before = server_.requests().size();
    for (int i = 0; i < 2; ++i) {
      if (is_head) {
        EXPECT_TRUE(store.stat("k", kNever));
      } else {
        EXPECT_TRUE(store.put("k", MemoryBody("x"), kTextContent, kNever));
      }
    }
    EXPECT_EQ(server_.requests().size() - before, 3u);
  }
}

TEST_F(S3StoreTest, RenewsExpiredCredentialsOnce) {
  for (const char* code : {"ExpiredToken", "InvalidToken", "InvalidAccessKeyId"}) {
    S3Store& store = serve([code](const ReceivedRequest& request) -> ScriptedResponse {
      if (request.header("x-amz-security-token") == "fresh") return {200, {{"ETag", "\"e\""}}};
      return s3_error_response(400, code);
    });
    credentials_->renewed = AwsCredentials{"AKIDFRESH", "secret", "fresh"};
    EXPECT_TRUE(store.put("k", MemoryBody("x"), kTextContent, kNever)) << code;
    EXPECT_EQ(credentials_->invalidated, 1);
  }
  // There are no others: one request, and the error says what to do.
  S3Store& store = serve([](const ReceivedRequest&) { return s3_error_response(400, "ExpiredToken"); });
  const size_t before = server_.requests().size();
  const auto outcome = store.put("k", MemoryBody("x"), kTextContent, kNever);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::denied);
  EXPECT_EQ(server_.requests().size() - before, 1u);
}

// --- errors ---

TEST_F(S3StoreTest, GivesEachRefusalItsKind) {
  struct Refusal {
    int status;
    const char* code;
    ErrorKind kind;
    const char* advice;
  };
  const std::vector<Refusal> refusals = {
      {500, "InternalError", ErrorKind::retry, ""},
      {502, "", ErrorKind::retry, ""},
      {503, "SlowDown", ErrorKind::retry, ""},
      {503, "SlowDownWrite", ErrorKind::retry, ""},
      {504, "", ErrorKind::retry, ""},
      {507, "XMinioStorageFull", ErrorKind::retry, ""},
      {408, "", ErrorKind::retry, ""},
      {429, "TooManyRequests", ErrorKind::retry, ""},
      {400, "RequestTimeout", ErrorKind::retry, ""},
      {400, "BadDigest", ErrorKind::retry, ""},
      {400, "XAmzContentSHA256Mismatch", ErrorKind::retry, ""},
      {409, "OperationAborted", ErrorKind::retry, ""},
      {401, "", ErrorKind::denied, "s3:PutObject"},
      {403, "AccessDenied", ErrorKind::denied, "s3:PutObject"},
      {403, "InvalidAccessKeyId", ErrorKind::denied, "AWS_ACCESS_KEY_ID"},
      {403, "SignatureDoesNotMatch", ErrorKind::denied, "AWS_SECRET_ACCESS_KEY"},
      {403, "RequestTimeTooSkewed", ErrorKind::retry, "clock"},
      {400, "ExpiredToken", ErrorKind::denied, "AWS_SESSION_TOKEN"},
      {404, "NoSuchBucket", ErrorKind::denied, "S3_BUCKET"},
      {400, "KeyTooLongError", ErrorKind::invalid, ""},
      {400, "EntityTooLarge", ErrorKind::invalid, ""},
      {400, "XMinioInvalidObjectName", ErrorKind::invalid, ""},
      {501, "NotImplemented", ErrorKind::unsupported, ""},
  };
  for (const Refusal& refusal : refusals) {
    S3Store& store = serve([refusal](const ReceivedRequest&) -> ScriptedResponse {
      if (*refusal.code == '\0') return {refusal.status, {}, "<html>no S3</html>"};
      return s3_error_response(refusal.status, refusal.code);
    });
    const auto outcome = store.put("some key", MemoryBody("x"), kTextContent, kNever);
    ASSERT_FALSE(outcome) << refusal.code;
    const std::string& message = outcome.error().message;
    EXPECT_EQ(outcome.error().kind, refusal.kind) << refusal.status << message;
    EXPECT_THAT(message, AllOf(HasSubstr("bucket bucket"), HasSubstr("some key"), HasSubstr(refusal.code),
                               HasSubstr(std::to_string(refusal.status)), HasSubstr(refusal.advice)));
    EXPECT_EQ(message.find("REQUEST-ID") != std::string::npos, *refusal.code != '\0') << message;
    for (const char* secret : {"the-secret-key", "the-session-token", "Signature="})
      EXPECT_THAT(message, Not(HasSubstr(secret)));
  }
}

TEST_F(S3StoreTest, PassesOnHowLongToWait) {
  for (const auto& [name, value, wait] :
       {std::tuple("Retry-After", "7", Nanoseconds(Seconds(7))),
        std::tuple("x-amz-retry-after", "1500", Nanoseconds(Milliseconds(1500))),
        std::tuple("Retry-After", "99999999999", Nanoseconds(Seconds(300)))}) {
    S3Store& store = serve([name = name, value = value](const ReceivedRequest&) {
      ScriptedResponse response = s3_error_response(503, "SlowDown");
      response.headers.emplace_back(name, value);
      return response;
    });
    EXPECT_EQ(store.put("k", MemoryBody("x"), kTextContent, kNever).error().retry_after, wait) << name;
  }
}

TEST_F(S3StoreTest, ALostResponseToAReadIsAPassingError) {
  S3Store& store = serve([](const ReceivedRequest&) { return ScriptedResponse{.cut_after = 20}; });
  EXPECT_EQ(store.stat("k", kNever).error().kind, ErrorKind::retry);
  EXPECT_EQ(store.list("", "", kNever).error().kind, ErrorKind::retry);
  EXPECT_EQ(store.get("k", 0, 10, kNever).error().kind, ErrorKind::retry);
  EXPECT_EQ(store.put("k", MemoryBody("x"), kTextContent, kNever).error().kind, ErrorKind::unknown_outcome);
}

// --- bucket ---

TEST_F(S3StoreTest, UsesABucketThatIsThereOrMayNotBeLookedAt) {
  for (const int status : {200, 403}) {
    S3Store& store = serve([status](const ReceivedRequest&) { return ScriptedResponse{status}; });
    const size_t before = server_.requests().size();
    EXPECT_TRUE(store.ensure_bucket(kNever)) << status;
    EXPECT_EQ(server_.requests().size() - before, 1u);
  }
}

TEST_F(S3StoreTest, CreatesAMissingBucketInItsRegion) {
  for (const auto& [region, body] :
       {std::pair("", ""), std::pair("us-east-1", ""),
        std::pair("eu-west-1",
                  "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                  "<LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>")}) {
    S3Store& store = serve(
        [](const ReceivedRequest& request) { return ScriptedResponse{request.method == "HEAD" ? 404 : 200}; },
        {.region = region});
    EXPECT_TRUE(store.ensure_bucket(kNever));
    EXPECT_EQ(server_.request_lines().back(), "PUT /bucket");
    EXPECT_EQ(server_.requests().back().body, body);
  }
}

TEST_F(S3StoreTest, MayLoseTheRaceToCreateTheBucketToItself) {
  S3Store& store = serve([](const ReceivedRequest& request) {
    return request.method == "HEAD" ? ScriptedResponse{404}
                                    : s3_error_response(409, "BucketAlreadyOwnedByYou");
  });
  EXPECT_TRUE(store.ensure_bucket(kNever));

  int heads = 0;
  serve([&heads](const ReceivedRequest& request) {
    if (request.method == "HEAD") return ScriptedResponse{++heads == 1 ? 404 : 200};
    return s3_error_response(409, "BucketAlreadyExists");
  });
  EXPECT_TRUE(store_->ensure_bucket(kNever));

  serve([](const ReceivedRequest& request) {
    return request.method == "HEAD" ? ScriptedResponse{404} : s3_error_response(409, "OperationAborted");
  });
  EXPECT_EQ(store_->ensure_bucket(kNever).error().kind, ErrorKind::retry);
}

TEST_F(S3StoreTest, RefusesSomebodyElsesBucket) {
  for (const int later : {403, 404}) {
    int heads = 0;
    S3Store& store = serve([&heads, later](const ReceivedRequest& request) {
      if (request.method == "HEAD") return ScriptedResponse{++heads == 1 ? 404 : later};
      return s3_error_response(409, "BucketAlreadyExists");
    });
    const auto outcome = store.ensure_bucket(kNever);
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().kind, ErrorKind::exists);
    EXPECT_THAT(outcome.error().message, HasSubstr("S3_BUCKET"));
  }
}

// --- reading ---

TEST_F(S3StoreTest, ListsWithEncodedKeysAndGoesOnByTheToken) {
  S3Store& store = serve([](const ReceivedRequest& request) {
    if (request.has_query("continuation-token=more%2F")) {
      return xml(
          "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>a+z</Key><Size>3</Size></"
          "Contents>"
          "</ListBucketResult>");
    }
    if (!request.has_query("encoding-type=url")) {
      return xml(
          "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>more/</"
          "NextContinuationToken>"
          "<Contents><Key>a b+c</Key><Size>3</Size></Contents></ListBucketResult>");
    }
    return xml(
        "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
        "<NextContinuationToken>more/</NextContinuationToken><Contents><Key>a+b%2Bc</Key><Size>3</Size>"
        "<ETag>\"e\"</ETag></Contents></ListBucketResult>");
  });
  const auto page = store.list("a b", "", kNever);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(server_.requests().at(0).target,
            "/bucket?encoding-type=url&list-type=2&max-keys=1000&prefix=a%20b");
  EXPECT_EQ(server_.requests().at(1).target, "/bucket?list-type=2&max-keys=1000&prefix=a%20b")
      << "to see whether keys are encoded";
  EXPECT_EQ(page->objects.at(0).key, "a b+c");
  const auto next = store.list("a ", page->next, kNever);
  ASSERT_TRUE(next) << next.error().message;
  EXPECT_EQ(next->objects.at(0).key, "a z");
  EXPECT_EQ(next->next, "");
}

TEST_F(S3StoreTest, TakesKeysAsTheyAreWhereTheServerDoesNotSayThatItEncodesThem) {
  S3Store& store = serve([](const ReceivedRequest&) {
    return xml(
        "<ListBucketResult><Contents><Key>p 50%+1%2B</Key><Size>3</Size></Contents></ListBucketResult>");
  });
  const auto page = store.list("p", "", kNever);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->objects.at(0).key, "p 50%+1%2B");
}

TEST_F(S3StoreTest, AListThatRepeatsItsFirstPageIsAnErrorAndNoEndlessLoop) {
  S3Store& store = serve([](const ReceivedRequest&) {
    return xml(
        "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
        "<NextContinuationToken>t</NextContinuationToken><Contents><Key>pa</Key><Size>3</Size></Contents>"
        "</ListBucketResult>");
  });
  const auto first = store.list("p", "", kNever);
  ASSERT_TRUE(first) << first.error().message;
  const auto next = store.list("p", first->next, kNever);
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().kind, ErrorKind::invalid);
  EXPECT_THAT(next.error().message, HasSubstr("objects are missing from it"));
  EXPECT_EQ(server_.requests().size(), 3u) << "the token, and then the last key";
}

TEST_F(S3StoreTest, AsksNoLongerForWhatTheServerRefusedOnce) {
  S3Store& store = serve([](const ReceivedRequest& request) -> ScriptedResponse {
    if (request.headers.find("If-None-Match")) return s3_error_response(400, "InvalidArgument");
    return {200, {{"ETag", "\"e\""}}};
  });
  for (const char* key : {"a", "b"})
    ASSERT_TRUE(store.replace(key, {}, MemoryBody("x"), kTextContent, kNever));
  EXPECT_EQ(server_.requests().size(), 3u);
  EXPECT_THAT(store.abilities(), HasSubstr("put_if_absent=no"));
}

// Ceph RGW 16 refuses each If-Match. That the object is empty must not make it look absent from then on.
TEST_F(S3StoreTest, ReplacesAnEmptyObjectOnAServerThatRefusesAConditionThatIsMet) {
  S3Store& store = serve([](const ReceivedRequest& request) -> ScriptedResponse {
    const bool has_condition = request.headers.find("If-Match") || request.headers.find("If-None-Match");
    if (has_condition) return s3_error_response(412, "PreconditionFailed");
    return {200, {{"ETag", "\"e\""}}};
  });
  const auto replaced = store.replace("a", StoredObject{0, "e"}, MemoryBody("x"), kTextContent, kNever);
  ASSERT_TRUE(replaced) << replaced.error().message;
  EXPECT_EQ(replaced->size, 1u);
}

// A key that the server takes in no way says nothing about its abilities.
TEST_F(S3StoreTest, LearnsNothingFromARefusalThatHadAnotherReason) {
  S3Store& store = serve([](const ReceivedRequest&) { return s3_error_response(400, "InvalidObjectName"); });
  EXPECT_EQ(store.replace("a", {}, MemoryBody("x"), kTextContent, kNever).error().kind, ErrorKind::invalid);
  EXPECT_EQ(store.put("a", MemoryBody(std::string(65 * kMiB, 'x')), kTextContent, kNever).error().kind,
            ErrorKind::invalid);
  EXPECT_THAT(store.abilities(), Not(HasSubstr("=no")));
}

TEST_F(S3StoreTest, ReadsOnWhenAPageShowsNothing) {
  S3Store& store = serve([](const ReceivedRequest& request) {
    if (request.has_query("continuation-token=more%2F"))
      return xml("<ListBucketResult><Contents><Key>pk</Key><Size>3</Size></Contents></ListBucketResult>");
    return xml(
        "<ListBucketResult><IsTruncated>true</IsTruncated>"
        "<NextContinuationToken>more/</NextContinuationToken></ListBucketResult>");
  });
  const auto page = store.list("p", "", kNever);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_THAT(page->objects, SizeIs(1));
  EXPECT_EQ(page->next, "");
}

TEST_F(S3StoreTest, DoesNotTakeHalfAListForAll) {
  for (const char* body : {"", "<ListBucketResult><Contents><Key>k</Key>", "<html/>"}) {
    S3Store& store = serve([body](const ReceivedRequest&) { return xml(body); });
    EXPECT_EQ(store.list("p", "", kNever).error().kind, ErrorKind::retry) << body;
  }
}

TEST_F(S3StoreTest, GetsARangeFromAServerThatKnowsNone) {
  S3Store& store = serve([](const ReceivedRequest&) { return xml("0123456789"); });
  EXPECT_EQ(*store.get("k", 2, 3, kNever), "234");
  EXPECT_EQ(server_.requests().at(0).header("Range"), "bytes=2-4");
  EXPECT_EQ(*store.get("k", 20, 3, kNever), "");
}

TEST_F(S3StoreTest, GetsAnObjectThatLooksLikeAnError) {
  const std::string content = "<Error><Code>InternalError</Code></Error>";
  S3Store& store = serve([&content](const ReceivedRequest&) { return ScriptedResponse{206, {}, content}; });
  EXPECT_EQ(*store.get("k", 0, 1000, kNever), content);
}

TEST_F(S3StoreTest, AbortsUnfinishedUploadsOfItsPrefixOnAllPages) {
  S3Store& store = serve([](const ReceivedRequest& request) -> ScriptedResponse {
    if (request.method == "DELETE" && request.path() == "/bucket/p/1")
      return s3_error_response(404, "NoSuchUpload");
    if (request.method == "DELETE") return {204};
    if (request.has_query("key-marker=p%2F1") && request.has_query("upload-id-marker=u1")) {
      return xml(
          "<ListMultipartUploadsResult><Upload><Key>p/2</Key><UploadId>u2</UploadId></Upload>"
          "<Upload><Key>other</Key><UploadId>u3</UploadId></Upload></ListMultipartUploadsResult>");
    }
    return xml(
        "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>p/1</NextKeyMarker>"
        "<NextUploadIdMarker>u1</NextUploadIdMarker><Upload><Key>p/1</Key><UploadId>u1</UploadId></Upload>"
        "</ListMultipartUploadsResult>");
  });
  EXPECT_TRUE(store.abort_unfinished_uploads("p/", kNever));
  std::vector<std::string> deleted;
  for (const std::string& line : server_.request_lines())
    if (line.starts_with("DELETE")) deleted.push_back(line);
  EXPECT_THAT(deleted, ElementsAre("DELETE /bucket/p/1?uploadId=u1", "DELETE /bucket/p/2?uploadId=u2"));
}

}  // namespace
}  // namespace rayhistory
