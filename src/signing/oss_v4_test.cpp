// That all requests are signed as alibabacloud-oss-v2 signs them is tests/signing's; here is what the vendor
// publishes, and what a caller relies on.
#include "signing/oss_v4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory {
namespace {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

HttpRequest example() {
  HttpRequest request;
  request.method = HttpMethod::put;
  request.url = *parse_url("http://bucket.oss-cn-hangzhou.aliyuncs.com/1234%2B-/123/1.txt", Scheme::https);
  request.url.encoded_query = encode_query({{"param1", "value1"},
                                            {"+param1", "value3"},
                                            {"|param1", "value4"},
                                            {"+param2", ""},
                                            {"|param2", ""},
                                            {"param2", ""}});
  request.headers.set("x-oss-head1", "value");
  request.headers.set("abc", "value");
  request.headers.set("ZAbc", "value");
  request.headers.set("XYZ", "value");
  request.headers.set("content-type", "text/plain");
  return request;
}

const OssSigningScope kScope{"cn-hangzhou", 1702743657 * kNanosecondsPerSecond};
constexpr OssResource kResource{"bucket", "1234+-/123/1.txt"};

// alibabacloud-oss-go-sdk-v2, oss/signer/v4_test.go.
TEST(OssV4, GivesTheVendorsOwnSignature) {
  HttpRequest request = example();
  sign_oss_v4(request, {"ak", "sk", ""}, kScope, kResource);
  EXPECT_EQ(request.headers.find("Authorization"),
            "OSS4-HMAC-SHA256 Credential=ak/20231216/cn-hangzhou/oss/aliyun_v4_request,"
            "Signature=e21d18daa82167720f9b1047ae7e7f1ce7cb77a31e8203a7d5f4624fa0284afe");
  EXPECT_EQ(request.headers.find("x-oss-date"), "20231216T162057Z");
}

TEST(OssV4, SigningAgainReplacesTheSignature) {
  HttpRequest once = example();
  sign_oss_v4(once, {"ak", "sk", ""}, kScope, kResource);
  HttpRequest again = example();
  sign_oss_v4(again, {"ak", "sk", "a-token"}, {"cn-beijing", 0}, kResource);
  EXPECT_NE(again.headers.find("Authorization"), once.headers.find("Authorization"));
  EXPECT_EQ(again.headers.find("x-oss-security-token"), "a-token");
  sign_oss_v4(again, {"ak", "sk", ""}, kScope, kResource);
  EXPECT_EQ(again.headers.all(), once.headers.all());
}

}  // namespace
}  // namespace rayhistory
