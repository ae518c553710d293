// Signatures that azure-storage-blob 12.31.1 made; thousands of others are compared with it in tests/signing.
#include "signing/azure_shared_key.h"

#include <gtest/gtest.h>

#include "base/digest.h"

namespace rayhistory {
namespace {

const AzureAccountKey kKey{"account", "the bytes of a key"};
// 2026-11-23T02:27:20Z
constexpr int64_t kNow = 1'795'400'840'000'000'000;

HttpRequest request(HttpMethod method, std::string_view url) {
  HttpRequest request;
  request.method = method;
  request.url = *parse_url(url, Scheme::https);
  request.headers.set("x-ms-version", "2021-12-02");
  return request;
}

std::string authorization(HttpRequest request) {
  sign_azure_shared_key(request, kKey, kNow);
  return std::string(request.headers.find("Authorization").value_or(""));
}

TEST(AzureSharedKey, SignsAHead) {
  EXPECT_EQ(authorization(request(HttpMethod::head, "https://account.blob.core.windows.net/c/a%2Bb?x=1")),
            "SharedKey account:aVlm/QKE7HzT98pz9dMDAv7u1urzZabW7SNP8fgSCYE=");
}

TEST(AzureSharedKey, SignsABlockWithItsLengthAndDigest) {
  const MemoryBody body("content");
  HttpRequest put =
      request(HttpMethod::put, "https://account.blob.core.windows.net/c/k?comp=block&blockid=AAA%3D");
  put.headers.set("Content-MD5", to_base64(as_text(md5("content"))));
  put.body = &body;
  EXPECT_EQ(authorization(put), "SharedKey account:HqLTqOvUtSQI9X5y0F5bx43VfvrM9eyKisl+unAnhoo=");
}

TEST(AzureSharedKey, SortsHeadersAndParameters) {
  HttpRequest one = request(HttpMethod::get, "https://h/c?b=2&A=1");
  one.headers.set("x-ms-meta-b", "2");
  one.headers.set("X-Ms-Meta-A", "1");
  HttpRequest other;
  other.url = *parse_url("https://h/c?a=1&b=2", Scheme::https);
  other.headers.set("x-ms-meta-a", "1");
  other.headers.set("x-ms-meta-b", "2");
  other.headers.set("x-ms-version", "2021-12-02");
  EXPECT_EQ(authorization(one), authorization(other));
}

TEST(AzureSharedKey, OfASignedRequestReplacesIt) {
  HttpRequest get = request(HttpMethod::get, "https://h/c");
  sign_azure_shared_key(get, kKey, kNow - 1'000'000'000);
  sign_azure_shared_key(get, kKey, kNow);
  EXPECT_EQ(*get.headers.find("Authorization"), authorization(request(HttpMethod::get, "https://h/c")));
  EXPECT_EQ(get.headers.find("x-ms-date"), "Mon, 23 Nov 2026 02:27:20 GMT");
}

TEST(AzureSharedKey, AnEmptyBodyHasNoLength) {
  const MemoryBody nothing("");
  HttpRequest with = request(HttpMethod::put, "https://h/c/k");
  with.body = &nothing;
  EXPECT_EQ(authorization(with), authorization(request(HttpMethod::put, "https://h/c/k")));
}

}  // namespace
}  // namespace rayhistory
