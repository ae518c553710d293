// The ways of Oracle's Object Storage that are its own, each against a model of the documented rules that
// verifies every signature. The ways that all stores share are conformance_test.cpp's.
#include "store/oci/oci_store.h"

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "credentials/credentials_source.h"
#include "http/curl_client.h"
#include "http/http_date.h"
#include "store/retrying_store.h"
#include "testing/model_oci.h"
#include "testing/rsa_test_key.h"
#include "testing/skipping_clock.h"

namespace rayhistory {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr OciLimits kSmallLimits{.single_request_bytes = 2000, .least_part_bytes = 1500, .most_parts = 100};
const Deadline kNever = Deadline::never();

std::shared_ptr<const RsaKey> test_key() {
  return std::make_shared<const RsaKey>(*RsaKey::from_pem(rsa_test_key_pem()));
}

// Credentials that are wrong until they are refused.
class RenewedCredentials final : public OciCredentialsSource {
 public:
  RenewedCredentials(OciCredentials first, OciCredentials second)
      : now_(std::move(first)), next_(std::move(second)) {}
  Result<OciCredentials> get(const Deadline&) override { return now_; }
  void invalidate(const OciCredentials& refused) override {
    if (now_ == refused) now_ = next_;
  }
  std::string origin() const override { return "a test"; }

 private:
  OciCredentials now_;
  OciCredentials next_;
};

// A test's answer in the model's place, where there is one. The server's threads ask for it.
class Instead {
 public:
  using Response = std::function<std::optional<ScriptedResponse>(const ReceivedRequest&)>;

  Instead& operator=(Response given) {
    const std::lock_guard lock(mutex_);
    response_ = std::move(given);
    return *this;
  }
  std::optional<ScriptedResponse> respond(const ReceivedRequest& request) const {
    const std::lock_guard lock(mutex_);
    return response_ ? response_(request) : std::nullopt;
  }

 private:
  mutable std::mutex mutex_;
  Response response_;
};

class OciStoreTest : public testing::Test {
 protected:
  OciStoreTest() { oci_.create_bucket(); }

  OciOptions options() const { return {.bucket = "bucket", .endpoint = server_.origin()}; }
  std::unique_ptr<OciStore> open(const OciOptions& options,
                                 std::unique_ptr<OciCredentialsSource> credentials = nullptr) {
    if (!credentials) {
      credentials = std::make_unique<FixedCredentials<OciCredentials>>(
          OciCredentials{oci_.key_id(), test_key()}, "the profile of a test");
    }
    return *OciStore::open(options, std::make_unique<CurlClient>(clock_), std::move(credentials), clock_,
                           kSmallLimits);
  }
  std::unique_ptr<OciStore> open() { return open(options()); }
  std::vector<std::string> lines_since(size_t before) const {
    std::vector<std::string> lines = server_.request_lines();
    lines.erase(lines.begin(), lines.begin() + static_cast<ptrdiff_t>(before));
    return lines;
  }
  Error refusal(int status, std::string_view code) {
    instead_ = [=](const ReceivedRequest&) { return oci_error_response(status, code); };
    const auto put = open({.bucket = "bucket", .name_space = "axmodel", .endpoint = server_.origin()})
                         ->put("k", MemoryBody("x"), kTextContent, kNever);
    instead_ = nullptr;
    return put ? Error{ErrorKind::invalid, "it was taken"} : put.error();
  }

  SkippingClock clock_;
  SkippingClock their_clock_;
  ModelOci oci_{"bucket", their_clock_};
  // A test's answer in the model's place.
  Instead instead_;
  ScriptedHttpServer server_{[this](const ReceivedRequest& request) {
    if (std::optional<ScriptedResponse> response = instead_.respond(request)) return *response;
    return oci_.respond(request);
  }};
};

// --- requests ---

TEST_F(OciStoreTest, PutsWithADigestOfTheBodyAndSignsNoMoreThanTheVendorDoes) {
  const auto store = open();
  const std::string key = "a/../b//?=&+ %*@~\xC3\xA9";
  ASSERT_TRUE(store->put(key, MemoryBody("content"), kJsonContent, kNever));
  EXPECT_EQ(server_.request_lines().at(0), "GET /n");
  const ReceivedRequest put = server_.requests().at(1);
  EXPECT_EQ(put.target, "/n/axmodel/b/bucket/o/a%2F..%2Fb%2F%2F%3F%3D%26%2B%20%25%2A%40~%C3%A9");
  EXPECT_EQ(put.header("Content-MD5"), to_base64(as_text(md5("content"))));
  EXPECT_EQ(put.header("Content-Type"), kJsonContent);
  EXPECT_THAT(
      put.header("Authorization"),
      StartsWith("Signature algorithm=\"rsa-sha256\",headers=\"date (request-target) host\",keyId=\""));
  EXPECT_EQ(oci_.objects().at(key).content, "content");
}

TEST_F(OciStoreTest, AsksForTheNamespaceOnceAndNotWhereItIsSet) {
  const auto store = open();
  ASSERT_TRUE(store->put("a", MemoryBody("1"), kTextContent, kNever));
  ASSERT_TRUE(store->put("b", MemoryBody("2"), kTextContent, kNever));
  EXPECT_THAT(server_.request_lines(),
              ElementsAre("GET /n", "PUT /n/axmodel/b/bucket/o/a", "PUT /n/axmodel/b/bucket/o/b"));
  EXPECT_THAT(store->description(), StartsWith("oci bucket bucket in the namespace axmodel at http://127"));
  const size_t before = server_.requests().size();
  ASSERT_TRUE(
      open({.bucket = "bucket", .name_space = "axmodel", .endpoint = server_.origin()})->stat("a", kNever));
  EXPECT_THAT(lines_since(before), ElementsAre("HEAD /n/axmodel/b/bucket/o/a"));
}

TEST_F(OciStoreTest, RefusesANamespaceThatIsNone) {
  for (const char* body : {"", "\"\"", "\"a/b\"", "{}", "\"cut"}) {
    instead_ = [=](const ReceivedRequest&) { return ScriptedResponse{200, {}, body}; };
    const auto seen = open()->stat("k", kNever);
    ASSERT_FALSE(seen) << body;
    EXPECT_EQ(seen.error().kind, ErrorKind::retry) << body;
  }
}

TEST_F(OciStoreTest, SendsAGrownObjectWholeAndSaysWhichItReplaces) {
  const auto store = open();
  EXPECT_EQ(store->growth(), ObjectGrowth::anew);
  const auto first = store->replace("k", {}, MemoryBody("one"), kTextContent, kNever);
  ASSERT_TRUE(first);
  EXPECT_EQ(server_.requests().back().header("If-None-Match"), "*");
  ASSERT_TRUE(store->extend("k", *first, MemoryBody("one two"), kTextContent, kNever));
  EXPECT_EQ(server_.requests().back().header("If-Match"), first->etag);
  EXPECT_EQ(server_.requests().back().body, "one two");
  const auto late = store->extend("k", *first, MemoryBody("one too"), kTextContent, kNever);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::exists);
  EXPECT_EQ(oci_.objects().at("k").content, "one two");
}

TEST_F(OciStoreTest, SendsALargeObjectInPartsThatACommitPutsTogether) {
  const auto store = open();
  const std::string whole(3001, 'x');
  ASSERT_TRUE(store->replace("a/k", {}, MemoryBody(whole), kTextContent, kNever));
  EXPECT_EQ(oci_.objects().at("a/k").content, whole);
  EXPECT_EQ(oci_.objects().at("a/k").content_type, kTextContent);
  EXPECT_EQ(oci_.unfinished_uploads(), 0u);
  std::vector<std::string> methods;
  for (const ReceivedRequest& request : server_.requests())
    methods.push_back(request.method);
  EXPECT_THAT(methods, ElementsAre("GET", "POST", "PUT", "PUT", "PUT", "POST"));
  EXPECT_EQ(server_.requests().at(1).header("If-None-Match"), "*");
  EXPECT_EQ(server_.requests().at(5).header("If-None-Match"), "*")
      << "the object may come while parts are sent";
}

// rclone#9903: an upload without a part cannot be committed.
TEST_F(OciStoreTest, PutsAnEmptyObjectWithoutAnUpload) {
  ASSERT_TRUE(open()->put("k", MemoryBody(""), kTextContent, kNever));
  EXPECT_EQ(server_.request_lines().back(), "PUT /n/axmodel/b/bucket/o/k");
  EXPECT_EQ(server_.requests().back().header("Content-Length"), "0");
}

TEST_F(OciStoreTest, MakesNoMorePartsThanThereMayBe) {
  OciLimits limits = kSmallLimits;
  limits.least_part_bytes = 1;
  limits.single_request_bytes = 0;
  const auto store = *OciStore::open(
      options(), std::make_unique<CurlClient>(clock_),
      std::make_unique<FixedCredentials<OciCredentials>>(OciCredentials{oci_.key_id(), test_key()}, "a test"),
      clock_, limits);
  ASSERT_TRUE(store->put("k", MemoryBody(std::string(250, 'x')), kTextContent, kNever));
  EXPECT_EQ(oci_.objects().at("k").content.size(), 250u);
  EXPECT_EQ(server_.requests().size(), 1u + 1 + 84 + 1) << "the namespace, begin, parts of 3 bytes, commit";
}

TEST_F(OciStoreTest, ACommitThatComesLateTakesNoNewerObjectsPlace) {
  const auto killed = open();
  const auto first = killed->replace("k", {}, MemoryBody("one"), kTextContent, kNever);
  ASSERT_TRUE(first);
  std::mutex mutex;  // for what is set by the server's thread
  std::optional<ReceivedRequest> late;
  instead_ = [&](const ReceivedRequest& request) -> std::optional<ScriptedResponse> {
    const std::lock_guard lock(mutex);
    if (!late && request.method == "POST" && request.target.find("uploadId") != std::string::npos)
      late = request;
    if (late) return ScriptedResponse{.cut_after = 0, .close = true};
    return std::nullopt;
  };
  ASSERT_FALSE(killed->extend("k", *first, MemoryBody(std::string(3000, 'x')), kTextContent, kNever));
  instead_ = nullptr;
  const auto successor = open();
  ASSERT_TRUE(successor->extend("k", *first, MemoryBody("one two three"), kTextContent, kNever));
  EXPECT_EQ(oci_.respond(*late).status, 412);
  ASSERT_TRUE(successor->abort_unfinished_uploads("k", kNever));
  EXPECT_EQ(oci_.respond(*late).status, 404);
  EXPECT_EQ(oci_.objects().at("k").content, "one two three");
}

TEST_F(OciStoreTest, GetsNoMoreThanARangeAsksFor) {
  const auto store = open();
  ASSERT_TRUE(store->put("k", MemoryBody("0123456789"), kTextContent, kNever));
  EXPECT_EQ(*store->get("k", 4, 3, kNever), "456");
  EXPECT_EQ(*store->get("k", 7, 100, kNever), "789");
  EXPECT_EQ(*store->get("k", 10, 100, kNever), "");
  EXPECT_EQ(*store->get("k", UINT64_MAX, 1, kNever), "");
  EXPECT_EQ(*store->get("k", 1, UINT64_MAX, kNever), "123456789");
}

TEST_F(OciStoreTest, ReadsOnWhereAPageIsShortAndEndsWhereAPageLeadsBack) {
  oci_.set_page(2);
  for (const char* key : {"p/a", "p/b", "p/c", "p/d", "q"})
    oci_.put(key, "x");
  const auto store = open();
  const auto first = store->list("p/", "", kNever);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->next, "p/c");
  const auto second = store->list("p/", first->next, kNever);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->objects.front().key, "p/c");
  EXPECT_EQ(second->next, "");
  instead_ = [](const ReceivedRequest& request) -> std::optional<ScriptedResponse> {
    if (!request.target.starts_with("/n/axmodel/b/bucket/o?")) return std::nullopt;
    return ScriptedResponse{
        200, {}, R"({"objects":[{"name":"p/c","size":1,"etag":"e"}],"nextStartWith":"p/c"})"};
  };
  const auto stuck = store->list("p/", "p/c", kNever);
  ASSERT_FALSE(stuck);
  EXPECT_EQ(stuck.error().kind, ErrorKind::invalid);
  EXPECT_THAT(stuck.error().message, HasSubstr("leads from a page to the same page"));
}

TEST_F(OciStoreTest, RefusesKeysThatObjectStorageTakesNot) {
  const auto store = open();
  for (const std::string& key : {std::string(), std::string(1025, 'k'), std::string("a\nb"),
                                 std::string("a\0b", 3), std::string("\xFF"), std::string("..")}) {
    const auto put = store->put(key, MemoryBody(""), kTextContent, kNever);
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().kind, ErrorKind::invalid);
  }
  EXPECT_THAT(server_.requests(), IsEmpty());
  EXPECT_TRUE(store->put(std::string(1024, 'k'), MemoryBody(""), kTextContent, kNever));
}

TEST_F(OciStoreTest, CopiesThroughHereOnlyWhatIsStillThere) {
  const auto store = open();
  const auto source = store->put("from", MemoryBody("bytes"), kTextContent, kNever);
  ASSERT_TRUE(source);
  ASSERT_TRUE(store->copy("from", *source, "to", kNever));
  EXPECT_EQ(oci_.objects().at("to").content, "bytes");
  EXPECT_EQ(server_.requests().back().header("Content-MD5"), "") << "it would be read twice";
  EXPECT_EQ(server_.requests().size(), 1u + 1 + 1 + 1 + 1) << "the namespace, put, look, read, put";
  EXPECT_EQ(store->copy("from", {5, "another"}, "to", kNever).error().kind, ErrorKind::exists);
  EXPECT_EQ(store->copy("nothing", *source, "to", kNever).error().kind, ErrorKind::not_found);
}

// --- the bucket ---

TEST_F(OciStoreTest, MakesAMissingBucketInTheCompartmentThatIsSet) {
  ModelOci empty("bucket", their_clock_);
  instead_ = [&](const ReceivedRequest& request) { return empty.respond(request); };
  OciOptions with_compartment = options();
  with_compartment.compartment = "ocid1.compartment.oc1..c";
  ASSERT_TRUE(open(with_compartment)->ensure_bucket(kNever));
  EXPECT_TRUE(empty.bucket_exists());
  const ReceivedRequest create = server_.requests().back();
  EXPECT_EQ(create.target, "/n/axmodel/b");
  EXPECT_EQ(create.body, R"({"name":"bucket","compartmentId":"ocid1.compartment.oc1..c",)"
                         R"("publicAccessType":"NoPublicAccess","versioning":"Disabled"})");
  EXPECT_EQ(create.header("x-content-sha256"), to_base64(as_text(sha256(create.body))));
  ASSERT_TRUE(open(with_compartment)->ensure_bucket(kNever)) << "it is there now";
}

TEST_F(OciStoreTest, SaysBothReasonsOfAMissingBucketAndWhatToDo) {
  ModelOci empty("bucket", their_clock_);
  instead_ = [&](const ReceivedRequest& request) { return empty.respond(request); };
  const auto ensured = open()->ensure_bucket(kNever);
  ASSERT_FALSE(ensured);
  EXPECT_EQ(ensured.error().kind, ErrorKind::denied);
  EXPECT_THAT(
      ensured.error().message,
      AllOf(HasSubstr("404 BucketNotFound"), HasSubstr("is missing, or the profile of a test may not see it"),
            HasSubstr("oci os bucket create"), HasSubstr("OCI_COMPARTMENT_ID"),
            HasSubstr("Allow group GROUP to manage objects in compartment COMPARTMENT where "
                      "target.bucket.name='bucket'"),
            HasSubstr("(request REQUEST-ID)")));
  OciOptions forbidden = options();
  forbidden.compartment = "forbidden";
  const auto made = open(forbidden)->ensure_bucket(kNever);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::denied);
  EXPECT_THAT(made.error().message, AllOf(HasSubstr("could not be made in the compartment forbidden"),
                                          HasSubstr("manage buckets")));
}

TEST(OciPolicyStatement, CallsEachPrincipalByItsName) {
  EXPECT_EQ(oci_policy_statement("profile DEFAULT", "manage objects", "b"),
            "Allow group GROUP to manage objects in compartment COMPARTMENT where target.bucket.name='b'");
  EXPECT_THAT(oci_policy_statement("instance principal, from x", "read buckets", "b"),
              StartsWith("Allow dynamic-group GROUP to read buckets"));
  EXPECT_THAT(oci_policy_statement("OKE workload identity for the token in x", "manage objects", "b"),
              AllOf(StartsWith("Allow any-user to manage objects"),
                    HasSubstr("request.principal.type='workload'"), HasSubstr("target.bucket.name='b'}")));
}

TEST_F(OciStoreTest, DoesWithAPolicyForObjectsAlone) {
  oci_.hide_bucket();
  oci_.begin_upload("k");
  const auto store = open();
  EXPECT_TRUE(store->ensure_bucket(kNever));
  EXPECT_TRUE(store->abort_unfinished_uploads("k", kNever));
  const auto warnings = store->bucket_warnings(kNever);
  ASSERT_TRUE(warnings);
  EXPECT_THAT(*warnings, ElementsAre(AllOf(HasSubstr("may not be looked at"), HasSubstr("read buckets"))));
}

TEST_F(OciStoreTest, AWriteSaysThatTheBucketIsGone) {
  const Error error = refusal(404, "BucketNotFound");
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_THAT(error.message, HasSubstr("is missing, or"));
}

TEST_F(OciStoreTest, WarnsOfWhatCostsMoneyOrHistory) {
  const auto store = open();
  EXPECT_THAT(*store->bucket_warnings(kNever), IsEmpty());
  oci_.configure("", R"({"name":"bucket","versioning":"Enabled","storageTier":"Archive","isReadOnly":true})");
  oci_.configure("l", R"({"items":[
    {"name":"old","action":"DELETE","timeAmount":30,"timeUnit":"DAYS","isEnabled":true,"target":"objects"},
    {"name":"off","action":"DELETE","timeAmount":1,"timeUnit":"DAYS","isEnabled":false},
    {"name":"uploads","action":"ABORT","timeAmount":1,"timeUnit":"DAYS","isEnabled":true,"target":"multipart-uploads"},
    {"name":"cold","action":"ARCHIVE","timeAmount":1,"timeUnit":"YEARS","isEnabled":true}]})");
  oci_.configure("retentionRules", R"({"items":[{"id":"1"},{"id":"2"}]})");
  EXPECT_THAT(*store->bucket_warnings(kNever),
              ElementsAre(HasSubstr("is versioned"), HasSubstr("takes no writes"), HasSubstr("tier Archive"),
                          HasSubstr("rule old of the bucket bucket deletes objects after 30 DAYS"),
                          HasSubstr("rule cold of the bucket bucket archives objects after 1 YEARS"),
                          HasSubstr("2 retention rules")));
}

TEST_F(OciStoreTest, GivesUpUnfinishedUploadsOfItsPrefixAlone) {
  for (const char* key : {"a/1", "a/2", "b/1"})
    oci_.begin_upload(key);
  ASSERT_TRUE(open()->abort_unfinished_uploads("a/", kNever));
  EXPECT_EQ(oci_.unfinished_uploads(), 1u);
}

// --- refusals ---

TEST_F(OciStoreTest, TellsPassingRefusalsFromOthers) {
  for (const auto& [status, code, kind] :
       {std::tuple(429, "TooManyRequests", ErrorKind::retry),
        std::tuple(500, "InternalServerError", ErrorKind::retry),
        std::tuple(503, "ServiceUnavailable", ErrorKind::retry),
        std::tuple(409, "IncorrectState", ErrorKind::retry),
        std::tuple(409, "ConcurrentObjectUpdate", ErrorKind::retry),
        std::tuple(400, "UnmatchedContentMD5", ErrorKind::retry),
        std::tuple(409, "Conflict", ErrorKind::exists), std::tuple(412, "IfMatchFailed", ErrorKind::exists),
        std::tuple(412, "IfNoneMatchFailed", ErrorKind::exists),
        std::tuple(401, "NotAuthenticated", ErrorKind::denied),
        std::tuple(403, "NotAuthorized", ErrorKind::denied),
        std::tuple(404, "NotAuthorizedOrNotFound", ErrorKind::denied),
        std::tuple(404, "NamespaceNotFound", ErrorKind::denied),
        std::tuple(400, "QuotaExceeded", ErrorKind::denied),
        std::tuple(400, "InvalidParameter", ErrorKind::invalid)}) {
    const Error error = refusal(status, code);
    EXPECT_EQ(error.kind, kind) << code << ": " << error.message;
    EXPECT_THAT(error.message, AllOf(HasSubstr(code), HasSubstr("key \"k\"")));
  }
}

TEST_F(OciStoreTest, SaysWhatToCheckWhereASignatureIsNotTaken) {
  EXPECT_THAT(refusal(401, "NotAuthenticated").message,
              AllOf(HasSubstr("the profile of a test"), HasSubstr("fingerprint"),
                    HasSubstr("oci session refresh"), HasSubstr("clock")));
}

TEST_F(OciStoreTest, SignsAnewByTheStoresClockWhereItsOwnIsWrong) {
  clock_.sleep_for(std::chrono::minutes(20), {});
  const auto store = open();
  ASSERT_TRUE(store->put("k", MemoryBody("x"), kTextContent, kNever));
  const size_t before = server_.requests().size();
  ASSERT_TRUE(store->stat("k", kNever));
  EXPECT_EQ(server_.requests().size(), before + 1) << "it is remembered";
}

TEST_F(OciStoreTest, SignsAnewWithCredentialsThatAreRenewed) {
  const auto store =
      open(options(), std::make_unique<RenewedCredentials>(OciCredentials{"ST$over", test_key()},
                                                           OciCredentials{oci_.key_id(), test_key()}));
  EXPECT_TRUE(store->put("k", MemoryBody("x"), kTextContent, kNever));
}

// oci-cli#998: a session that ended within a long upload was its end.
TEST_F(OciStoreTest, GoesOnWithAnUploadWhoseCredentialsEndUnderWay) {
  const OciCredentials first{oci_.key_id(), test_key()};
  const OciCredentials second{oci_.key_id(), test_key()};
  bool is_over = false;
  instead_ = [&](const ReceivedRequest& request) -> std::optional<ScriptedResponse> {
    const bool ends = !is_over && request.has_query("uploadPartNum=2");
    is_over = is_over || ends;
    return ends ? std::optional(oci_error_response(401, "NotAuthenticated")) : std::nullopt;
  };
  const auto store = open(options(), std::make_unique<RenewedCredentials>(first, second));
  ASSERT_TRUE(store->put("k", MemoryBody(std::string(4000, 'x')), kTextContent, kNever));
  EXPECT_TRUE(is_over);
  EXPECT_EQ(oci_.objects().at("k").content.size(), 4000u);
}

// rclone#6332: the error of a name with control characters was JSON that no reader took; and a proxy's page
// is none at all.
TEST_F(OciStoreTest, TakesARefusalByItsStatusWhereItsBodyCannotBeRead) {
  for (const char* body : {"{\"code\":\"InvalidObjectName\",\"message\":\"\\u00 \"}", "<html>", "", "{}"}) {
    instead_ = [=](const ReceivedRequest&) { return ScriptedResponse{503, {{"Retry-After", "3"}}, body}; };
    const auto put = open()->put("k", MemoryBody("x"), kTextContent, kNever);
    ASSERT_FALSE(put);
    EXPECT_EQ(put.error().kind, ErrorKind::retry) << body;
    EXPECT_EQ(put.error().retry_after, Nanoseconds(Seconds(3))) << body;
    EXPECT_THAT(put.error().message, HasSubstr("status 503"));
  }
}

TEST_F(OciStoreTest, NeverShowsATokenOrASignature) {
  const auto store = open(options(), std::make_unique<FixedCredentials<OciCredentials>>(
                                         OciCredentials{"ST$the-secret-token", test_key()}, "a test"));
  const auto put = store->put("k", MemoryBody("x"), kTextContent, kNever);
  ASSERT_FALSE(put);
  EXPECT_THAT(put.error().message, AllOf(Not(HasSubstr("the-secret-token")), Not(HasSubstr("signature="))));
}

TEST_F(OciStoreTest, NeedsARegionWhereNoEndpointIsSet) {
  const auto store = open({.bucket = "bucket"});
  const auto seen = store->stat("k", kNever);
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().kind, ErrorKind::denied);
  EXPECT_THAT(seen.error().message,
              AllOf(HasSubstr("OCI_REGION"), HasSubstr("the profile of a test names none")));
}

}  // namespace
}  // namespace rayhistory
