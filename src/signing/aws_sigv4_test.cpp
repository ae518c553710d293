// The examples that AWS publishes with their signatures:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
// Thousands of others are compared with botocore's in tests/signing.
#include "signing/aws_sigv4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/digest.h"

namespace rayhistory {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

const AwsCredentials kExample{"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", ""};
// 2013-05-24T00:00:00Z
const AwsSigningScope kScope{"us-east-1", "s3", 1'369'353'600'000'000'000};

HttpRequest request(HttpMethod method, std::string_view url) {
  HttpRequest request;
  request.method = method;
  request.url = *parse_url(url, Scheme::https);
  return request;
}

std::string authorization(HttpRequest request, std::string_view payload_hash = kEmptyPayloadHash) {
  sign_aws_v4(request, kExample, kScope, payload_hash);
  return std::string(request.headers.find("Authorization").value_or(""));
}

TEST(AwsSigV4, SignsGetObject) {
  HttpRequest get = request(HttpMethod::get, "https://examplebucket.s3.amazonaws.com/test.txt");
  get.headers.set("Range", "bytes=0-9");
  EXPECT_EQ(authorization(get),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(AwsSigV4, SignsPutObject) {
  HttpRequest put = request(HttpMethod::put, "https://examplebucket.s3.amazonaws.com/");
  put.url.encoded_path = encode_path("/test$file.text");
  put.headers.set("Date", "Fri, 24 May 2013 00:00:00 GMT");
  put.headers.set("x-amz-storage-class", "REDUCED_REDUNDANCY");
  EXPECT_THAT(authorization(put, to_hex(sha256("Welcome to Amazon S3."))),
              EndsWith("SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, "
                       "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"));
}

TEST(AwsSigV4, SignsASubresourceWithoutValue) {
  EXPECT_THAT(authorization(request(HttpMethod::get, "https://examplebucket.s3.amazonaws.com/?lifecycle")),
              EndsWith("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"));
}

TEST(AwsSigV4, SignsAListInTheOrderOfItsParameters) {
  EXPECT_THAT(
      authorization(request(HttpMethod::get, "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J")),
      EndsWith("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"));
  EXPECT_EQ(
      authorization(request(HttpMethod::get, "https://examplebucket.s3.amazonaws.com/?prefix=J&max-keys=2")),
      authorization(request(HttpMethod::get, "https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J")));
}

TEST(AwsSigV4, SignsTheSessionTokenAndDropsAnEarlierOne) {
  HttpRequest get = request(HttpMethod::get, "https://b.s3.amazonaws.com/k");
  const std::string without_token = authorization(get);
  AwsCredentials temporary = kExample;
  temporary.session_token = "a token";
  sign_aws_v4(get, temporary, kScope, kEmptyPayloadHash);
  EXPECT_EQ(get.headers.find("x-amz-security-token"), "a token");
  EXPECT_THAT(std::string(*get.headers.find("Authorization")), HasSubstr(";x-amz-security-token, "));
  sign_aws_v4(get, kExample, kScope, kEmptyPayloadHash);
  EXPECT_EQ(get.headers.find("x-amz-security-token"), std::nullopt);
  EXPECT_EQ(get.headers.find("Authorization"), without_token);
}

TEST(AwsSigV4, FoldsSpacesAndLeavesOutWhatProxiesChange) {
  HttpRequest plain = request(HttpMethod::get, "https://b.s3.amazonaws.com/k");
  plain.headers.set("x-amz-meta-a", "one two");
  HttpRequest other = request(HttpMethod::get, "https://b.s3.amazonaws.com/k");
  other.headers.set("User-Agent", "x");
  other.headers.set("Accept-Encoding", "gzip");
  other.headers.set("X-Amz-Meta-A", "  one \t  two ");
  EXPECT_EQ(authorization(plain), authorization(other));
}

}  // namespace
}  // namespace rayhistory
