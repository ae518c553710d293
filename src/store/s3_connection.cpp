#include "store/s3_connection.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "http/http_date.h"
#include "store/http_answer.h"

namespace rayhistory {

namespace {

// Stores take a signature up to 15 minutes off. A refusal without a body (HEAD) that is this far off is about
// the clock.
constexpr std::chrono::minutes kClockTolerance{10};
// S3's sentences are below 300 characters; a proxy's error page is not to fill the log.
constexpr size_t kMessageLimit = 300;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> choices) {
  return std::find(choices.begin(), choices.end(), text) != choices.end();
}

std::optional<Nanoseconds> wanted_wait(const Headers& headers) {
  const auto wait = retry_after_of(headers, "x-amz-retry-after", Milliseconds(1));
  return wait ? wait : retry_after_of(headers);
}

ErrorKind kind_of(std::string_view code, int status) {
  if (is_one_of(code, {"SlowDown", "SlowDownRead", "SlowDownWrite", "InternalError", "ServiceUnavailable",
                       "Busy", "RequestTimeout", "BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody",
                       "OperationAborted", "ConditionalRequestConflict", "RequestTimeTooSkewed",
                       "NoSuchUpload", "InvalidPart", "InvalidPartOrder", "Throttling", "ThrottlingException",
                       "RequestLimitExceeded"}))
    return ErrorKind::retry;
  if (code == "NotImplemented") return ErrorKind::unsupported;
  if (code == "InvalidDigest") return ErrorKind::retry;  // OSS's BadDigest
  if (is_one_of(code, {"NoSuchBucket", "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "AccessDenied",
                       "InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed",
                       "PermanentRedirect", "TemporaryRedirect", "FileImmutable"}))
    return ErrorKind::denied;
  // 200: an <Error> inside. S3's own clients take it for a 500.
  return status == 200 ? ErrorKind::retry : kind_of_status(status);
}

}  // namespace

S3Connection::S3Connection(const S3Dialect& dialect, S3Place place, std::unique_ptr<HttpClient> client,
                           std::unique_ptr<AwsCredentialsSource> credentials, const Clock& clock)
    : dialect_(dialect),
      bucket_(std::move(place.bucket)),
      endpoint_(std::move(place.endpoint)),
      client_(std::move(client)),
      credentials_(std::move(credentials)),
      clock_(clock),
      region_(std::move(place.region)) {}

std::string S3Connection::region() const {
  const std::lock_guard lock(mutex_);
  return region_;
}

std::string S3Connection::description() const {
  return fmt::format("{} bucket {} at {}", dialect_.backend, bucket_, endpoint_.origin(region()));
}

HttpRequest S3Connection::make_request(const S3Call& call, const std::string& region) const {
  HttpRequest request;
  request.method = call.method;
  request.url = endpoint_.url(call.key, region);
  request.url.encoded_query = encode_query(call.query);
  request.headers = call.headers;
  request.body = call.body;
  request.response_limit_bytes = call.response_limit_bytes;
  request.stall_timeout = call.stall_timeout;
  return request;
}

Result<S3Answer> S3Connection::send(const S3Call& call, const Deadline& deadline) {
  TRY_ASSIGN(const std::string digest, dialect_.digest_of(call.body));
  const bool is_read = call.method == HttpMethod::get || call.method == HttpMethod::head;
  Lessons lessons;
  while (true) {
    TRY_ASSIGN(AwsCredentials credentials, credentials_->get(deadline));
    const Signing signing{std::move(credentials), region(),
                          clock_.unix_nanoseconds() + clock_offset_nanoseconds_};
    HttpRequest request = make_request(call, signing.region);
    dialect_.sign(request, signing.credentials, {bucket_, call.key, signing.region, signing.unix_nanoseconds},
                  digest);

    Result<HttpResponse> response = client_->send(request, deadline);
    if (!response) {
      Error error = std::move(response).error();
      if (is_read && error.kind == ErrorKind::unknown_outcome) error.kind = ErrorKind::retry;
      return std::move(error).in(
          fmt::format("{} bucket {}, key \"{}\"", dialect_.backend, bucket_, call.key));
    }
    S3Answer answer{*std::move(response), std::nullopt};
    // A successful GET's body is an object's own bytes, which may well be an <Error> that somebody stored.
    const bool may_be_error = answer.response.status >= 300 || (!is_read && !answer.response.body.empty());
    if (may_be_error) answer.error = error_in(answer.response);
    if (answer.ok() || !learn_from(answer, signing, lessons, deadline)) return answer;
  }
}

// A HEAD's answer has no body to be an <Error>; OSS puts it into a header, in base64.
std::optional<S3ErrorReply> S3Connection::error_in(const HttpResponse& response) const {
  if (!response.body.empty()) return read_s3_error(response.body);
  const std::optional<std::string> told =
      from_base64(response.headers.find(dialect_.header("err")).value_or(""));
  return told ? read_s3_error(*told) : std::nullopt;
}

bool S3Connection::learn_from(const S3Answer& answer, const Signing& used, Lessons& lessons,
                              const Deadline& deadline) {
  if (!lessons.region && learn_region(answer, used.region)) return lessons.region = true;
  if (!lessons.clock && learn_clock(answer, used.unix_nanoseconds)) return lessons.clock = true;
  if (!lessons.credentials &&
      is_one_of(answer.code(), {"ExpiredToken", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId",
                                "SecurityTokenExpired", "InvalidSecurityToken"})) {
    credentials_->invalidate(used.credentials);
    const Result<AwsCredentials> renewed = credentials_->get(deadline);
    return lessons.credentials = renewed.has_value() && *renewed != used.credentials;
  }
  return false;
}

bool S3Connection::learn_region(const S3Answer& answer, const std::string& used_region) {
  const int status = answer.response.status;
  if (status != 301 && status != 307 && status != 400 && status != 403) return false;
  std::string found(answer.response.headers.find("x-amz-bucket-region").value_or(""));
  if (found.empty() && answer.error) found = answer.error->region;
  if (found.empty() || found == used_region) return false;
  const std::lock_guard lock(mutex_);
  region_ = std::move(found);
  return true;
}

bool S3Connection::learn_clock(const S3Answer& answer, int64_t signed_at) {
  const std::optional<int64_t> theirs = parse_http_date(answer.response.headers.find("Date").value_or(""));
  if (!theirs) return false;
  const bool is_bodiless_refusal = answer.response.status == 403 && answer.response.body.empty() &&
                                   std::abs(*theirs - signed_at) > Nanoseconds(kClockTolerance).count();
  if (answer.code() != "RequestTimeTooSkewed" && !is_bodiless_refusal) return false;
  clock_offset_nanoseconds_ = *theirs - clock_.unix_nanoseconds();
  return true;
}

Error S3Connection::error_of(const S3Call& call, const S3Answer& answer) const {
  const int status = answer.response.status;
  std::string text = fmt::format("{} {} bucket {}", dialect_.backend, name_of(call.method), bucket_);
  if (!call.key.empty()) text += fmt::format(", key \"{}\"", call.key);
  text += fmt::format(": status {}", status);
  if (answer.error) {
    text += fmt::format(" {}: {}", answer.error->code, answer.error->message.substr(0, kMessageLimit));
  }
  if (const auto id = answer.response.headers.find(dialect_.header("request-id")))
    text += fmt::format(" (request {})", *id);
  if (const std::string_view advice = dialect_.advice_for(answer.code(), status); !advice.empty())
    text += fmt::format("; {}", advice);
  // A HEAD that is refused cannot say why. None of ours is malformed, so it is about the credentials or the
  // region.
  const bool is_silent_refusal = call.method == HttpMethod::head && status == 400;
  // OSS calls a wrong region an invalid argument. Its detailed codes for what it is signed with begin so.
  const bool is_about_signature =
      answer.response.headers.find(dialect_.header("ec")).value_or("").starts_with("0002-") && status == 400;
  const ErrorKind kind =
      is_silent_refusal || is_about_signature ? ErrorKind::denied : kind_of(answer.code(), status);
  return Error{kind, std::move(text), wanted_wait(answer.response.headers)};
}

}  // namespace rayhistory
