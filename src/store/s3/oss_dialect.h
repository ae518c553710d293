// Alibaba Cloud OSS in the terms of s3/dialect.h: signature V4, x-oss- headers, its limits and its words; and
// where a bucket of it is.
#pragma once

#include <string>

#include "base/result.h"
#include "store/s3/dialect.h"
#include "store/s3/endpoint.h"

namespace rayhistory {

extern const S3Dialect kOssDialect;

struct OssOptions {
  std::string bucket = "ray-historyserver";
  // "oss-cn-hangzhou-internal.aliyuncs.com", https unless it says http://; empty: the region's public one.
  std::string endpoint = {};
  // "cn-hangzhou"; empty: what the endpoint's name says.
  std::string region = {};
};

// The bucket is part of the host's name, as OSS wants it, but where the endpoint is an IP address. `invalid`
// names the setting that is wrong.
Result<S3Place> oss_place(const OssOptions& options);

// Whether this endpoint is one of those that can be reached from inside Alibaba Cloud only.
bool is_oss_internal(const OssOptions& options);

}  // namespace rayhistory
