// Every single request of an object's life goes wrong in every way, one at a time, and the object is whole
// all the same.
#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/curl_client.h"
#include "store/azure/azure_blob_store.h"
#include "store/retrying_store.h"
#include "testing/model_azure.h"
#include "testing/skipping_clock.h"

namespace rayhistory {
namespace {

// Azure's own would make each of the hundred lives move many megabytes.
constexpr AzureLimits kSmallLimits{.block_bytes = 1000, .most_blocks = 100, .single_request_bytes = 5000};
constexpr size_t kAllBytes = 5500;

std::string some_bytes(size_t size) {
  std::string bytes(size, ' ');
  for (size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<char>(i * 7 + i / 251);
  return bytes;
}

std::string_view name_of(AzureFault fault) {
  constexpr std::array<std::string_view, 8> kNames = {"Refused",    "ServerBusy", "LostRequest",
                                                      "LostAnswer", "HalfAnswer", "BusyButDone",
                                                      "DoneTwice",  "DoneLate"};
  return kNames[static_cast<size_t>(fault)];
}

class AzureUnderFault : public testing::TestWithParam<AzureFault> {
 protected:
  void SetUp() override { testing::internal::CaptureStderr(); }  // the outage's lines
  void TearDown() override { testing::internal::GetCapturedStderr(); }

  // The life of an object that is put small and grows, and of one that is put large. Gives what went other
  // than it should.
  std::string live() {
    std::string wrong = grow("small", {500, 900, 1000, 1001, 5500});
    if (wrong.empty()) wrong = grow("large", {3000, 3100, 5500});
    return wrong;
  }

  std::string grow(const std::string& key, const std::vector<size_t>& sizes) {
    const Deadline never = Deadline::never();
    StoredObject stored;
    for (const size_t size : sizes) {
      const MemoryBody body(whole_.substr(0, size));
      const auto written = stored.size == 0 ? store_->put(key, body, kTextContent, never)
                                            : store_->extend(key, stored, body, kTextContent, never);
      if (!written) return "write: " + written.error().message;
      stored = *written;
      if (azure_.blobs().at(key).content() != whole_.substr(0, size))
        return "other bytes at " + std::to_string(size);
    }
    const auto copied = store_->copy(key, stored, key + "-copy", never);
    if (!copied) return "copy: " + copied.error().message;
    const auto seen = store_->stat(key + "-copy", never);
    if (!seen) return "stat: " + seen.error().message;
    if (*seen != *copied) return "stat: not what was copied";
    const auto content = store_->get(key + "-copy", 3000, kAllBytes, never);
    if (!content) return "get: " + content.error().message;
    if (*content != whole_.substr(3000)) return "get: other bytes";
    // The last write of a life that a late arrival could still spoil is followed by one more.
    const auto marked = store_->put("marker", MemoryBody(""), kTextContent, never);
    return marked ? "" : "put: " + marked.error().message;
  }

  static AzureSignIn sign_in(const std::string& origin) {
    return {*parse_url(origin + "/account", Scheme::http), AzureAccountKey{"account", "key"}};
  }

  const std::string whole_ = some_bytes(kAllBytes);
  SkippingClock clock_;
  ModelAzure azure_{"container"};
  ScriptedHttpServer server_{[this](const ReceivedRequest& request) { return azure_.respond(request); }};
  std::unique_ptr<Store> store_ = std::make_unique<RetryingStore>(
      *AzureBlobStore::open(sign_in(server_.origin()), "container", std::make_unique<CurlClient>(clock_),
                            clock_, kSmallLimits),
      clock_);
};

TEST_P(AzureUnderFault, AnObjectIsWholeWhicheverRequestItHits) {
  int request = 0;
  while (true) {
    azure_.clear();
    azure_.fail_request(request, GetParam());
    EXPECT_EQ(live(), "") << "fault in request " << request;
    if (!azure_.has_failed()) break;
    for (const char* key : {"small", "large", "small-copy", "large-copy"})
      EXPECT_TRUE(azure_.blobs().at(key).content() == whole_) << key << ", fault in request " << request;
    // A block that comes twice or late belongs to nothing; the next write to the key, or a week, removes it.
    if (GetParam() != AzureFault::done_twice && GetParam() != AzureFault::done_late &&
        GetParam() != AzureFault::lost_response) {
      EXPECT_EQ(azure_.uncommitted_blocks(), 0u) << "fault in request " << request;
    }
    ++request;
  }
  constexpr int kSmall = 2 + 1 + 2 + 2 + 6;  // look and put; put; block and list, twice; five blocks and list
  constexpr int kLarge = 4 + 2 + 4;          // three blocks and list; block and list; three blocks and list
  constexpr int kOthers = 2 + 1 + 1 + 2;     // look and copy, stat, get, look and put
  EXPECT_EQ(request, kSmall + kLarge + 2 * kOthers);
}

INSTANTIATE_TEST_SUITE_P(Of, AzureUnderFault, testing::ValuesIn(kAzureFaults),
                         [](const testing::TestParamInfo<AzureFault>& fault) {
                           return std::string(name_of(fault.param));
                         });

}  // namespace
}  // namespace rayhistory
