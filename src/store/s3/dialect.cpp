#include "store/s3/dialect.h"

#include <algorithm>
#include <initializer_list>

#include <fmt/format.h>

#include "base/digest.h"
#include "signing/aws_sigv4.h"
#include "store/body_digest.h"

namespace rayhistory {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> choices) {
  return std::find(choices.begin(), choices.end(), text) != choices.end();
}

// What an operator looks at next.
std::string_view advice_for(std::string_view code, int status) {
  if (is_one_of(code, {"InvalidAccessKeyId", "InvalidClientTokenId"}))
    return "the store does not know this access key: check AWS_ACCESS_KEY_ID";
  if (code == "SignatureDoesNotMatch")
    return "check AWS_SECRET_ACCESS_KEY, and whether a proxy changes the request on its way";
  if (is_one_of(code, {"ExpiredToken", "TokenRefreshRequired"}))
    return "the credentials have expired: renew them and AWS_SESSION_TOKEN";
  if (code == "InvalidToken") return "check AWS_SESSION_TOKEN: it does not belong to this access key";
  if (code == "NoSuchBucket")
    return "check S3_BUCKET and S3_REGION; the bucket was there before or could not be created, so create it";
  if (code == "RequestTimeTooSkewed")
    return "the clock of this machine and the store's differ by over 15 minutes";
  if (is_one_of(code, {"AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect",
                       "IllegalLocationConstraintException"}))
    return "check S3_REGION and S3_ENDPOINT";
  if (status == 301 || status == 307) return "check S3_REGION and S3_ENDPOINT";
  if (status == 413) {
    return "the server, or a proxy before it, takes no request body of this size: let it take 64 MiB (nginx: "
           "client_max_body_size 64m; ingress-nginx: the annotation proxy-body-size)";
  }
  if (status == 401 || status == 403) {
    return "the credentials need s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and "
           "s3:AbortMultipartUpload on its objects";
  }
  return "";
}

Result<std::string> sha256_of(const Body* body) {
  if (body == nullptr || body->size() == 0) return std::string(kEmptyPayloadHash);
  TRY_ASSIGN(Sha256 hash, hash_of<Sha256>(*body));
  return to_hex(hash.finish());
}

// us-east-1 is the one region that must not be named.
std::string new_bucket(std::string_view region) {
  if (region == "us-east-1") return {};
  return fmt::format(
      "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<LocationConstraint>{}</LocationConstraint></CreateBucketConfiguration>",
      region);
}

void sign(HttpRequest& request, const AwsCredentials& credentials, const S3Signing& signing,
          std::string_view body_digest) {
  sign_aws_v4(request, credentials, {std::string(signing.region), "s3", signing.unix_nanoseconds},
              body_digest);
}

}  // namespace

const S3Dialect kAwsS3Dialect{
    .backend = "s3",
    .provider = "S3",
    .bucket_setting = "S3_BUCKET",
    .header_prefix = "x-amz-",
    .range_header = {},
    .range_header_value = {},
    .xml_namespace = "http://s3.amazonaws.com/doc/2006-03-01/",
    .key_limit_bytes = 1024,
    // https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    .copy_at_once_limit_bytes = 5ull * 1024 * 1024 * 1024,
    .heads_buckets = true,
    .if_absent_header = "If-None-Match",
    .if_absent_value = "*",
    .puts_if_match = true,
    .checks_completion = true,
    .encodes_tokens = false,
    .configuration = {.versioning_permission = "s3:GetBucketVersioning",
                      .lifecycle_permission = "s3:GetLifecycleConfiguration",
                      .no_lifecycle_code = "NoSuchLifecycleConfiguration",
                      .object_lock_permission = "s3:GetBucketObjectLockConfiguration"},
    .new_bucket = new_bucket,
    .digest_of = sha256_of,
    .sign = sign,
    .advice_for = advice_for,
};

}  // namespace rayhistory
