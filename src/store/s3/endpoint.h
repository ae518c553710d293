// Where a bucket's objects are on the wire: which host, and whether the bucket is part of the host or of the
// path.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/url.h"

namespace rayhistory {

struct S3Options {
  std::string bucket = "ray-historyserver";
  // "minio-service.minio-dev:9000", "https://storage.example.com"; empty: AWS.
  std::string endpoint = {};
  // Empty: us-east-1, until the store says otherwise.
  std::string region = {};
  // Unset: path style for any endpoint but AWS's (MinIO and most others know no other, without a DNS name of
  // each bucket), and for AWS where the bucket's name does not fit into a host name that TLS accepts.
  std::optional<bool> force_path_style = {};
  // For an endpoint without a scheme: http instead of https.
  bool disable_ssl = false;
};

class S3Endpoint {
 public:
  // The bucket of a server that does not depend on the region.
  S3Endpoint(std::string bucket, Url server, bool path_style);
  // `invalid` names the setting that is wrong.
  static Result<S3Endpoint> from(const S3Options& options);

  // The URL of an object, or with an empty key of the bucket, in this region. The query is the caller's to
  // set.
  Url url(std::string_view key, std::string_view region) const;
  bool is_path_style() const { return path_style_; }
  // "http://127.0.0.1:9000", for an operator.
  std::string origin(std::string_view region) const;

 private:
  S3Endpoint() = default;
  Url base_url(std::string_view region) const;

  std::string bucket_;
  std::optional<Url> custom_;  // none: AWS's, which depends on the region
  Scheme aws_scheme_ = Scheme::https;
  bool path_style_ = false;
};

// A bucket, and where it is.
struct S3Place {
  std::string bucket;
  std::string region;
  S3Endpoint endpoint;
};

}  // namespace rayhistory
