#include "store/s3_connection.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "http/http_date.h"
#include "signing/aws_sigv4.h"

namespace rayhistory {

namespace {

constexpr std::string_view kDefaultRegion = "us-east-1";
// What is hashed at once; memory per upload worker.
constexpr size_t kHashBufferBytes = 256 * 1024;
// S3 takes a signature up to 15 minutes off. A refusal without a body (HEAD) that is this far off is about
// the clock.
constexpr std::chrono::minutes kClockTolerance{10};
// S3's sentences are below 300 characters; a proxy's error page is not to fill the log.
constexpr size_t kMessageLimit = 300;
// A server that asks for more is not obeyed to the letter: the store may be back long before.
constexpr Seconds kRetryAfterLimit{300};

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> choices) {
  return std::find(choices.begin(), choices.end(), text) != choices.end();
}

Result<std::string> payload_hash(const Body* body) {
  if (body == nullptr || body->size() == 0) return std::string(kEmptyPayloadHash);
  Sha256 hash;
  std::string buffer(static_cast<size_t>(std::min<uint64_t>(body->size(), kHashBufferBytes)), '\0');
  for (uint64_t offset = 0; offset < body->size();) {
    const size_t piece = static_cast<size_t>(std::min<uint64_t>(buffer.size(), body->size() - offset));
    TRY(body->read_at(offset, std::span(buffer).first(piece)));
    hash.update(std::string_view(buffer).substr(0, piece));
    offset += piece;
  }
  return to_hex(hash.finish());
}

std::optional<Nanoseconds> retry_after_of(const Headers& headers) {
  std::optional<Nanoseconds> wait;
  int64_t number = 0;
  const auto read_number = [&number](std::string_view text) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number >= 0;
  };
  if (const auto text = headers.find("x-amz-retry-after"); text && read_number(*text)) {
    wait = Milliseconds(std::min<int64_t>(number, Milliseconds(kRetryAfterLimit).count()));
  } else if (const auto seconds = headers.find("Retry-After"); seconds && read_number(*seconds)) {
    wait = Seconds(std::min<int64_t>(number, kRetryAfterLimit.count()));
  }
  return wait;
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
  if (status == 401 || status == 403) {
    return "the credentials need s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject and "
           "s3:AbortMultipartUpload on its objects";
  }
  return "";
}

ErrorKind kind_of(std::string_view code, int status) {
  if (is_one_of(code, {"SlowDown", "SlowDownRead", "SlowDownWrite", "InternalError", "ServiceUnavailable",
                       "Busy", "RequestTimeout", "BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody",
                       "OperationAborted", "ConditionalRequestConflict", "RequestTimeTooSkewed",
                       "NoSuchUpload", "InvalidPart", "InvalidPartOrder", "Throttling", "ThrottlingException",
                       "RequestLimitExceeded"}))
    return ErrorKind::retry;
  if (is_one_of(code, {"NoSuchBucket", "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "AccessDenied",
                       "InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed",
                       "PermanentRedirect", "TemporaryRedirect"}))
    return ErrorKind::denied;
  switch (status) {
    case 200:
      return ErrorKind::retry;  // an <Error> inside: S3's own clients take it for a 500
    case 301:
    case 307:
    case 401:
    case 403:
      return ErrorKind::denied;
    case 404:
      return ErrorKind::not_found;
    case 408:
    case 425:
    case 429:
      return ErrorKind::retry;
    case 409:
    case 412:
      return ErrorKind::exists;
    case 501:
      return ErrorKind::unsupported;
    default:
      return status >= 500 ? ErrorKind::retry : ErrorKind::invalid;
  }
}

}  // namespace

S3Connection::S3Connection(S3Options options, S3Endpoint endpoint, std::unique_ptr<HttpClient> client,
                           std::unique_ptr<AwsCredentialsSource> credentials, const Clock& clock)
    : options_(std::move(options)),
      endpoint_(std::move(endpoint)),
      client_(std::move(client)),
      credentials_(std::move(credentials)),
      clock_(clock),
      region_(options_.region.empty() ? kDefaultRegion : options_.region) {}

std::string S3Connection::region() const {
  const std::lock_guard lock(mutex_);
  return region_;
}

std::string S3Connection::description() const {
  return fmt::format("s3 bucket {} at {}", options_.bucket, endpoint_.origin(region()));
}

Request S3Connection::make_request(const S3Call& call, const std::string& region) const {
  Request request;
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
  TRY_ASSIGN(const std::string hash, payload_hash(call.body));
  const bool is_read = call.method == Method::get || call.method == Method::head;
  Lessons lessons;
  while (true) {
    TRY_ASSIGN(AwsCredentials credentials, credentials_->get(deadline));
    const Signing signing{std::move(credentials), region(),
                          clock_.unix_nanoseconds() + clock_offset_nanoseconds_};
    Request request = make_request(call, signing.region);
    sign_aws_v4(request, signing.credentials, {signing.region, "s3", signing.unix_nanoseconds}, hash);

    Result<Response> response = client_->send(request, deadline);
    if (!response) {
      Error error = std::move(response).error();
      if (is_read && error.kind == ErrorKind::unknown_outcome) error.kind = ErrorKind::retry;
      return std::move(error).in(fmt::format("s3 bucket {}, key \"{}\"", options_.bucket, call.key));
    }
    S3Answer answer{*std::move(response), std::nullopt};
    // A successful GET's body is an object's own bytes, which may well be an <Error> that somebody stored.
    const bool may_be_error = answer.response.status >= 300 || (!is_read && !answer.response.body.empty());
    if (may_be_error) answer.error = read_s3_error(answer.response.body);
    if (answer.ok() || !learn_from(answer, signing, lessons, deadline)) return answer;
  }
}

bool S3Connection::learn_from(const S3Answer& answer, const Signing& used, Lessons& lessons,
                              const Deadline& deadline) {
  if (!lessons.region && learn_region(answer, used.region)) return lessons.region = true;
  if (!lessons.clock && learn_clock(answer, used.unix_nanoseconds)) return lessons.clock = true;
  if (!lessons.credentials && is_one_of(answer.code(), {"ExpiredToken", "InvalidToken",
                                                        "TokenRefreshRequired", "InvalidAccessKeyId"})) {
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
  std::string text = fmt::format("s3 {} bucket {}", name_of(call.method), options_.bucket);
  if (!call.key.empty()) text += fmt::format(", key \"{}\"", call.key);
  text += fmt::format(": status {}", status);
  if (answer.error) {
    text += fmt::format(" {}: {}", answer.error->code, answer.error->message.substr(0, kMessageLimit));
  }
  if (const auto id = answer.response.headers.find("x-amz-request-id"))
    text += fmt::format(" (request {})", *id);
  if (const std::string_view advice = advice_for(answer.code(), status); !advice.empty())
    text += fmt::format("; {}", advice);
  // A HEAD that is refused cannot say why. None of ours is malformed, so it is about the credentials or the
  // region.
  const bool is_silent_refusal = call.method == Method::head && status == 400;
  const ErrorKind kind = is_silent_refusal ? ErrorKind::denied : kind_of(answer.code(), status);
  return Error{kind, std::move(text), retry_after_of(answer.response.headers)};
}

}  // namespace rayhistory
