// What tells the dialects of S3's protocol apart: AWS's, which many servers speak, and that of Alibaba Cloud
// OSS (s3/oss_dialect.h). All else they have in common.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/client.h"
#include "signing/aws_credentials.h"

namespace rayhistory {

// What a request is about, and where and when it is sent.
struct S3Signing {
  std::string_view bucket;
  std::string_view key;  // raw; empty: the bucket
  std::string_view region;
  int64_t unix_nanoseconds = 0;
};

// How a bucket's configuration is read (s3/bucket_warnings.h), in the words of the provider.
struct S3ConfigurationNames {
  std::string_view versioning_permission;
  std::string_view lifecycle_permission;
  std::string_view no_lifecycle_code;       // the error where there is no lifecycle
  std::string_view object_lock_permission;  // empty: there is no object lock
};

struct S3Dialect {
  std::string_view backend;         // "s3", as STORAGE_BACKEND has it
  std::string_view provider;        // "S3", in a sentence
  std::string_view bucket_setting;  // "S3_BUCKET"
  std::string_view header_prefix;   // "x-amz-", of the headers that are not HTTP's
  // Set with each read of a range.
  std::string_view range_header;
  std::string_view range_header_value;
  std::string_view xml_namespace;  // of what is sent; may be empty
  size_t key_limit_bytes = 0;
  uint64_t copy_at_once_limit_bytes = 0;  // of one CopyObject
  // Whether HEAD of a bucket tells that it is there; else listing it does.
  bool heads_buckets = false;
  // What makes PutObject refuse to replace anything.
  std::string_view if_absent_header;
  std::string_view if_absent_value;
  bool puts_if_match = false;  // whether PutObject takes If-Match; else uploads replace what is there
  // Whether CompleteMultipartUpload takes If-Match and the size that is meant.
  bool checks_completion = false;
  // Whether encoding-type=url encodes continuation tokens, too.
  bool encodes_tokens = false;
  S3ConfigurationNames configuration;

  // The body of CreateBucket.
  std::string (*new_bucket)(std::string_view region) = nullptr;
  // What the body is protected by on its way. Called once a call; sign() gets it with each try.
  Result<std::string> (*digest_of)(const Body* body) = nullptr;
  void (*sign)(HttpRequest& request, const AwsCredentials& credentials, const S3Signing& signing,
               std::string_view body_digest) = nullptr;
  // What an operator looks at next; may be empty.
  std::string_view (*advice_for)(std::string_view code, int status) = nullptr;

  std::string header(std::string_view name) const { return std::string(header_prefix).append(name); }
};

// AWS S3, and whoever does as it does.
extern const S3Dialect kAwsS3Dialect;

}  // namespace rayhistory
