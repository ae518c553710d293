// What every Store does alike, over each of them. A back end that comes later is one more line in kBackends;
// where one cannot do what the others do, its deviation is named there.
//
// The S3 store runs against a real server, which RAYHISTORY_TEST_S3_ENDPOINT, RAYHISTORY_TEST_S3_ACCESS_KEY
// and RAYHISTORY_TEST_S3_SECRET_KEY name ("127.0.0.1:9000", http); without them its tests are skipped. So
// does Azure Blob's, with RAYHISTORY_TEST_AZURE_CONNECTION_STRING.
// Google Cloud Storage's store runs against a model of ours, which plays the documented rules, and against
// the emulator fake-gcs-server, which RAYHISTORY_TEST_GCS_HOST names. Alibaba Cloud OSS has no emulator; its
// store runs against a model that verifies each signature. Nor has Oracle's Object Storage: its store runs
// against a model that verifies each signature, and against the gateway of tests/process/harness, which
// RAYHISTORY_TEST_OCI_ENDPOINT, RAYHISTORY_TEST_OCI_COMPARTMENT and RAYHISTORY_TEST_OCI_CONFIG_FILE name.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "store/local/local_folder_store.h"
#include "store/open/open_store.h"
#include "testing/memory_store.h"
#include "testing/model_gcs.h"
#include "testing/model_oci.h"
#include "testing/model_oss.h"
#include "testing/scripted_http_server.h"
#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

enum class Backend { memory, local, s3, azure, gcs_model, gcs_emulator, oss_model, oci_model, oci_gateway };

const char* environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::unique_ptr<Store> make_s3_store() {
  StoreOptions options;
  options.backend = StoreBackend::s3;
  options.s3.bucket = "conformance";
  options.s3.endpoint = environment("RAYHISTORY_TEST_S3_ENDPOINT");
  options.s3.disable_ssl = true;
  options.aws.keys = {environment("RAYHISTORY_TEST_S3_ACCESS_KEY"),
                      environment("RAYHISTORY_TEST_S3_SECRET_KEY"), ""};
  Result<std::unique_ptr<Store>> store = open_store_without_retries(options, system_clock());
  CHECK(store.has_value());
  return std::move(*store);
}

std::unique_ptr<Store> make_azure_store() {
  StoreOptions options;
  options.backend = StoreBackend::azureblob;
  options.azure.container = "conformance";
  options.azure.connection_string = environment("RAYHISTORY_TEST_AZURE_CONNECTION_STRING");
  Result<std::unique_ptr<Store>> store = open_store_without_retries(options, system_clock());
  CHECK(store.has_value());
  return std::move(*store);
}

// Bytes that differ at each place, so that a part out of order is seen.
std::string some_bytes(size_t size, char seed) {
  std::string bytes(size, '\0');
  uint32_t state = static_cast<unsigned char>(seed) + 1u;
  for (char& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<char>(state >> 24);
  }
  return bytes;
}

// Deviations: the key as this store gives it back in lists.
std::string as_listed(Backend backend, std::string key) {
  // Azure takes a backslash for a slash, wherever a key is named, so such a key is found all the same.
  if (backend == Backend::azure) std::replace(key.begin(), key.end(), '\\', '/');
  return key;
}

constexpr size_t kMiB = 1024 * 1024;

std::unique_ptr<Store> make_gcs_store(const std::string& host) {
  StoreOptions options;
  options.backend = StoreBackend::gcs;
  options.gcs = {.bucket = "conformance", .emulator_host = host, .root = "", .project = ""};
  Result<std::unique_ptr<Store>> store = open_store_without_retries(options, system_clock());
  CHECK(store.has_value());
  return std::move(*store);
}

const AwsCredentials kOssKeys{"LTAI-conformance", "the/secret+key", "the-security-token"};

// localhost has subdomains, so the bucket is part of the host's name, as it is at OSS.
std::unique_ptr<Store> make_oss_store(uint16_t port) {
  StoreOptions options;
  options.backend = StoreBackend::aliyunoss;
  options.oss = {.bucket = "conformance",
                 .endpoint = "http://localhost:" + std::to_string(port),
                 .region = "cn-hangzhou"};
  options.alibaba.oss_keys = kOssKeys;
  Result<std::unique_ptr<Store>> store = open_store_without_retries(options, system_clock());
  CHECK(store.has_value());
  return std::move(*store);
}

std::unique_ptr<Store> make_oci_store(const std::string& endpoint, const std::string& compartment,
                                      const std::string& config_file) {
  StoreOptions options;
  options.backend = StoreBackend::oci;
  options.oci.bucket = "conformance";
  options.oci.endpoint = endpoint;
  options.oci.compartment = compartment;
  options.oracle.config_file = config_file;
  Result<std::unique_ptr<Store>> store = open_store_without_retries(options, system_clock());
  CHECK(store.has_value());
  return std::move(*store);
}

// Where a back end's stand-in does not do what the store that it stands for documents.
const char* deviation(Backend backend, std::string_view test) {
  // fake-gcs-server (fakestorage/object.go, composeObject and rewriteObject) reads no precondition there. The
  // model does, as Cloud Storage's documentation has it, and runs these tests.
  if (backend == Backend::gcs_emulator &&
      (test.starts_with("DoesNotExtend") || test.starts_with("DoesNotCopyAnotherObject")))
    return "fake-gcs-server ignores ifGenerationMatch in compose and rewrite";
  if (test.starts_with("DoesNotReplace")) {
    if (backend == Backend::local) return "no write of a folder outlives its process";
    if (backend == Backend::azure)
      return "what is replaced is looked at first, and the write says what it saw";
    if (backend == Backend::oss_model && test.find("NothingWasThere") == std::string_view::npos)
      return "OSS has no If-Match on a write";
  }
  return nullptr;
}

class StoreConformance : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    switch (GetParam()) {
      case Backend::memory:
        store_ = std::make_unique<MemoryStore>();
        break;
      case Backend::local:
        store_ = std::make_unique<LocalFolderStore>(folder_ / "store", system_clock());
        break;
      case Backend::s3:
        if (*environment("RAYHISTORY_TEST_S3_ENDPOINT") == '\0')
          GTEST_SKIP() << "no S3 server: RAYHISTORY_TEST_S3_ENDPOINT is not set";
        store_ = make_s3_store();
        break;
      case Backend::azure:
        if (*environment("RAYHISTORY_TEST_AZURE_CONNECTION_STRING") == '\0')
          GTEST_SKIP() << "no Azure server: RAYHISTORY_TEST_AZURE_CONNECTION_STRING is not set";
        store_ = make_azure_store();
        break;
      case Backend::gcs_model:
        server_ = std::make_unique<ScriptedHttpServer>(
            [this](const ReceivedRequest& request) { return gcs_.respond(request); }, 32 * kMiB);
        store_ = make_gcs_store(server_->origin());
        break;
      case Backend::gcs_emulator:
        if (*environment("RAYHISTORY_TEST_GCS_HOST") == '\0')
          GTEST_SKIP() << "no emulator of Cloud Storage: RAYHISTORY_TEST_GCS_HOST is not set";
        store_ = make_gcs_store(environment("RAYHISTORY_TEST_GCS_HOST"));
        break;
      case Backend::oss_model:
        server_ = std::make_unique<ScriptedHttpServer>(
            [this](const ReceivedRequest& request) { return oss_.respond(request); }, 32 * kMiB);
        store_ = make_oss_store(server_->port());
        break;
      case Backend::oci_model:
        server_ = std::make_unique<ScriptedHttpServer>(
            [this](const ReceivedRequest& request) { return oci_.respond(request); }, 32 * kMiB);
        store_ = make_oci_store(server_->origin(), "ocid1.compartment", oci_.write_config(folder_));
        break;
      case Backend::oci_gateway:
        if (*environment("RAYHISTORY_TEST_OCI_ENDPOINT") == '\0')
          GTEST_SKIP() << "no gateway of Oracle's: RAYHISTORY_TEST_OCI_ENDPOINT is not set";
        store_ = make_oci_store(environment("RAYHISTORY_TEST_OCI_ENDPOINT"),
                                environment("RAYHISTORY_TEST_OCI_COMPARTMENT"),
                                environment("RAYHISTORY_TEST_OCI_CONFIG_FILE"));
        break;
    }
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    if (const char* why = deviation(GetParam(), test->name())) GTEST_SKIP() << "declared deviation: " << why;
    ASSERT_TRUE(store_->ensure_bucket(soon_));
  }

  std::string key(std::string_view name) const { return prefix_ + std::string(name); }

  StoredObject put(const std::string& key, const std::string& content) {
    Result<StoredObject> stored = store_->put(key, MemoryBody(content), kTextContent, soon_);
    EXPECT_TRUE(stored) << stored.error().message;
    return stored ? *stored : StoredObject{};
  }

  std::string content(const std::string& key) {
    Result<std::string> content = store_->get(key, 0, UINT32_MAX, soon_);
    EXPECT_TRUE(content) << content.error().message;
    return content ? *content : "";
  }

  std::vector<std::string> all_keys(const std::string& prefix) {
    std::vector<std::string> keys;
    std::string cursor;
    do {
      Result<ListPage> page = store_->list(prefix, cursor, soon_);
      EXPECT_TRUE(page) << page.error().message;
      if (!page) break;
      EXPECT_LE(page->objects.size(), 1000u);
      for (const ListedObject& listed : page->objects)
        keys.push_back(listed.key.substr(prefix_.size()));
      cursor = page->next;
    } while (!cursor.empty());
    // Some servers of S3's protocol keep no order (rclone: a folder's keys where its name is).
    if (GetParam() == Backend::s3) std::sort(keys.begin(), keys.end());
    return keys;
  }

  const TemporaryFolder folder_;
  ModelGcs gcs_{"conformance"};
  ModelOci oci_{"conformance", system_clock()};
  ModelOss oss_{"conformance", "cn-hangzhou", kOssKeys, system_clock()};
  std::unique_ptr<ScriptedHttpServer> server_;
  const std::string prefix_ = "test-" + random_hex(8) + "/";  // the server's bucket is shared by all tests
  std::unique_ptr<Store> store_;
  // Longer than any of these takes, so that a hang is an error and not a hang.
  const Deadline soon_ = Deadline::after(system_clock(), Seconds(120));
};

TEST_P(StoreConformance, EnsuresABucketThatIsThereAlready) {
  EXPECT_TRUE(store_->ensure_bucket(soon_));
  EXPECT_TRUE(store_->ensure_bucket(soon_));
}

TEST_P(StoreConformance, GivesBackWhatWasPut) {
  for (const size_t size : {size_t{0}, size_t{1}, size_t{255}, size_t{64 * 1024}, 3 * kMiB + 1}) {
    const std::string bytes = some_bytes(size, 'a');
    const std::string name = key("size/" + std::to_string(size));
    const StoredObject stored = put(name, bytes);
    EXPECT_EQ(stored.size, size);
    EXPECT_EQ(content(name), bytes) << size;
    const Result<std::optional<StoredObject>> seen = store_->stat(name, soon_);
    ASSERT_TRUE(seen);
    EXPECT_EQ(*seen, stored) << size;
  }
}

TEST_P(StoreConformance, KeepsEveryCharacterOfAKey) {
  const std::vector<std::string> names = {
      "restful__api__v0__placement_groups?detail=1&limit=10000",
      "a=b&c+d e%20f%",
      "~tilde*star@at!bang'quote(paren)",
      "semi;colon:comma,dollar$hash#pipe|",
      "äöü-日本-😀",
      "quote\"less<greater>back\\slash",
      "brackets[0]{1}^`",
      "a..b/...c/.d",
      "tab\tend",
  };
  for (const std::string& name : names)
    put(key(name), name);
  for (const std::string& name : names) {
    EXPECT_EQ(content(key(name)), name);
    const auto seen = store_->stat(key(name), soon_);
    EXPECT_TRUE(seen && *seen) << name;
  }
  std::vector<std::string> sorted;
  sorted.reserve(names.size());
  for (const std::string& name : names)
    sorted.push_back(as_listed(GetParam(), name));
  std::sort(sorted.begin(), sorted.end());
  EXPECT_THAT(all_keys(prefix_), ElementsAreArray(sorted));
}

TEST_P(StoreConformance, ReplacesAnObjectAsAWhole) {
  const StoredObject first = put(key("x"), "the first, longer content");
  const StoredObject second = put(key("x"), "second");
  EXPECT_EQ(content(key("x")), "second");
  EXPECT_NE(first, second);
}

TEST_P(StoreConformance, ReplacesWhatIsKnownToBeThere) {
  std::optional<StoredObject> before;
  for (const char* text : {"first", "", "third", "the fourth"}) {
    const auto stored = store_->replace(key("x"), before, MemoryBody(text), kTextContent, soon_);
    ASSERT_TRUE(stored) << stored.error().message;
    EXPECT_EQ(content(key("x")), text);
    before = *stored;
  }
}

// Of a collector that was killed while it sent.
TEST_P(StoreConformance, DoesNotReplaceWhatWasStoredSinceNothingWasThere) {
  put(key("x"), "what its successor stored");
  const auto late = store_->replace(key("x"), {}, MemoryBody("what its"), kTextContent, soon_);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::exists) << late.error().message;
  EXPECT_EQ(content(key("x")), "what its successor stored");
}

TEST_P(StoreConformance, DoesNotReplaceWhatWasStoredSince) {
  const StoredObject first = put(key("x"), "what");
  put(key("x"), "what its successor stored");
  const MemoryBody body("what its");
  const auto late = store_->replace(key("x"), first, body, kTextContent, soon_);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::exists) << late.error().message;
  const auto extended = store_->extend(key("x"), first, body, kTextContent, soon_);
  ASSERT_FALSE(extended);
  EXPECT_EQ(extended.error().kind, ErrorKind::exists) << extended.error().message;
  EXPECT_EQ(content(key("x")), "what its successor stored");
}

TEST_P(StoreConformance, DoesNotReplaceWhatIsGone) {
  const StoredObject first = put(key("x"), "what");
  ASSERT_TRUE(store_->remove(key("x"), soon_));
  const auto late = store_->replace(key("x"), first, MemoryBody("what its"), kTextContent, soon_);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::exists) << late.error().message;
}

TEST_P(StoreConformance, SaysNothingIsThere) {
  const auto seen = store_->stat(key("none"), soon_);
  ASSERT_TRUE(seen);
  EXPECT_FALSE(seen->has_value());
  const auto got = store_->get(key("none"), 0, 10, soon_);
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().kind, ErrorKind::not_found);
  const auto nothing = store_->get(key("none"), 0, 0, soon_);
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().kind, ErrorKind::not_found);
  const auto copied = store_->copy(key("none"), {10, ""}, key("to"), soon_);
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().kind, ErrorKind::not_found);
}

TEST_P(StoreConformance, GetsRanges) {
  put(key("x"), "0123456789");
  EXPECT_EQ(*store_->get(key("x"), 0, 4, soon_), "0123");
  EXPECT_EQ(*store_->get(key("x"), 4, 3, soon_), "456");
  EXPECT_EQ(*store_->get(key("x"), 8, 100, soon_), "89");
  EXPECT_EQ(*store_->get(key("x"), 3, UINT64_MAX, soon_), "3456789");
  EXPECT_EQ(*store_->get(key("x"), 10, 5, soon_), "");
  EXPECT_EQ(*store_->get(key("x"), 1000, 5, soon_), "");
  EXPECT_EQ(*store_->get(key("x"), 5, 0, soon_), "");
  put(key("empty"), "");
  EXPECT_EQ(*store_->get(key("empty"), 0, 5, soon_), "");
}

TEST_P(StoreConformance, ListsInByteOrder) {
  for (const char* name : {"a-b", "a/b", "a/c/d", "a.b", "a0", "b"})
    put(key(name), "x");
  EXPECT_THAT(all_keys(prefix_), ElementsAre("a-b", "a.b", "a/b", "a/c/d", "a0", "b"));
  EXPECT_THAT(all_keys(key("a/")), ElementsAre("a/b", "a/c/d"));
  EXPECT_THAT(all_keys(key("a")), ElementsAre("a-b", "a.b", "a/b", "a/c/d", "a0"));
  EXPECT_THAT(all_keys(key("nothing/")), ElementsAre());
}

TEST_P(StoreConformance, ListsSizesAndTagsAsStatDoes) {
  put(key("x"), "12345");
  const Result<ListPage> page = store_->list(prefix_, "", soon_);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->objects.size(), 1u);
  EXPECT_EQ(page->objects[0].object, store_->stat(key("x"), soon_)->value());
  EXPECT_EQ(page->objects[0].object.size, 5u);
  EXPECT_EQ(page->next, "");
}

TEST_P(StoreConformance, SaysWhenAnObjectWasWrittenInListsAsInStat) {
  // Of the server's clock, and of those who look at it; another unit or time zone is further off.
  constexpr int64_t kTolerance = Nanoseconds(std::chrono::minutes(20)).count();
  const int64_t now = system_clock().unix_nanoseconds();
  const std::string whole = some_bytes(6 * kMiB, 'w');
  const MemoryBody body(whole);
  std::map<std::string, StoredObject> written;
  written[key("put")] = put(key("put"), "12345");
  put(key("extended"), whole.substr(0, 5 * kMiB));
  const StoredObject before = store_->stat(key("extended"), soon_)->value();
  written[key("extended")] = *store_->extend(key("extended"), before, body, kTextContent, soon_);
  written[key("copied")] = *store_->copy(key("put"), written[key("put")], key("copied"), soon_);

  const Result<ListPage> page = store_->list(prefix_, "", soon_);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->objects.size(), written.size());
  for (const auto& [name, object] : page->objects) {
    ASSERT_TRUE(object.modified_nanoseconds) << name;
    EXPECT_NEAR(*object.modified_nanoseconds, now, kTolerance) << name;
    EXPECT_EQ(store_->stat(name, soon_)->value().modified_nanoseconds, object.modified_nanoseconds) << name;
    // Not every store's answer to a write says it; none says another.
    const auto told = written.at(name).modified_nanoseconds;
    EXPECT_EQ(told.value_or(*object.modified_nanoseconds), *object.modified_nanoseconds) << name;
  }
}

TEST_P(StoreConformance, ListsPageByPage) {
  // Azurite takes 10 ms for a request.
  const int objects = GetParam() == Backend::azure ? 1100 : 2100;
  constexpr int kThreads = 4;
  std::vector<std::thread> writers;
  writers.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    writers.emplace_back([this, thread, objects] {
      for (int i = thread; i < objects; i += kThreads)
        put(key("page/" + std::to_string(100000 + i)), "");
    });
  }
  for (std::thread& writer : writers)
    writer.join();
  const std::vector<std::string> keys = all_keys(key("page/"));
  ASSERT_EQ(keys.size(), static_cast<size_t>(objects));
  EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
  EXPECT_EQ(std::adjacent_find(keys.begin(), keys.end()), keys.end());
  const Result<ListPage> first = store_->list(key("page/"), "", soon_);
  ASSERT_TRUE(first);
  EXPECT_EQ(first->objects.size(), 1000u);
  EXPECT_NE(first->next, "");
}

TEST_P(StoreConformance, ExtendsAnObjectManyTimes) {
  const std::string whole = some_bytes(18 * kMiB, 'e');
  std::string so_far = whole.substr(0, 1000);
  StoredObject stored = put(key("x"), so_far);
  // From below S3's least part size to above, by little and by much.
  for (const size_t size :
       {size_t{1001}, 5 * kMiB - 1, 5 * kMiB, 5 * kMiB + 1, 6 * kMiB, 17 * kMiB, 18 * kMiB}) {
    so_far = whole.substr(0, size);
    Result<StoredObject> extended = store_->extend(key("x"), stored, MemoryBody(so_far), kTextContent, soon_);
    ASSERT_TRUE(extended) << size << ": " << extended.error().message;
    stored = *extended;
    EXPECT_EQ(stored.size, size);
    EXPECT_EQ(store_->stat(key("x"), soon_)->value(), stored) << size;
    EXPECT_TRUE(content(key("x")) == so_far) << size;
  }
}

TEST_P(StoreConformance, ExtendsByNothing) {
  for (const size_t size : {size_t{10}, 6 * kMiB}) {
    const std::string bytes = some_bytes(size, 'n');
    const StoredObject stored = put(key("x"), bytes);
    Result<StoredObject> extended = store_->extend(key("x"), stored, MemoryBody(bytes), kTextContent, soon_);
    ASSERT_TRUE(extended) << extended.error().message;
    EXPECT_EQ(extended->size, size);
    EXPECT_TRUE(content(key("x")) == bytes);
  }
}

TEST_P(StoreConformance, DoesNotExtendWhatIsNotThere) {
  const std::string whole = some_bytes(7 * kMiB, 'g');
  const StoredObject stored = put(key("x"), whole.substr(0, 6 * kMiB));
  ASSERT_TRUE(store_->remove(key("x"), soon_));
  const auto extended = store_->extend(key("x"), stored, MemoryBody(whole), kTextContent, soon_);
  ASSERT_FALSE(extended);
  EXPECT_EQ(extended.error().kind, ErrorKind::exists) << extended.error().message;
  EXPECT_FALSE(store_->stat(key("x"), soon_)->has_value());
}

TEST_P(StoreConformance, DoesNotExtendAnotherObject) {
  const std::string whole = some_bytes(7 * kMiB, 'g');
  const StoredObject stored = put(key("x"), whole.substr(0, 6 * kMiB));
  const std::string other = some_bytes(6 * kMiB + 5, 'o');
  put(key("x"), other);
  const auto extended = store_->extend(key("x"), stored, MemoryBody(whole), kTextContent, soon_);
  ASSERT_FALSE(extended);
  EXPECT_EQ(extended.error().kind, ErrorKind::exists) << extended.error().message;
  EXPECT_TRUE(content(key("x")) == other);
}

TEST_P(StoreConformance, ExtendsAKeyOfOddCharacters) {
  const std::string name = key("a+b %41?x=1&y#é/раз.out");
  const std::string whole = some_bytes(6 * kMiB, 'k');
  const StoredObject stored = put(name, whole.substr(0, 5 * kMiB));
  const auto extended = store_->extend(name, stored, MemoryBody(whole), kTextContent, soon_);
  ASSERT_TRUE(extended) << extended.error().message;
  EXPECT_TRUE(content(name) == whole);
}

TEST_P(StoreConformance, CopiesOnTheServer) {
  for (const std::string from : {"plain", "odd +%3F?v=1&é"}) {
    const StoredObject stored = put(key(from), "content of " + from);
    put(key("to"), "something else");
    const auto copied = store_->copy(key(from), stored, key("to"), soon_);
    ASSERT_TRUE(copied) << copied.error().message;
    EXPECT_EQ(copied->size, stored.size);
    EXPECT_EQ(store_->stat(key("to"), soon_)->value(), *copied);
    EXPECT_EQ(content(key("to")), "content of " + from);
    EXPECT_EQ(content(key(from)), "content of " + from);
  }
}

TEST_P(StoreConformance, DoesNotCopyAnotherObject) {
  const StoredObject stored = put(key("from"), "the first content");
  put(key("from"), "another content");
  const auto copied = store_->copy(key("from"), stored, key("to"), soon_);
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().kind, ErrorKind::exists) << copied.error().message;
  EXPECT_FALSE(store_->stat(key("to"), soon_)->has_value());
}

TEST_P(StoreConformance, Removes) {
  put(key("x"), "x");
  EXPECT_TRUE(store_->remove(key("x"), soon_));
  EXPECT_FALSE(store_->stat(key("x"), soon_)->has_value());
  EXPECT_TRUE(store_->remove(key("x"), soon_));
}

TEST_P(StoreConformance, AbortsUnfinishedUploadsAndTouchesNoObject) {
  put(key("x"), "x");
  EXPECT_TRUE(store_->abort_unfinished_uploads(prefix_, soon_));
  EXPECT_EQ(content(key("x")), "x");
}

TEST_P(StoreConformance, StopsWhenItIsAskedTo) {
  std::stop_source stop;
  stop.request_stop();
  const Deadline stopped = Deadline::never(stop.get_token());
  const auto put_outcome = store_->put(key("x"), MemoryBody("x"), kTextContent, stopped);
  ASSERT_FALSE(put_outcome);
  EXPECT_EQ(put_outcome.error().kind, ErrorKind::cancelled);
  const auto listed = store_->list(prefix_, "", stopped);
  ASSERT_FALSE(listed);
  EXPECT_EQ(listed.error().kind, ErrorKind::cancelled);
  EXPECT_FALSE(store_->stat(key("x"), soon_)->has_value());
}

TEST_P(StoreConformance, ServesManyThreads) {
  constexpr int kThreads = 8;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([this, thread] {
      std::string so_far;
      for (int i = 0; i < 20; ++i) {
        const std::string name = key("thread/" + std::to_string(thread));
        so_far += std::to_string(i) + "\n";
        const StoredObject stored = put(name, so_far);
        const std::string longer = so_far + "more";
        const auto extended = store_->extend(name, stored, MemoryBody(longer), kTextContent, soon_);
        EXPECT_TRUE(extended) << extended.error().message;
        EXPECT_EQ(content(name), longer);
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(all_keys(key("thread/")).size(), static_cast<size_t>(kThreads));
}

INSTANTIATE_TEST_SUITE_P(Over, StoreConformance,
                         testing::Values(Backend::memory, Backend::local, Backend::s3, Backend::azure,
                                         Backend::gcs_model, Backend::gcs_emulator, Backend::oss_model,
                                         Backend::oci_model, Backend::oci_gateway),
                         [](const testing::TestParamInfo<Backend>& backend) -> std::string {
                           switch (backend.param) {
                             case Backend::memory:
                               return "Memory";
                             case Backend::local:
                               return "LocalFolder";
                             case Backend::s3:
                               return "S3";
                             case Backend::azure:
                               return "Azure";
                             case Backend::gcs_model:
                               return "GcsModel";
                             case Backend::gcs_emulator:
                               return "GcsEmulator";
                             case Backend::oss_model:
                               return "OssModel";
                             case Backend::oci_model:
                               return "OciModel";
                             case Backend::oci_gateway:
                               return "OciGateway";
                           }
                           return "?";
                         });

}  // namespace
}  // namespace rayhistory
