// The Azure rules that an emulator shows too seldom or not at all, each against the documented answer. What
// all stores do alike is conformance_test.cpp's; what happens when any request fails, azure/fault_test.cpp's.
#include "store/azure/azure_blob_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "http/curl_client.h"
#include "http/http_date.h"
#include "testing/model_azure.h"
#include "testing/skipping_clock.h"

namespace rayhistory {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const Deadline kNever = Deadline::never();
constexpr AzureLimits kSmallLimits{.block_bytes = 1000, .most_blocks = 4, .single_request_bytes = 5000};

class TestTokens final : public AccessTokenSource {
 public:
  Result<AccessToken> get(const Deadline&) override { return current; }
  void invalidate(const AccessToken& refused) override {
    if (refused == current) current = {"renewed-token"};
  }
  std::string origin() const override { return "a test"; }

  AccessToken current{"old-token"};
};

std::string list_response(std::string_view blobs, std::string_view marker = "") {
  return "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults><Blobs>" +
         std::string(blobs) + "</Blobs><NextMarker>" + std::string(marker) +
         "</NextMarker></EnumerationResults>";
}

std::string listed(std::string_view name, std::string_view more = "") {
  return "<Blob><Name>" + std::string(name) +
         "</Name><Properties><Content-Length>5</Content-Length><Etag>0x8D1</Etag>" + std::string(more) +
         "</Properties></Blob>";
}

class AzureBlobStoreTest : public testing::Test {
 protected:
  using Script = ScriptedHttpServer::Script;

  // The store of a server that does as `script` says.
  AzureBlobStore& serve(Script script, AzureCredentials credentials = AzureAccountKey{"account", "key"}) {
    script_ = std::move(script);
    AzureSignIn sign_in{*parse_url(server_.origin() + "/account", Scheme::http), std::move(credentials)};
    store_ = *AzureBlobStore::open(std::move(sign_in), "container", std::make_unique<CurlClient>(clock_),
                                   clock_, kSmallLimits);
    return *store_;
  }
  // A store of the model, which `special` may answer before.
  AzureBlobStore& serve_model(
      const std::function<std::optional<ScriptedResponse>(const ReceivedRequest&)>& special = nullptr) {
    return serve([this, special](const ReceivedRequest& request) {
      std::optional<ScriptedResponse> response = special ? special(request) : std::nullopt;
      return response ? *response : azure_.respond(request);
    });
  }
  static Script always(const ScriptedResponse& response) {
    return [response](const ReceivedRequest&) { return response; };
  }
  std::vector<std::string> keys_of(const std::string& prefix, const std::string& after) {
    const Result<ListPage> page = store_->list(prefix, after, kNever);
    std::vector<std::string> keys;
    if (!page) return {page.error().message};
    for (const ListedObject& object : page->objects)
      keys.push_back(object.key);
    return keys;
  }

  SkippingClock clock_;
  ModelAzure azure_{"container"};
  Script script_;
  ScriptedHttpServer server_{[this](const ReceivedRequest& request) { return script_(request); }};
  std::unique_ptr<AzureBlobStore> store_;
};

// --- growth ---

TEST_F(AzureBlobStoreTest, PutsASmallObjectInOneRequestUponWhatIsThere) {
  AzureBlobStore& store = serve_model();
  const auto stored = store.put("a/b?=&+ %é", MemoryBody("content"), kJsonContent, kNever);
  ASSERT_TRUE(stored) << stored.error().message;
  const std::string target = "/account/container/a/b%3F%3D%26%2B%20%25%C3%A9";
  ASSERT_THAT(server_.request_lines(), ElementsAre("HEAD " + target, "PUT " + target));
  const ReceivedRequest put = server_.requests()[1];
  EXPECT_EQ(put.header("x-ms-version"), "2021-12-02");
  EXPECT_EQ(put.header("x-ms-blob-type"), "BlockBlob");
  EXPECT_EQ(put.header("x-ms-blob-content-type"), "application/json");
  EXPECT_EQ(put.header("Content-MD5"), to_base64(as_text(md5("content"))));
  EXPECT_EQ(put.header("If-None-Match"), "*");
  EXPECT_EQ(put.header("x-ms-date"), "Mon, 23 Nov 2026 02:27:20 GMT");
  EXPECT_THAT(put.header("Authorization"), StartsWith("SharedKey account:"));

  ASSERT_TRUE(store.put("a/b?=&+ %é", MemoryBody("other"), kJsonContent, kNever));
  EXPECT_EQ(server_.requests()[3].header("If-Match"), "\"" + stored->etag + "\"");
}

TEST_F(AzureBlobStoreTest, SendsOfAGrownObjectTheLastPartialBlockAndTheNewOnes) {
  AzureBlobStore& store = serve_model();
  const std::string whole(3500, 'x');
  const auto first = store.put("k", MemoryBody(whole.substr(0, 2100)), kTextContent, kNever);
  ASSERT_TRUE(first) << first.error().message;
  const size_t before = server_.requests().size();
  const auto grown = store.extend("k", *first, MemoryBody(whole), kTextContent, kNever);
  ASSERT_TRUE(grown) << grown.error().message;
  const std::vector<ReceivedRequest> requests = server_.requests();
  ASSERT_EQ(requests.size(), before + 3);
  EXPECT_TRUE(requests[before].has_query("blockid=" + azure_block_id(2000, 3000)));
  EXPECT_EQ(requests[before].body_size, 1000u);
  EXPECT_TRUE(requests[before + 1].has_query("blockid=" + azure_block_id(3000, 3500)));
  const ReceivedRequest& list = requests[before + 2];
  EXPECT_EQ(list.header("If-Match"), "\"" + first->etag + "\"");
  EXPECT_EQ(list.header("x-ms-blob-content-type"), kTextContent) << "a block list without it would reset it";
  EXPECT_EQ(list.body, "<?xml version=\"1.0\" encoding=\"utf-8\"?><BlockList><Committed>" +
                           azure_block_id(0, 1000) + "</Committed><Committed>" + azure_block_id(1000, 2000) +
                           "</Committed><Uncommitted>" + azure_block_id(2000, 3000) +
                           "</Uncommitted><Uncommitted>" + azure_block_id(3000, 3500) +
                           "</Uncommitted></BlockList>");
  EXPECT_EQ(azure_.blobs().at("k").content(), whole);
}

TEST_F(AzureBlobStoreTest, BlockIdsAreOfOneLengthAndNeedNoEscape) {
  EXPECT_EQ(azure_block_id(0, 1).size(), azure_block_id(1ull << 47, (1ull << 48) - 1).size());
  EXPECT_NE(azure_block_id(0, 1), azure_block_id(0, 2));
  for (const uint64_t n : {uint64_t{0}, uint64_t{0xabcdef012345}, (uint64_t{1} << 48) - 1})
    EXPECT_EQ(azure_block_id(n, n).find_first_of("+/="), std::string::npos);
}

TEST_F(AzureBlobStoreTest, AnObjectOfMoreBlocksThanAzureTakesIsRefusedAndKeepsWhatItHas) {
  AzureBlobStore& store = serve_model();
  const std::string whole(4001, 'x');
  const auto full = store.put("k", MemoryBody(whole.substr(0, 4000)), kTextContent, kNever);
  ASSERT_TRUE(full) << full.error().message;
  const auto more = store.extend("k", *full, MemoryBody(whole), kTextContent, kNever);
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().kind, ErrorKind::invalid);
  EXPECT_THAT(more.error().message, HasSubstr("Azure holds 4000 at most in 4 blocks of 1000"));
  EXPECT_EQ(azure_.blobs().at("k").content().size(), 4000u);
  const AzureLimits real;
  EXPECT_EQ(real.most_blocks * real.block_bytes >> 30, 390u);
}

TEST_F(AzureBlobStoreTest, AnotherProgramsObjectWithoutBlocksIsToBePutWhole) {
  AzureBlobStore& store = serve_model();
  azure_.set("k", std::string(1500, 'x'));
  const StoredObject seen = **store.stat("k", kNever);
  const auto grown = store.extend("k", seen, MemoryBody(std::string(2500, 'x')), kTextContent, kNever);
  ASSERT_FALSE(grown);
  EXPECT_EQ(grown.error().kind, ErrorKind::exists) << grown.error().message;
  EXPECT_TRUE(store.put("k", MemoryBody(std::string(2500, 'x')), kTextContent, kNever));
}

TEST_F(AzureBlobStoreTest, ReplacesInOneRequestWhatTakesNoBlocksOfOurs) {
  for (const char* code : {"InvalidBlobOrBlock", "InvalidBlobType"}) {
    AzureBlobStore& store =
        serve_model([&](const ReceivedRequest& request) -> std::optional<ScriptedResponse> {
          if (request.has_query("comp=block")) return azure_error_response(*code == 'I' ? 400 : 409, code);
          return std::nullopt;
        });
    azure_.set("k", "another program's");
    const auto stored = store.put("k", MemoryBody(std::string(2500, 'x')), kTextContent, kNever);
    ASSERT_TRUE(stored) << stored.error().message;
    EXPECT_EQ(azure_.blobs().at("k").content(), std::string(2500, 'x'));
  }
}

TEST_F(AzureBlobStoreTest, AnotherWriterIsNoticed) {
  AzureBlobStore& store = serve_model();
  const auto first = store.put("k", MemoryBody("one"), kTextContent, kNever);
  azure_.set("k", "two");
  const auto grown = store.extend("k", *first, MemoryBody("one and more"), kTextContent, kNever);
  ASSERT_FALSE(grown);
  EXPECT_EQ(grown.error().kind, ErrorKind::exists);
  EXPECT_EQ(azure_.blobs().at("k").content(), "two");
}

TEST_F(AzureBlobStoreTest, ARepeatedExtensionFindsThatItIsDone) {
  AzureBlobStore& store = serve_model();
  const std::string whole(2500, 'x');
  const auto first = store.put("k", MemoryBody(whole.substr(0, 2100)), kTextContent, kNever);
  const auto once = store.extend("k", *first, MemoryBody(whole), kTextContent, kNever);
  // As after an answer that was lost, with the store away when it was looked at.
  const auto again = store.extend("k", *first, MemoryBody(whole), kTextContent, kNever);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(*again, *once);
}

// --- copies ---

TEST_F(AzureBlobStoreTest, WaitsForACopyThatGoesOn) {
  AzureBlobStore& store = serve_model();
  azure_.copy_slowly(3);
  const auto source = store.put("from", MemoryBody(std::string(1500, 'x')), kTextContent, kNever);
  const auto copied = store.copy("from", *source, "to", kNever);
  ASSERT_TRUE(copied) << copied.error().message;
  EXPECT_EQ(copied->size, 1500u);
  EXPECT_EQ(**store.stat("to", kNever), *copied);
  // Its blocks came along, so it grows by what is new.
  EXPECT_TRUE(store.extend("to", *copied, MemoryBody(std::string(2500, 'x')), kTextContent, kNever));
}

TEST_F(AzureBlobStoreTest, GivesUpWaitingForACopyAtTheDeadline) {
  AzureBlobStore& store = serve_model();
  azure_.copy_slowly(1000);
  const auto source = store.put("from", MemoryBody("x"), kTextContent, kNever);
  const auto copied = store.copy("from", *source, "to", Deadline::after(clock_, Seconds(30)));
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().kind, ErrorKind::cancelled);
}

TEST_F(AzureBlobStoreTest, ACopyThatIsNotWholeCountsAsEmpty) {
  AzureBlobStore& store = serve(always({200,
                                        {{"Content-Length", "100"},
                                         {"ETag", "\"0x8D1\""},
                                         {"x-ms-copy-id", "1"},
                                         {"x-ms-copy-status", "failed"}}}));
  EXPECT_EQ(store.stat("k", kNever)->value(), (StoredObject{0, "0x8D1"}));
  serve(always({200, {}, list_response(listed("k", "<CopyStatus>pending</CopyStatus>"))}));
  EXPECT_EQ(store_->list("", "", kNever)->objects.at(0).object.size, 0u);
}

TEST_F(AzureBlobStoreTest, ACopyThatFailsIsMadeAnew) {
  AzureBlobStore& store = serve([](const ReceivedRequest& request) -> ScriptedResponse {
    if (request.method == "HEAD") return azure_error_response(404, "BlobNotFound");
    return {202, {{"ETag", "\"0x8D1\""}, {"x-ms-copy-id", "1"}, {"x-ms-copy-status", "aborted"}}};
  });
  EXPECT_EQ(store.copy("from", {1, "e"}, "to", kNever).error().kind, ErrorKind::retry);
}

// --- lists ---

TEST_F(AzureBlobStoreTest, GoesOnByTheMarkerOfThePageBefore) {
  AzureBlobStore& store = serve([](const ReceivedRequest& request) -> ScriptedResponse {
    if (request.has_query("marker=m%2F1")) return {200, {}, list_response(listed("p/c"))};
    return {200, {}, list_response(listed("p/b") + listed("p/a"), "m/1")};
  });
  const auto first = store.list("p/", "", kNever);
  EXPECT_EQ(first->objects.front().key, "p/a") << "in byte order";
  EXPECT_EQ(first->next, "m/1");
  EXPECT_THAT(keys_of("p/", first->next), ElementsAre("p/c"));
  EXPECT_THAT(server_.request_lines(),
              ElementsAre("GET /account/container?comp=list&include=copy&maxresults=1000&prefix=p%2F&"
                          "restype=container",
                          "GET /account/container?comp=list&include=copy&marker=m%2F1&maxresults=1000&"
                          "prefix=p%2F&restype=container"));
}

TEST_F(AzureBlobStoreTest, ReadsOnWhenAPageShowsNothingAndEndsWhereAPageLeadsToItself) {
  serve([](const ReceivedRequest& request) -> ScriptedResponse {
    if (request.has_query("marker=2")) return {200, {}, list_response(listed("c"), "2")};
    if (request.has_query("marker=1")) return {200, {}, list_response("", "2")};
    return {200, {}, list_response(listed("a") + listed("b"), "1")};
  });
  const auto first = store_->list("", "", kNever);
  EXPECT_EQ(first->next, "1");
  EXPECT_EQ(store_->list("", first->next, kNever).error().kind, ErrorKind::invalid);
}

TEST_F(AzureBlobStoreTest, ReadsNamesThatXmlCannotHoldAndLeavesFoldersOut) {
  serve(always(
      {200,
       {},
       list_response("<Blob><Name Encoded=\"true\">a%EF%BF%BE%2Fb</Name><Properties><Content-Length>1"
                     "</Content-Length></Properties></Blob>" +
                     listed("folder", "<ResourceType>directory</ResourceType>") + listed("x &amp; y"))}));
  EXPECT_THAT(keys_of("", ""), ElementsAre("a\xEF\xBF\xBE/b", "x & y"));
}

TEST_F(AzureBlobStoreTest, AListThatIsCutShortIsReadAgain) {
  serve(always({200, {}, list_response(listed("a")).substr(0, 90)}));
  EXPECT_EQ(store_->list("", "", kNever).error().kind, ErrorKind::retry);
}

// --- the container ---

TEST_F(AzureBlobStoreTest, LosingTheRaceToCreateTheContainerIsFine) {
  AzureBlobStore& store = serve([](const ReceivedRequest& request) {
    return request.method == "HEAD" ? azure_error_response(404, "ContainerNotFound")
                                    : azure_error_response(409, "ContainerAlreadyExists");
  });
  EXPECT_TRUE(store.ensure_bucket(kNever));
  EXPECT_THAT(server_.request_lines(), ElementsAre("HEAD /account/container?restype=container",
                                                   "PUT /account/container?restype=container"));
}

TEST_F(AzureBlobStoreTest, AContainerThatIsBeingDeletedIsWaitedFor) {
  AzureBlobStore& store = serve([](const ReceivedRequest& request) {
    return request.method == "HEAD" ? azure_error_response(404, "ContainerNotFound")
                                    : azure_error_response(409, "ContainerBeingDeleted");
  });
  EXPECT_EQ(store.ensure_bucket(kNever).error().kind, ErrorKind::retry);
}

TEST_F(AzureBlobStoreTest, ASignatureForTheContainersBlobsAloneIsEnough) {
  AzureBlobStore& store = serve(always(azure_error_response(403, "AuthorizationPermissionMismatch")));
  EXPECT_TRUE(store.ensure_bucket(kNever));
  AzureBlobStore& wrong_key = serve(always(azure_error_response(403, "AuthenticationFailed")));
  EXPECT_EQ(wrong_key.ensure_bucket(kNever).error().kind, ErrorKind::denied);
}

TEST_F(AzureBlobStoreTest, AMissingContainerIsNoMissingObject) {
  AzureBlobStore& store = serve(always(azure_error_response(404, "ContainerNotFound")));
  EXPECT_EQ(store.stat("k", kNever).error().kind, ErrorKind::denied);
  const auto put = store.put("k", MemoryBody(std::string(2000, 'x')), kTextContent, kNever);
  EXPECT_EQ(put.error().kind, ErrorKind::denied);
  EXPECT_THAT(put.error().message, HasSubstr("check AZURE_STORAGE_CONTAINER"));
}

// --- errors ---

TEST_F(AzureBlobStoreTest, SaysWhichContainerKeyStatusCodeRequestAndSetting) {
  AzureBlobStore& store = serve(always(azure_error_response(403, "AuthenticationFailed")));
  const Error error = store.get("some/key", 0, 1, kNever).error();
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_THAT(
      error.message,
      AllOf(HasSubstr("azure GET container container, key \"some/key\": status 403 "
                      "AuthenticationFailed: The message of AuthenticationFailed (request REQUEST-ID)"),
            HasSubstr("AZURE_STORAGE_CONNECTION_STRING"), Not(HasSubstr("\n"))));
}

TEST_F(AzureBlobStoreTest, ThrottlingIsWaitedOutAsLongAsAzureAsks) {
  ScriptedResponse busy = azure_error_response(503, "ServerBusy");
  busy.headers.emplace_back("Retry-After", "7");
  AzureBlobStore& store = serve(always(busy));
  const Error error = store.stat("k", kNever).error();
  EXPECT_EQ(error.kind, ErrorKind::retry);
  EXPECT_EQ(error.retry_after, Seconds(7));
}

TEST_F(AzureBlobStoreTest, SignsAnewByAzuresClockWhenItsOwnIsWrong) {
  const int64_t theirs = clock_.unix_nanoseconds() + Nanoseconds(std::chrono::hours(3)).count();
  AzureBlobStore& store = serve([&](const ReceivedRequest& request) -> ScriptedResponse {
    if (request.header("x-ms-date") == format_http_date(theirs))
      return {200, {{"ETag", "\"0x8D1\""}}, "content"};
    ScriptedResponse refusal = azure_error_response(403, "AuthenticationFailed");
    refusal.headers.emplace_back("Date", format_http_date(theirs));
    return refusal;
  });
  EXPECT_TRUE(store.stat("k", kNever));
  EXPECT_TRUE(store.stat("k", kNever));
  EXPECT_EQ(server_.requests().size(), 3u) << "learned once";
}

TEST_F(AzureBlobStoreTest, TellsThatASharedAccessSignatureHasExpired) {
  ScriptedResponse refusal{
      403,
      {{"x-ms-request-id", "R"}},
      "<Error><Code>AuthenticationFailed</Code><Message>Server failed to authenticate the "
      "request.</Message><AuthenticationErrorDetail>Signature not valid in the specified "
      "time frame: Start [a] - Expiry [b] - Current [c]</AuthenticationErrorDetail></Error>"};
  AzureBlobStore& store = serve(always(refusal), AzureSharedAccessSignature{"sv=1&sig=s3cret%3D"});
  const Error error = store.stat("k", kNever).error();
  const Error put = store.put("k", MemoryBody("x"), kTextContent, kNever).error();
  const Error copy = store.copy("k", {1, "e"}, "to", kNever).error();
  serve(always({403, {}, refusal.body}), AzureSharedAccessSignature{"sv=1&sig=s3cret%3D"});
  const Error get = store_->get("k", 0, 1, kNever).error();
  EXPECT_THAT(get.message, AllOf(HasSubstr("Expiry [b]"), HasSubstr("has expired")));
  for (const Error& told : {error, put, copy, get})
    EXPECT_THAT(told.message, Not(HasSubstr("s3cret")));
}

TEST_F(AzureBlobStoreTest, SendsTheSharedAccessSignatureWithEachRequestAndWithTheSourceOfACopy) {
  AzureBlobStore& store = serve([this](const ReceivedRequest& request) { return azure_.respond(request); },
                                AzureSharedAccessSignature{"sv=1&sig=s3cret%3D"});
  const auto stored = store.put("from", MemoryBody("x"), kTextContent, kNever);
  ASSERT_TRUE(stored) << stored.error().message;
  for (const ReceivedRequest& request : server_.requests()) {
    EXPECT_TRUE(request.has_query("sig=s3cret%3D"));
    EXPECT_EQ(request.headers.find("Authorization"), std::nullopt);
  }
  (void)store.copy("from", *stored, "to", kNever);
  EXPECT_THAT(server_.requests().back().header("x-ms-copy-source"),
              AllOf(StartsWith(server_.origin()), testing::EndsWith("/from?sv=1&sig=s3cret%3D")));
}

TEST_F(AzureBlobStoreTest, AsksForAnotherTokenWhenOneIsRefused) {
  AzureBlobStore& store = serve(
      [](const ReceivedRequest& request) -> ScriptedResponse {
        if (request.header("Authorization") != "Bearer renewed-token")
          return azure_error_response(401, "InvalidAuthenticationInfo");
        return {200, {{"ETag", "\"0x8D1\""}}, "content"};
      },
      std::make_unique<TestTokens>());
  EXPECT_TRUE(store.stat("k", kNever));
  EXPECT_EQ(server_.requests().size(), 2u);
}

TEST_F(AzureBlobStoreTest, TellsTheRoleThatIsMissing) {
  AzureBlobStore& store = serve(always(azure_error_response(403, "AuthorizationPermissionMismatch")),
                                std::make_unique<TestTokens>());
  const Error error = store.get("k", 0, 1, kNever).error();
  EXPECT_THAT(error.message,
              AllOf(HasSubstr("Storage Blob Data Contributor"), HasSubstr("signed in by a test")));
  EXPECT_THAT(error.message, Not(HasSubstr("token")));
}

TEST_F(AzureBlobStoreTest, AKeyThatIsTooLongIsRefusedBeforeItIsSent) {
  AzureBlobStore& store = serve_model();
  std::string umlauts;
  for (int i = 0; i < 1024; ++i)
    umlauts += "ü";
  EXPECT_TRUE(store.put(umlauts, MemoryBody("x"), kTextContent, kNever)) << "1,024 characters are allowed";
  const size_t before = server_.requests().size();
  EXPECT_EQ(store.put(umlauts + "x", MemoryBody("x"), kTextContent, kNever).error().kind, ErrorKind::invalid);
  EXPECT_EQ(server_.requests().size(), before);
}

TEST_F(AzureBlobStoreTest, RefusesAContainerNameThatAzureWould) {
  for (const char* name : {"", "ab", "Upper", "a--b", "-ab", "ab-", "a_b", "$root", "a/b"}) {
    const auto opened = AzureBlobStore::open(
        {*parse_url("https://a.blob.core.windows.net", Scheme::https), AzureAccountKey{}}, name,
        std::make_unique<CurlClient>(clock_), clock_);
    ASSERT_FALSE(opened) << name;
    EXPECT_THAT(opened.error().message, StartsWith("AZURE_STORAGE_CONTAINER"));
  }
}

// --- warnings ---

TEST_F(AzureBlobStoreTest, WarnsOfWhatCostsMoneyOrHistory) {
  AzureBlobStore& store = serve([](const ReceivedRequest& request) -> ScriptedResponse {
    if (request.has_query("comp=properties")) {
      return {
          200,
          {},
          "\xEF\xBB\xBF<StorageServiceProperties><DeleteRetentionPolicy><Enabled>true</Enabled><Days>7</Days>"
          "</DeleteRetentionPolicy></StorageServiceProperties>"};
    }
    if (request.has_query("restype=container")) return {200, {{"x-ms-has-immutability-policy", "true"}}};
    if (request.method == "HEAD") return azure_error_response(404, "BlobNotFound");
    return {201, {{"ETag", "\"0x8D1\""}, {"x-ms-version-id", "2026-11-23T02:27:20.0000000Z"}}};
  });
  ASSERT_TRUE(store.put("k", MemoryBody("x"), kTextContent, kNever));
  const auto warnings = store.bucket_warnings(kNever);
  ASSERT_TRUE(warnings) << warnings.error().message;
  EXPECT_THAT(*warnings, ElementsAre(HasSubstr("immutability policy"), HasSubstr("for 7 days (soft delete"),
                                     HasSubstr("keeps versions")));
  EXPECT_EQ(server_.request_lines().back(), "GET /account/?comp=properties&restype=service");
}

TEST_F(AzureBlobStoreTest, WarnsOfWhatItMayNotLookAtAndOfNothingElse) {
  AzureBlobStore& store = serve([](const ReceivedRequest& request) -> ScriptedResponse {
    if (request.has_query("comp=properties"))
      return azure_error_response(403, "AuthorizationPermissionMismatch");
    return {200};
  });
  EXPECT_THAT(*store.bucket_warnings(kNever),
              ElementsAre(HasSubstr("Microsoft.Storage/storageAccounts/blobServices/read")));
  AzureBlobStore& plain = serve([](const ReceivedRequest& request) -> ScriptedResponse {
    if (!request.has_query("comp=properties")) return {200};
    return {
        200,
        {},
        "<StorageServiceProperties><DeleteRetentionPolicy><Enabled>false</Enabled></DeleteRetentionPolicy>"
        "</StorageServiceProperties>"};
  });
  EXPECT_THAT(*plain.bucket_warnings(kNever), IsEmpty());
}

}  // namespace
}  // namespace rayhistory
