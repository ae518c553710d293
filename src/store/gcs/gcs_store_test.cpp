// The rules of Cloud Storage that an emulator shows too seldom, each against the documented answer. What all
// stores do alike is conformance_test.cpp's; what happens when any request fails, gcs/fault_test.cpp's.
#include "store/gcs/gcs_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "credentials/cached_credentials.h"
#include "credentials/google/default_credentials.h"
#include "http/curl_client.h"
#include "testing/model_gcs.h"
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

constexpr uint64_t kMiB = 1024 * 1024;
const Deadline kNever = Deadline::never();

// Gives what a test says, and another once that is refused.
class TestTokens final : public AccessTokenSource {
 public:
  Result<AccessToken> get(const Deadline&) override { return current; }
  void invalidate(const AccessToken& refused) override {
    if (refused == current) current = renewed;
  }
  std::string origin() const override { return "a test's tokens"; }

  AccessToken current{"first-token"};
  AccessToken renewed{"second-token"};
};

ScriptedResponse json(std::string body) {
  return {200, {{"Content-Type", "application/json"}}, std::move(body)};
}

ScriptedResponse object(uint64_t size, int generation, std::string_view extends = "0") {
  return json(fmt::format(R"({{"name":"k","size":"{}","generation":"{}","metadata":{{"ray-extends":"{}"}}}})",
                          size, generation, extends));
}

class GcsStoreTest : public testing::Test {
 protected:
  // The store of a server that does as `script` says, which the connection takes for Google's own: it sends
  // tokens.
  GcsStore& serve(ScriptedHttpServer::Script script, GcsOptions options = {}) {
    script_ = std::move(script);
    options.bucket = "bucket";
    options.emulator_host = server_.origin();
    return open(options);
  }
  GcsStore& open(const GcsOptions& options) {
    store_ = *GcsStore::open(
        options, std::make_unique<CurlClient>(clock_), nullptr, [this](const Deadline&) { return project_; },
        clock_);
    return *store_;
  }
  // A model with the bucket in it.
  GcsStore& serve_model(const GcsOptions& options = {}) {
    GcsStore& store =
        serve([this](const ReceivedRequest& request) { return gcs_.respond(request); }, options);
    EXPECT_TRUE(store.ensure_bucket(kNever));
    return store;
  }
  Result<StoredObject> extend(uint64_t from = 2 * kMiB, const std::string& generation = "17") {
    return store_->extend("k", {from, generation}, MemoryBody(std::string(from + 10, 'x')), kTextContent,
                          kNever);
  }
  // What an extension meets when all goes well, but for the one request that `special` answers.
  static ScriptedHttpServer::Script extension_with(
      const std::function<std::optional<ScriptedResponse>(const ReceivedRequest&)>& special) {
    return [special](const ReceivedRequest& request) -> ScriptedResponse {
      if (std::optional<ScriptedResponse> response = special(request)) return *response;
      if (request.path().ends_with("/compose")) return object(2 * kMiB + 10, 18, "17");
      if (request.method == "DELETE") return {204};
      return object(request.body_size, 1);
    };
  }
  int composes() const {
    int count = 0;
    for (const ReceivedRequest& request : server_.requests())
      count += request.path().ends_with("/compose") ? 1 : 0;
    return count;
  }
  bool removed_its_tail() const {
    return server_.request_lines().back().starts_with("DELETE /storage/v1/b/bucket/o/.rayhistory-unfinished");
  }

  SkippingClock clock_;
  Result<std::string> project_ = std::string("project");
  ModelGcs gcs_{"bucket"};
  ScriptedHttpServer::Script script_;
  ScriptedHttpServer server_{[this](const ReceivedRequest& request) { return script_(request); }, 32 * kMiB};
  std::unique_ptr<GcsStore> store_;
};

// --- requests ---

TEST_F(GcsStoreTest, EncodesEveryCharacterOfANameAndItsSlashes) {
  GcsStore& store = serve([](const ReceivedRequest&) { return object(7, 5); });
  const auto stored = store.put("a/b?c=1&d+e% #é", MemoryBody("content"), kJsonContent, kNever);
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(*stored, (StoredObject{7, "5"}));
  ASSERT_TRUE(store.stat("a/b?c=1&d+e% #é", kNever));
  const ReceivedRequest put = server_.requests().at(0);
  EXPECT_EQ(put.method, "POST");
  EXPECT_EQ(put.target,
            "/upload/storage/v1/b/bucket/o?fields=name%2Csize%2Cgeneration%2CtimeCreated%2Cmetadata"
            "&name=a%2Fb%3Fc%3D1%26d%2Be%25%20%23%C3%A9&uploadType=media");
  EXPECT_EQ(put.header("Content-Type"), "application/json");
  EXPECT_EQ(put.body, "content");
  EXPECT_EQ(put.headers.find("Expect"), std::nullopt);
  EXPECT_EQ(server_.requests().at(1).path(), "/storage/v1/b/bucket/o/a%2Fb%3Fc%3D1%26d%2Be%25%20%23%C3%A9");
}

TEST_F(GcsStoreTest, RefusesKeysThatCloudStorageCannotHold) {
  GcsStore& store = serve_model();
  for (const std::string& key : {std::string(), std::string(1025, 'k'), std::string("a\xff"),
                                 std::string("a\nb"), std::string("..")}) {
    const auto stored = store.put(key, MemoryBody("x"), kTextContent, kNever);
    ASSERT_FALSE(stored);
    EXPECT_EQ(stored.error().kind, ErrorKind::invalid);
  }
  EXPECT_THAT(gcs_.objects(), IsEmpty());
}

TEST_F(GcsStoreTest, GoesOnAfterAPageThatListsNothing) {
  GcsStore& store = serve([](const ReceivedRequest& request) {
    if (request.has_query("pageToken=t%2B2"))
      return json(R"({"items":[{"name":"z","size":"1","generation":"2"}]})");
    return json(R"({"nextPageToken":"t+2"})");
  });
  const auto page = store.list("", "", kNever);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->objects.at(0).key, "z");
  EXPECT_EQ(page->next, "");
}

// --- growing ---

TEST_F(GcsStoreTest, GrowsByAComposeOfItselfAndATailThatIsRemoved) {
  GcsStore& store = serve_model({.bucket = "", .emulator_host = "", .root = "/histories/", .project = ""});
  const auto stored = store.put("histories/k", MemoryBody(std::string(2 * kMiB, 'x')), kTextContent, kNever);
  ASSERT_TRUE(stored);
  const auto extended = store.extend("histories/k", *stored, MemoryBody(std::string(2 * kMiB, 'x') + "tail"),
                                     kTextContent, kNever);
  ASSERT_TRUE(extended) << extended.error().message;
  const auto& objects = gcs_.objects();
  ASSERT_EQ(objects.size(), 1u);
  EXPECT_EQ(objects.at("histories/k").content_type, kTextContent);
  EXPECT_EQ(objects.at("histories/k").extends, stored->etag);
  const auto lines = server_.request_lines();
  EXPECT_THAT(lines.at(lines.size() - 3),
              HasSubstr("name=histories%2F.rayhistory-unfinished%2Fhistories%2Fk%2F"));
  EXPECT_EQ(server_.requests().at(lines.size() - 3).body, "tail");
  EXPECT_THAT(lines.at(lines.size() - 2), StartsWith("POST /storage/v1/b/bucket/o/histories%2Fk/compose?"));
  EXPECT_THAT(lines.at(lines.size() - 2), HasSubstr("ifGenerationMatch=" + stored->etag));
  EXPECT_TRUE(
      lines.back().starts_with("DELETE /storage/v1/b/bucket/o/histories%2F.rayhistory-unfinished%2F"));
}

TEST_F(GcsStoreTest, PutsASmallObjectAnew) {
  serve([](const ReceivedRequest& request) { return object(request.body_size, 1); });
  ASSERT_TRUE(extend(1000));
  EXPECT_EQ(server_.requests().size(), 1u);
}

TEST_F(GcsStoreTest, SendsNothingWhereNothingIsNew) {
  GcsStore& store = serve([](const ReceivedRequest&) { return object(2 * kMiB, 17); });
  const MemoryBody same(std::string(2 * kMiB, 'x'));
  EXPECT_EQ(*store.extend("k", {2 * kMiB, "17"}, same, kTextContent, kNever), (StoredObject{2 * kMiB, "17"}));
  EXPECT_EQ(store.extend("k", {2 * kMiB, "16"}, same, kTextContent, kNever).error().kind, ErrorKind::exists);
  for (const ReceivedRequest& request : server_.requests())
    EXPECT_EQ(request.method, "GET");
}

TEST_F(GcsStoreTest, WaitsItsSecondWhereOneNameIsWrittenTooOften) {
  int refusals = 2;
  serve(extension_with([&](const ReceivedRequest& request) -> std::optional<ScriptedResponse> {
    if (!request.path().ends_with("/compose") || refusals-- <= 0) return std::nullopt;
    return gcs_error_response(429, "rateLimitExceeded");
  }));
  ASSERT_TRUE(extend());
  EXPECT_EQ(composes(), 3);
  ASSERT_EQ(clock_.sleeps().size(), 2u);
  for (const Nanoseconds slept : clock_.sleeps())
    EXPECT_GE(slept, Seconds(1));
  EXPECT_EQ(server_.requests().size(), 1u + 3 + 1);  // the tail was sent once
}

TEST_F(GcsStoreTest, RecognisesItsOwnComposeWhenItIsToldThatTheGenerationHasPassed) {
  serve(extension_with([](const ReceivedRequest& request) -> std::optional<ScriptedResponse> {
    if (request.path().ends_with("/compose")) return gcs_error_response(412, "conditionNotMet");
    if (request.method == "GET") return object(2 * kMiB + 10, 18, "17");
    return std::nullopt;
  }));
  EXPECT_EQ(*extend(), (StoredObject{2 * kMiB + 10, "18"}));
  EXPECT_TRUE(removed_its_tail());
}

TEST_F(GcsStoreTest, DoesNotTakeAnotherObjectForItsOwn) {
  for (const auto& found : {std::pair(2 * kMiB + 10, "16"), std::pair(2 * kMiB + 9, "17")}) {
    serve(extension_with([&](const ReceivedRequest& request) -> std::optional<ScriptedResponse> {
      if (request.path().ends_with("/compose")) return gcs_error_response(412, "conditionNotMet");
      if (request.method == "GET") return object(found.first, 18, found.second);
      return std::nullopt;
    }));
    EXPECT_EQ(extend().error().kind, ErrorKind::exists);
    EXPECT_TRUE(removed_its_tail());
  }
}

TEST_F(GcsStoreTest, ALostComposeThatCouldNotBeSettledIsRecognisedByTheNextCall) {
  bool away = true;
  bool composed = false;
  serve(extension_with([&](const ReceivedRequest& request) -> std::optional<ScriptedResponse> {
    if (request.path().ends_with("/compose")) {
      if (composed) return gcs_error_response(412, "conditionNotMet");
      composed = true;
      return ScriptedResponse{.cut_after = 0};
    }
    if (request.method != "GET") return std::nullopt;
    return away ? gcs_error_response(503, "backendError") : object(2 * kMiB + 10, 18, "17");
  }));
  const auto first = extend();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().kind, ErrorKind::unknown_outcome) << first.error().message;
  away = false;
  EXPECT_EQ(*extend(), (StoredObject{2 * kMiB + 10, "18"}));
}

TEST_F(GcsStoreTest, ObjectsThatDoNotGoTogetherArePutWhole) {
  for (const int status : {400, 404}) {
    serve(extension_with([&](const ReceivedRequest& request) -> std::optional<ScriptedResponse> {
      if (request.path().ends_with("/compose")) return gcs_error_response(status, "x");
      return std::nullopt;
    }));
    EXPECT_EQ(extend().error().kind, ErrorKind::exists) << status;
  }
}

TEST_F(GcsStoreTest, SweepsTheTailsOfItsOwnKeysAndNoOthers) {
  GcsStore& store = serve_model();
  const std::string tails = ".rayhistory-unfinished/";
  gcs_.set(tails + "s/node-a/logs/raylet.out/0123456789abcdef", "x");
  gcs_.set(tails + "s/node-b/logs/raylet.out/0123456789abcdef", "x");
  gcs_.set("s/node-a/logs/raylet.out", "x");
  ASSERT_TRUE(store.abort_unfinished_uploads("s/node-a/", kNever));
  std::vector<std::string> left;
  for (const auto& [key, kept] : gcs_.objects())
    left.push_back(key);
  EXPECT_THAT(left,
              ElementsAre(tails + "s/node-b/logs/raylet.out/0123456789abcdef", "s/node-a/logs/raylet.out"));
}

// --- large bodies ---

TEST_F(GcsStoreTest, GoesOnWithALargeUploadFromTheByteThatWasKept) {
  GcsStore& store = serve_model();
  std::string bytes(17 * kMiB, 'x');
  for (size_t i = 0; i < bytes.size(); i += 1000)
    bytes[i] = static_cast<char>(i / 1000);
  gcs_.fail_request(1, GcsFault::half_received);
  const auto stored = store.put("k", MemoryBody(bytes), kTextContent, kNever);
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_TRUE(gcs_.objects().at("k").content == bytes);
  EXPECT_EQ(gcs_.objects().at("k").content_type, kTextContent);
  const ReceivedRequest last = server_.requests().back();
  EXPECT_EQ(last.header("Content-Range"),
            fmt::format("bytes {}-{}/{}", bytes.size() / 2, bytes.size() - 1, bytes.size()));
  EXPECT_EQ(last.body_size, bytes.size() / 2);
}

TEST_F(GcsStoreTest, BeginsALargeUploadAnewWhenItsSessionIsGoneAndNeverShowsItsUrl) {
  GcsStore& store = serve([this](const ReceivedRequest& request) -> ScriptedResponse {
    if (request.method == "POST")
      return {200, {{"Location", server_.origin() + "/upload/x?upload_id=SECRET-UPLOAD-ID"}}};
    return gcs_error_response(410, "gone");
  });
  const auto stored = store.put("k", MemoryBody(std::string(17 * kMiB, 'x')), kTextContent, kNever);
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().kind, ErrorKind::retry);
  EXPECT_THAT(stored.error().message, AllOf(HasSubstr("410"), Not(HasSubstr("SECRET"))));
}

// --- copies ---

TEST_F(GcsStoreTest, CallsARewriteUntilItIsDone) {
  GcsStore& store = serve_model();
  gcs_.rewrite_in_steps();
  gcs_.set("from", "content");
  const auto from = store.stat("from", kNever);
  const auto copied = store.copy("from", **from, "to", kNever);
  ASSERT_TRUE(copied) << copied.error().message;
  EXPECT_EQ(gcs_.objects().at("to").content, "content");
  EXPECT_TRUE(server_.requests().back().has_query("rewriteToken=go%2Fon%2B"));
}

// --- buckets ---

TEST_F(GcsStoreTest, MakesAMissingBucketWithoutSoftDelete) {
  GcsStore& store = serve(
      [](const ReceivedRequest& request) {
        return request.method == "POST" ? json(R"({"name":"bucket"})") : gcs_error_response(404, "notFound");
      },
      {.bucket = "", .emulator_host = "", .root = "", .project = "my-project"});
  ASSERT_TRUE(store.ensure_bucket(kNever));
  const ReceivedRequest create = server_.requests().back();
  EXPECT_EQ(create.target, "/storage/v1/b?project=my-project");
  EXPECT_THAT(create.body, AllOf(HasSubstr(R"("name":"bucket")"),
                                 HasSubstr(R"("softDeletePolicy":{"retentionDurationSeconds":"0"})"),
                                 HasSubstr(R"("publicAccessPrevention":"enforced")")));
}

TEST_F(GcsStoreTest, TakesABucketThatItMayNotLookAtForGranted) {
  GcsStore& store = serve([](const ReceivedRequest&) { return gcs_error_response(403, "forbidden"); });
  EXPECT_TRUE(store.ensure_bucket(kNever));
  EXPECT_EQ(server_.requests().size(), 1u);
}

TEST_F(GcsStoreTest, LosingTheRaceForABucketIsFineAndAStrangersIsTold) {
  for (const int second_look : {200, 404}) {
    int looks = 0;
    GcsStore& store = serve([&](const ReceivedRequest& request) {
      if (request.method == "POST") return gcs_error_response(409, "conflict");
      return ++looks == 2 && second_look == 200 ? json(R"({"name":"bucket"})")
                                                : gcs_error_response(404, "notFound");
    });
    const auto ensured = store.ensure_bucket(kNever);
    EXPECT_EQ(ensured.has_value(), second_look == 200);
    if (!ensured) {
      EXPECT_EQ(ensured.error().kind, ErrorKind::exists);
      EXPECT_THAT(ensured.error().message, HasSubstr("GCS_BUCKET"));
    }
  }
}

TEST_F(GcsStoreTest, AMissingBucketIsWaitedForAndAMissingObjectIsAResponse) {
  GcsStore& store = serve([](const ReceivedRequest& request) {
    if (request.target.find("there") != std::string::npos)
      return gcs_error_response(404, "notFound", "No such object: bucket/k");
    return gcs_error_response(404, "notFound", "The specified bucket does not exist.");
  });
  const auto put = store.put("k", MemoryBody("x"), kTextContent, kNever);
  EXPECT_EQ(put.error().kind, ErrorKind::denied);
  EXPECT_THAT(put.error().message, AllOf(HasSubstr("bucket"), HasSubstr("GCS_BUCKET"), HasSubstr("\"k\"")));
  EXPECT_EQ(store.list("", "", kNever).error().kind, ErrorKind::denied);
  EXPECT_EQ(store.get("k", 0, 1, kNever).error().kind, ErrorKind::denied);
  EXPECT_EQ(store.get("there", 0, 1, kNever).error().kind, ErrorKind::not_found);
  EXPECT_FALSE(store.stat("there", kNever)->has_value());
}

// --- errors ---

TEST_F(GcsStoreTest, NamesTheMissingPermission) {
  GcsStore& store = serve([](const ReceivedRequest&) {
    return gcs_error_response(403, "forbidden", "x@y does not have storage.objects.create access.");
  });
  const auto put = store.put("k", MemoryBody("x"), kTextContent, kNever);
  EXPECT_EQ(put.error().kind, ErrorKind::denied);
  EXPECT_THAT(
      put.error().message,
      AllOf(HasSubstr("bucket, key \"k\": status 403 forbidden: x@y"), HasSubstr("storage.objects.create"),
            HasSubstr("roles/storage.objectUser"), Not(HasSubstr("SECRET-UPLOAD-ID"))));
}

TEST_F(GcsStoreTest, ResponsesOfAllKindsHaveTheirKind) {
  for (const auto& expected :
       {std::pair(408, ErrorKind::retry), std::pair(429, ErrorKind::retry), std::pair(500, ErrorKind::retry),
        std::pair(502, ErrorKind::retry), std::pair(503, ErrorKind::retry), std::pair(401, ErrorKind::denied),
        std::pair(412, ErrorKind::exists), std::pair(400, ErrorKind::invalid)}) {
    GcsStore& store = serve([&](const ReceivedRequest&) { return gcs_error_response(expected.first, "x"); });
    EXPECT_EQ(store.put("k", MemoryBody("x"), kTextContent, kNever).error().kind, expected.second)
        << expected.first;
  }
  GcsStore& store = serve([](const ReceivedRequest&) {
    ScriptedResponse response = gcs_error_response(503, "backendError");
    response.headers.emplace_back("Retry-After", "7");
    return response;
  });
  EXPECT_EQ(store.put("k", MemoryBody("x"), kTextContent, kNever).error().retry_after, Seconds(7));
}

TEST_F(GcsStoreTest, AResponseThatIsCutIsNoSuccess) {
  GcsStore& store = serve([](const ReceivedRequest&) { return json(R"({"name":"k","size":"1)"); });
  EXPECT_EQ(store.put("k", MemoryBody("x"), kTextContent, kNever).error().kind, ErrorKind::unknown_outcome);
  EXPECT_EQ(store.copy("k", {1, "5"}, "l", kNever).error().kind, ErrorKind::unknown_outcome);
  EXPECT_EQ(store.stat("k", kNever).error().kind, ErrorKind::retry);
  EXPECT_EQ(store.list("", "", kNever).error().kind, ErrorKind::retry);
}

// --- tokens ---

TEST_F(GcsStoreTest, SendsAnEmulatorNoToken) {
  script_ = [](const ReceivedRequest&) { return object(1, 1); };
  const GcsOptions options{.bucket = "bucket", .emulator_host = server_.origin(), .root = "", .project = ""};
  auto store = *GcsStore::open(options, std::make_unique<CurlClient>(clock_), std::make_unique<TestTokens>(),
                               {}, clock_);
  ASSERT_TRUE(store->put("k", MemoryBody("x"), kTextContent, kNever));
  EXPECT_EQ(server_.requests().at(0).headers.find("Authorization"), std::nullopt);
  EXPECT_EQ(store->credentials_origin(), "");
}

// Google's own host, as far as the store knows.
class InGooglesPlace final : public HttpClient {
 public:
  InGooglesPlace(const Clock& clock, uint16_t port) : client_(clock), port_(port) {}
  Result<HttpResponse> send(const HttpRequest& request, const Deadline& deadline) override {
    EXPECT_EQ(request.url.origin(), "https://storage.googleapis.com");
    HttpRequest redirected = request;
    redirected.url.scheme = Scheme::http;
    redirected.url.host = "127.0.0.1";
    redirected.url.port = port_;
    return client_.send(redirected, deadline);
  }

 private:
  CurlClient client_;
  const uint16_t port_;
};

TEST_F(GcsStoreTest, RenewsATokenThatIsRefusedOnceAndNeverShowsIt) {
  script_ = [](const ReceivedRequest& request) {
    return request.header("Authorization") == "Bearer second-token" ? object(1, 1)
                                                                    : gcs_error_response(401, "authError");
  };
  auto tokens = std::make_unique<TestTokens>();
  TestTokens& source = *tokens;
  auto store = *GcsStore::open({.bucket = "bucket", .emulator_host = "", .root = "", .project = ""},
                               std::make_unique<InGooglesPlace>(clock_, server_.port()), std::move(tokens),
                               {}, clock_);
  EXPECT_EQ(store->credentials_origin(), "a test's tokens");
  ASSERT_TRUE(store->put("k", MemoryBody("x"), kTextContent, kNever));
  EXPECT_EQ(server_.requests().size(), 2u);
  ASSERT_TRUE(store->put("k", MemoryBody("x"), kTextContent, kNever));
  EXPECT_EQ(server_.requests().size(), 3u);
  // One that is refused too is told, and not tried a third time.
  source.current = source.renewed = AccessToken{"bad-token"};
  const auto refused = store->put("k", MemoryBody("x"), kTextContent, kNever);
  EXPECT_EQ(server_.requests().size(), 4u);
  EXPECT_EQ(refused.error().kind, ErrorKind::denied);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("401"), HasSubstr("a test's tokens"),
                    HasSubstr("GOOGLE_APPLICATION_CREDENTIALS"), Not(HasSubstr("bad-token"))));
}

TEST_F(GcsStoreTest, TokensExpireInTheMiddleOfARunAndNoRequestIsRefused) {
  constexpr int kLifetimeSeconds = 600;
  int issued = 0;
  SteadyTime expires;
  ScriptedHttpServer issuer([&](const ReceivedRequest&) -> ScriptedResponse {
    expires = clock_.steady_now() + Seconds(kLifetimeSeconds);
    return {200, {}, fmt::format(R"({{"access_token":"t{}","expires_in":{}}})", ++issued, kLifetimeSeconds)};
  });
  int refused = 0;
  script_ = [&](const ReceivedRequest& request) -> ScriptedResponse {
    if (request.header("Authorization") == fmt::format("Bearer t{}", issued) && clock_.steady_now() < expires)
      return gcs_.respond(request);
    ++refused;
    return gcs_error_response(401, "authError");
  };
  auto tokens = std::make_unique<CachedCredentials<AccessToken>>(
      std::make_unique<GoogleDefaultCredentials>(
          GooglePlaces{"", "", "127.0.0.1:" + std::to_string(issuer.port())},
          std::make_unique<CurlClient>(clock_), clock_),
      clock_);
  auto store = *GcsStore::open({.bucket = "bucket", .emulator_host = "", .root = "", .project = "p"},
                               std::make_unique<InGooglesPlace>(clock_, server_.port()), std::move(tokens),
                               {}, clock_);
  ASSERT_TRUE(store->ensure_bucket(kNever));
  constexpr int kMinutes = 60;
  std::string content(2 * kMiB, 'x');
  Result<StoredObject> stored = store->put("k", MemoryBody(content), kTextContent, kNever);
  for (int minute = 0; minute < kMinutes && stored; ++minute) {
    clock_.sleep_for(Seconds(60), {});
    content += "a line a minute\n";
    stored = store->extend("k", *stored, MemoryBody(content), kTextContent, kNever);
  }
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_TRUE(gcs_.objects().at("k").content == content);
  EXPECT_EQ(refused, 0);
  EXPECT_GE(issued, kMinutes * 60 / kLifetimeSeconds);
  // One that is taken away ahead of its time is replaced, too.
  ++issued;
  EXPECT_TRUE(store->stat("k", kNever));
  EXPECT_EQ(refused, 1);
}

// --- what a bucket costs ---

TEST_F(GcsStoreTest, WarnsOfWhatWillCostMoneyOrHistory) {
  GcsStore& store = serve([](const ReceivedRequest&) {
    return json(
        R"({"name":"bucket","versioning":{"enabled":true},"softDeletePolicy":{"retentionDurationSeconds":"604800"},)"
        R"("retentionPolicy":{"retentionPeriod":"86400"},)"
        R"("lifecycle":{"rule":[{"action":{"type":"Delete"},"condition":{"age":30}}]}})");
  });
  EXPECT_THAT(
      *store.bucket_warnings(kNever),
      ElementsAre(AllOf(HasSubstr("soft delete"), HasSubstr("7 days"), HasSubstr("--clear-soft-delete")),
                  HasSubstr("--no-versioning"), HasSubstr("no log can grow"), HasSubstr("after 30 days")));
  GcsStore& plain = serve([](const ReceivedRequest&) { return json(R"({"name":"bucket"})"); });
  EXPECT_THAT(*plain.bucket_warnings(kNever), IsEmpty());
  GcsStore& hidden = serve([](const ReceivedRequest&) { return gcs_error_response(403, "forbidden"); });
  EXPECT_THAT(*hidden.bucket_warnings(kNever), ElementsAre(HasSubstr("storage.buckets.get")));
}

}  // namespace
}  // namespace rayhistory
