#include "store/s3/oss_dialect.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "signing/oss_v4.h"
#include "store/body_digest.h"

namespace rayhistory {
namespace {

constexpr std::string_view kDomain = ".aliyuncs.com";
constexpr std::string_view kHostPrefix = "oss-";
constexpr std::string_view kInternalSuffix = "-internal";

bool is_lower_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_label(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_lower_or_digit(c) || c == '-'; });
}

bool is_bucket_name(std::string_view name) {
  return name.size() >= 3 && name.size() <= 63 && is_label(name) && name.front() != '-' && name.back() != '-';
}

bool is_ip_address(std::string_view host) {
  return host.find(':') != std::string_view::npos ||
         std::all_of(host.begin(), host.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

// "cn-hangzhou" of "oss-cn-hangzhou-internal.aliyuncs.com"; empty where the name says none.
std::string region_of(std::string_view host) {
  if (!host.ends_with(kDomain)) return {};
  host.remove_suffix(kDomain.size());
  if (!host.starts_with(kHostPrefix)) return {};
  host.remove_prefix(kHostPrefix.size());
  if (host.ends_with(kInternalSuffix)) host.remove_suffix(kInternalSuffix.size());
  // The endpoints of transfer acceleration are for all regions.
  if (!is_label(host) || host.starts_with("accelerate")) return {};
  return std::string(host);
}

std::string_view advice_for(std::string_view code, int status) {
  if (code == "InvalidAccessKeyId") return "OSS does not know this access key: check OSS_ACCESS_KEY_ID";
  if (code == "SignatureDoesNotMatch") {
    return "check OSS_ACCESS_KEY_SECRET and OSS_REGION, and whether a proxy changes the request on its way";
  }
  if (code == "SecurityTokenExpired") return "the credentials have expired: renew them and OSS_SESSION_TOKEN";
  if (code == "InvalidSecurityToken") return "check OSS_SESSION_TOKEN: it does not belong to this access key";
  if (code == "NoSuchBucket") {
    return "check OSS_BUCKET and OSS_ENDPOINT; the bucket was there before or could not be created, so "
           "create it";
  }
  if (code == "RequestTimeTooSkewed")
    return "the clock of this machine and the store's differ by over 15 minutes";
  if (code == "InvalidArgument") return "check OSS_REGION: it must be that of OSS_ENDPOINT";
  if (code == "SecondLevelDomainForbidden")
    return "check OSS_ENDPOINT: it must be the region's name, not an IP address";
  if (code == "UserDisable") return "the account is suspended: is its bill paid?";
  if (code == "FileImmutable") {
    return "the bucket has a retention policy (WORM), under which no log can grow: choose another OSS_BUCKET";
  }
  if (code == "InvalidObjectName")
    return "OSS takes no key that begins with '/' or '\\': check STORAGE_ROOT_DIR";
  if (status == 413) return "a proxy takes no request body of this size: let it take 64 MiB";
  if (status == 401 || status == 403) {
    return "check that OSS_ENDPOINT is that of the bucket's region; the credentials need oss:ListObjects on "
           "the bucket, and oss:GetObject, oss:PutObject and oss:AbortMultipartUpload on its objects";
  }
  return "";
}

// OSS leaves the payload unsigned, but compares it with Content-MD5, which is signed.
Result<std::string> md5_of(const Body* body) {
  if (body == nullptr || body->size() == 0) return std::string();
  return content_md5_of(*body);
}

// A bucket is made in the endpoint's region, with standard storage.
std::string new_bucket(std::string_view) {
  return {};
}

void sign(HttpRequest& request, const AwsCredentials& credentials, const S3Signing& signing,
          std::string_view body_digest) {
  if (!body_digest.empty()) request.headers.set("Content-MD5", body_digest);
  sign_oss_v4(request, credentials, {std::string(signing.region), signing.unix_nanoseconds},
              {signing.bucket, signing.key});
}

}  // namespace

const S3Dialect kOssDialect{
    .backend = "aliyunoss",
    .provider = "OSS",
    .bucket_setting = "OSS_BUCKET",
    .header_prefix = "x-oss-",
    // Without it a range that ends behind the object gives the whole object (Alibaba Cloud: "Use HTTP Range
    // requests to get OSS resources in segments").
    .range_header = "x-oss-range-behavior",
    .range_header_value = "standard",
    .xml_namespace = {},
    .key_limit_bytes = 1023,
    // Alibaba Cloud: CopyObject, "Usage notes".
    .copy_at_once_limit_bytes = 1ull * 1024 * 1024 * 1024,
    .heads_buckets = false,
    // OSS knows no If-Match on a write: what replaces an object goes in an upload (S3Store::replace).
    .if_absent_header = "x-oss-forbid-overwrite",
    .if_absent_value = "true",
    .puts_if_match = false,
    .checks_completion = false,
    // Alibaba Cloud: ListObjectsV2, "EncodingType".
    .encodes_tokens = true,
    .configuration = {.versioning_permission = "oss:GetBucketVersioning",
                      .lifecycle_permission = "oss:GetBucketLifecycle",
                      .no_lifecycle_code = "NoSuchLifecycle",
                      .object_lock_permission = {}},
    .new_bucket = new_bucket,
    .digest_of = md5_of,
    .sign = sign,
    .advice_for = advice_for,
};

Result<S3Place> oss_place(const OssOptions& options) {
  if (!is_bucket_name(options.bucket)) {
    return Error{
        ErrorKind::invalid,
        fmt::format("OSS_BUCKET \"{}\": a bucket's name has 3 to 63 lower-case letters, digits and '-'",
                    options.bucket)};
  }
  // Some of the vendor's tools write the region as the endpoint has it.
  std::string region = options.region;
  if (region.starts_with(kHostPrefix)) region.erase(0, kHostPrefix.size());
  if (!region.empty() && !is_label(region)) {
    return Error{ErrorKind::invalid,
                 fmt::format("OSS_REGION \"{}\": a region is like cn-hangzhou", options.region)};
  }
  if (options.endpoint.empty() && region.empty())
    return Error{ErrorKind::invalid, "neither OSS_ENDPOINT nor OSS_REGION is set: where is the bucket?"};

  const std::string text =
      options.endpoint.empty() ? fmt::format("{}{}{}", kHostPrefix, region, kDomain) : options.endpoint;
  Result<Url> url = parse_url(text, Scheme::https);
  if (!url) return std::move(url).error().in("OSS_ENDPOINT");
  while (url->encoded_path.ends_with('/'))
    url->encoded_path.pop_back();
  if (!url->encoded_path.empty() || !url->encoded_query.empty()) {
    return Error{ErrorKind::invalid,
                 fmt::format("OSS_ENDPOINT \"{}\": has a path or a query", options.endpoint)};
  }
  if (url->host.starts_with(options.bucket + ".")) {
    return Error{
        ErrorKind::invalid,
        fmt::format("OSS_ENDPOINT \"{}\": without the bucket, which is put before it", options.endpoint)};
  }
  if (region.empty()) region = region_of(url->host);
  if (region.empty()) {
    return Error{
        ErrorKind::invalid,
        fmt::format("OSS_REGION must be set: OSS_ENDPOINT \"{}\" does not tell it", options.endpoint)};
  }
  const bool path_style = is_ip_address(url->host);
  return S3Place{options.bucket, std::move(region), S3Endpoint(options.bucket, *std::move(url), path_style)};
}

bool is_oss_internal(const OssOptions& options) {
  const Result<Url> url = parse_url(options.endpoint, Scheme::https);
  return url && url->host.ends_with(std::string(kInternalSuffix).append(kDomain));
}

}  // namespace rayhistory
