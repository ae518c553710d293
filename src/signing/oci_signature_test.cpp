// That all requests are signed as Oracle's SDK signs them is tests/signing's; here is what a caller relies
// on.
#include "signing/oci_signature.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"
#include "testing/rsa_test_key.h"

namespace rayhistory {
namespace {

// "Thu, 05 Jan 2014 21:31:40 GMT" of Oracle's own examples, as the day that it was.
constexpr int64_t kTime = 1'388'957'500'000'000'000;

OciCredentials test_credentials() {
  return {"tenancy/user/fingerprint", std::make_shared<const RsaKey>(*RsaKey::from_pem(rsa_test_key_pem()))};
}

// Whether the signature of the request is that of `text`.
bool signs(const HttpRequest& request, std::string_view text) {
  const std::string header(*request.headers.find("Authorization"));
  const std::string mark = "signature=\"";
  const size_t begin = header.find(mark) + mark.size();
  const auto signature = from_base64(header.substr(begin, header.find('"', begin) - begin));
  return signature && is_rs256_signature(rsa_test_key_pem(), text, *signature);
}

TEST(OciSignature, SignsAGetByDateTargetAndHost) {
  HttpRequest request;
  request.url =
      *parse_url("https://objectstorage.eu-frankfurt-1.oraclecloud.com/n/ns/b/bucket/o", Scheme::https);
  request.url.encoded_query = "prefix=a%2Fb";
  sign_oci(request, test_credentials(), kTime);
  EXPECT_THAT(std::string(*request.headers.find("Authorization")),
              testing::StartsWith("Signature algorithm=\"rsa-sha256\",headers=\"date (request-target) host\","
                                  "keyId=\"tenancy/user/fingerprint\",signature=\""));
  EXPECT_TRUE(signs(request,
                    "date: Sun, 05 Jan 2014 21:31:40 GMT\n"
                    "(request-target): get /n/ns/b/bucket/o?prefix=a%2Fb\n"
                    "host: objectstorage.eu-frankfurt-1.oraclecloud.com"));
}

TEST(OciSignature, SignsABodyByItsDigest) {
  HttpRequest request;
  request.method = HttpMethod::post;
  request.url = *parse_url("http://localhost:8080/n/ns/b", Scheme::https);
  request.headers.set("Content-Type", "application/json");
  const OciSignedBody body = oci_signed_body("{}");
  sign_oci(request, test_credentials(), kTime, &body);
  const std::string digest = "RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o=";
  EXPECT_EQ(request.headers.find("x-content-sha256"), digest);
  EXPECT_TRUE(
      signs(request,
            "date: Sun, 05 Jan 2014 21:31:40 GMT\n(request-target): post /n/ns/b\nhost: localhost:8080\n"
            "content-length: 2\ncontent-type: application/json\nx-content-sha256: " +
                digest));
}

TEST(OciSignature, LeavesTheHostOutWhereItIsToldSo) {
  HttpRequest request;
  request.url = *parse_url("https://auth.eu-frankfurt-1.oraclecloud.com/v1/x509", Scheme::https);
  sign_oci(request, test_credentials(), kTime, nullptr, OciSignedHeaders::without_host);
  EXPECT_TRUE(signs(request, "date: Sun, 05 Jan 2014 21:31:40 GMT\n(request-target): get /v1/x509"));
}

TEST(OciSignature, ReplacesAnOlderOne) {
  HttpRequest request;
  request.url = *parse_url("https://host/n", Scheme::https);
  sign_oci(request, test_credentials(), kTime);
  sign_oci(request, test_credentials(), kTime + 1'000'000'000);
  EXPECT_EQ(request.headers.all().size(), 2u);
  EXPECT_TRUE(signs(request, "date: Sun, 05 Jan 2014 21:31:41 GMT\n(request-target): get /n\nhost: host"));
}

}  // namespace
}  // namespace rayhistory
