// AWS Signature Version 4, as S3 wants it: the path is encoded once and never normalised.
//
// Pure: the same request, credentials, scope and time always give the same signature. Any thread.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/client.h"
#include "signing/aws_credentials.h"

namespace rayhistory {

struct AwsSigningScope {
  std::string region;
  std::string service;
  int64_t unix_nanoseconds = 0;
};

// The payload hash of a request without a body: SHA-256 of nothing.
inline constexpr std::string_view kEmptyPayloadHash =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

// Sets Host, X-Amz-Date, X-Amz-Content-Sha256, X-Amz-Security-Token (or removes it) and Authorization. All
// headers that are set before are signed, but those that are known to be changed on the way. `payload_hash`
// is the body's SHA-256 in lower-case hex, or "UNSIGNED-PAYLOAD". Signing a signed request again replaces the
// signature.
void sign_aws_v4(HttpRequest& request, const AwsCredentials& credentials, const AwsSigningScope& scope,
                 std::string_view payload_hash);

}  // namespace rayhistory
