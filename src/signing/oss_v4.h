// Alibaba Cloud OSS's signature version 4, in the Authorization header.
//
// Of the headers only those that OSS wants signed are: x-oss-*, Content-Type and Content-MD5. Others, as Host
// and Range, could be named as "additional headers"; as the vendor's SDK does by default, none is. The body
// is not signed but for its Content-MD5.
//
// Pure: the same request, credentials, scope and time always give the same signature. Any thread.
// Alibaba Cloud: "Include a V4 signature in the Authorization header"; alibabacloud-oss-v2: signer/v4.py.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/client.h"
#include "signing/aws_credentials.h"

namespace rayhistory {

struct OssSigningScope {
  std::string region;  // "cn-hangzhou"
  int64_t unix_nanoseconds = 0;
};

// What a request is about. It is signed as "/bucket/key", also where the bucket is part of the host.
struct OssResource {
  std::string_view bucket;
  std::string_view key;  // raw; empty: the bucket
};

// Sets x-oss-date, x-oss-content-sha256, x-oss-security-token (or removes it), Date and Authorization.
// Signing a signed request again replaces the signature.
void sign_oss_v4(HttpRequest& request, const AwsCredentials& credentials, const OssSigningScope& scope,
                 const OssResource& resource);

}  // namespace rayhistory
