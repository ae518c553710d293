#include "store/s3/endpoint.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace rayhistory {
namespace {

// What S3 ever allowed in a bucket's name; older buckets may have upper case and '_', and up to 255
// characters.
constexpr size_t kBucketNameLimit = 255;

bool is_bucket_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_';
}

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// A dot would make two levels of host name, and AWS's certificate is for one.
bool fits_into_host_name(std::string_view bucket, Scheme scheme) {
  return bucket.size() >= 3 && bucket.size() <= 63 && is_lower_or_digit(bucket.front()) &&
         is_lower_or_digit(bucket.back()) && std::all_of(bucket.begin(), bucket.end(), [scheme](char c) {
           return is_lower_or_digit(c) || c == '-' || (c == '.' && scheme == Scheme::http);
         });
}

bool is_ip_address(std::string_view host) {
  return host.find(':') != std::string_view::npos ||
         std::all_of(host.begin(), host.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

bool is_aws_host(std::string_view host) {
  return host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn");
}

}  // namespace

S3Endpoint::S3Endpoint(std::string bucket, Url server, bool path_style)
    : bucket_(std::move(bucket)), custom_(std::move(server)), path_style_(path_style) {}

Result<S3Endpoint> S3Endpoint::from(const S3Options& options) {
  const std::string& bucket = options.bucket;
  if (bucket.empty() || bucket.size() > kBucketNameLimit || bucket == "." || bucket == ".." ||
      !std::all_of(bucket.begin(), bucket.end(), is_bucket_character)) {
    return Error{
        ErrorKind::invalid,
        fmt::format("S3_BUCKET \"{}\": a bucket's name has letters, digits, '-' and '.' only", bucket)};
  }
  S3Endpoint endpoint;
  endpoint.bucket_ = bucket;
  Scheme scheme = options.disable_ssl ? Scheme::http : Scheme::https;
  bool is_aws = true;
  bool is_ip = false;
  if (!options.endpoint.empty()) {
    Result<Url> url = parse_url(options.endpoint, scheme);
    if (!url) return std::move(url).error().in("S3_ENDPOINT");
    if (!url->encoded_query.empty())
      return Error{ErrorKind::invalid, fmt::format("S3_ENDPOINT \"{}\": has a query", options.endpoint)};
    while (url->encoded_path.ends_with('/'))
      url->encoded_path.pop_back();
    scheme = url->scheme;
    is_aws = is_aws_host(url->host);
    is_ip = is_ip_address(url->host);
    endpoint.custom_ = *std::move(url);
  }
  endpoint.aws_scheme_ = scheme;
  const bool needs_path = is_ip || !fits_into_host_name(bucket, scheme);
  endpoint.path_style_ = needs_path || options.force_path_style.value_or(!is_aws);
  return endpoint;
}

Url S3Endpoint::base_url(std::string_view region) const {
  if (custom_) return *custom_;
  Url url;
  url.scheme = aws_scheme_;
  url.host = fmt::format("s3.{}.amazonaws.com{}", region, region.starts_with("cn-") ? ".cn" : "");
  return url;
}

Url S3Endpoint::url(std::string_view key, std::string_view region) const {
  Url url = base_url(region);
  if (path_style_) {
    url.encoded_path += "/" + encode_path(bucket_);
    if (!key.empty()) url.encoded_path += "/" + encode_path(key);
  } else {
    url.host = bucket_ + "." + url.host;
    url.encoded_path += "/" + encode_path(key);
  }
  return url;
}

std::string S3Endpoint::origin(std::string_view region) const {
  return base_url(region).origin();
}

}  // namespace rayhistory
