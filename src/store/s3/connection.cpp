#include "store/s3/connection.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/digest.h"
#include "http/http_date.h"
#include "store/body_digest.h"
#include "store/http_response.h"

namespace rayhistory {

namespace {

// Stores take a signature up to 15 minutes off. A refusal without a body (HEAD) that is this far off is about
// the clock.
constexpr std::chrono::minutes kClockTolerance{10};
// S3's sentences are below 300 characters; a proxy's error page is not to fill the log.
constexpr size_t kMessageLimit = 300;
// Of a page that is no error of S3's: where its words are looked for, and how many characters are shown.
constexpr size_t kPageLimit = 2000;
constexpr size_t kWordsLimit = 100;
// "Content Too Large" (RFC 9110, section 15.5.14), from the server or from a proxy before it.
constexpr int kTooLargeStatus = 413;
// RFC 9110, section 8.8.3: conditions do not take such an ETag.
constexpr std::string_view kWeakEtag = "W/";

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> choices) {
  return std::find(choices.begin(), choices.end(), text) != choices.end();
}

// The text of a page that a proxy or a gateway has sent in S3's place, without its tags and line breaks.
std::string first_words(std::string_view page) {
  std::string words;
  bool is_tag = false;
  for (const char c : page.substr(0, kPageLimit)) {
    if (c == '<') is_tag = true;
    const bool is_space = is_tag || static_cast<unsigned char>(c) <= ' ';
    if (!is_space && static_cast<unsigned char>(c) < 0x7f) words += c;
    if (is_space && !words.empty() && words.back() != ' ') words += ' ';
    if (c == '>') is_tag = false;
    if (words.size() >= kWordsLimit) break;
  }
  return words;
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
  // versitygw's folders: an object is where a part of this key's path would be, or the other way round.
  if (is_one_of(code, {"ObjectParentIsFile", "ExistingObjectIsDirectory"})) return ErrorKind::invalid;
  if (code == "InvalidDigest") return ErrorKind::retry;  // OSS's BadDigest
  if (is_one_of(code, {"NoSuchBucket", "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "AccessDenied",
                       "InvalidAccessKeyId", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed",
                       "PermanentRedirect", "TemporaryRedirect", "FileImmutable"}))
    return ErrorKind::denied;
  // 200: an <Error> inside. S3's own clients take it for a 500.
  return status == 200 ? ErrorKind::retry : kind_of_status(status);
}

}  // namespace

bool is_lacking(const Error& error) {
  return error.kind == ErrorKind::unsupported || error.kind == ErrorKind::invalid;
}

bool is_too_large(const S3Response& response) {
  return response.http.status == kTooLargeStatus || response.code() == "EntityTooLarge";
}

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

HttpRequest S3Connection::make_request(const S3Call& call, const std::string& region,
                                       const Manner& manner) const {
  HttpRequest request;
  request.method = call.method;
  request.url = endpoint_.url(call.key, region);
  request.url.encoded_query = encode_query(call.query);
  request.headers = call.headers;
  for (const S3OptionalHeader& header : manner.headers)
    request.headers.set(header.name, header.value);
  request.body = call.body;
  request.on_body = call.on_body;
  request.response_limit_bytes = call.response_limit_bytes;
  request.stall_timeout = call.stall_timeout;
  return request;
}

Result<S3Response> S3Connection::send(const S3Call& call, const Deadline& deadline) {
  TRY_ASSIGN(const std::string digest, dialect_.digest_of(call.body));
  const bool is_read = call.method == HttpMethod::get || call.method == HttpMethod::head;
  Lessons lessons;
  Manner manner = manner_of(call);
  std::string refusal;  // that made the manner another
  std::string checksum;
  while (true) {
    TRY_ASSIGN(AwsCredentials credentials, credentials_->get(deadline));
    const Signing signing{std::move(credentials), region(),
                          clock_.unix_nanoseconds() + clock_offset_nanoseconds_};
    HttpRequest request = make_request(call, signing.region, manner);
    if (manner.has_checksum) {
      if (checksum.empty()) {
        TRY_ASSIGN(checksum, content_md5_of(*call.body));
      }
      request.headers.set("Content-MD5", checksum);
    }
    dialect_.sign(request, signing.credentials, {bucket_, call.key, signing.region, signing.unix_nanoseconds},
                  digest);

    Result<HttpResponse> received = client_->send(request, deadline);
    if (!received) {
      Error error = std::move(received).error();
      if (is_read && error.kind == ErrorKind::unknown_outcome) error.kind = ErrorKind::retry;
      return std::move(error).in(
          fmt::format("{} bucket {}, key \"{}\"", dialect_.backend, bucket_, call.key));
    }
    S3Response response{*std::move(received), std::nullopt};
    // A successful GET's body is an object's own bytes, which may well be an <Error> that somebody stored.
    const bool may_be_error = response.http.status >= 300 || (!is_read && !response.http.body.empty());
    if (may_be_error) response.error = error_in(response.http);
    if (response.ok()) {
      remember(manner, refusal);
      return response;
    }
    if (learn_from(response, signing, lessons, deadline)) continue;
    Error error = error_of(call, response);
    if (!is_lacking(error) || !adapt(manner, call, response)) return response;
    refusal = std::move(error.message);
  }
}

S3Connection::Manner S3Connection::manner_of(const S3Call& call) const {
  Manner manner;
  std::copy_if(call.optional_headers.begin(), call.optional_headers.end(), std::back_inserter(manner.headers),
               [this](const S3OptionalHeader& header) { return abilities_.may(header.ability); });
  manner.has_checksum = call.body != nullptr && !abilities_.may(StoreAbility::unchecked_writes);
  return manner;
}

// A server that refuses a header says so by 501, as S3 has it, or by a 400 of its own making; some name the
// header ("Unsupported header 'x-amz-mp-object-size' received"), others do not. An object under object lock
// wants a checksum: "Content-MD5 OR x-amz-checksum- HTTP header is required".
bool S3Connection::adapt(Manner& manner, const S3Call& call, const S3Response& response) const {
  if (is_too_large(response)) return false;
  const std::string said =
      response.error ? lower_case(response.error->code + ' ' + response.error->message) : "";
  const auto is_named = [&](std::string_view name) {
    return said.find(lower_case(name)) != std::string::npos;
  };
  if (call.body != nullptr && !manner.has_checksum && (is_named("Content-MD5") || is_named("checksum"))) {
    manner.has_checksum = manner.had_no_checksum = true;
    return true;
  }
  if (manner.headers.empty()) return false;
  const auto first_dropped =
      std::stable_partition(manner.headers.begin(), manner.headers.end(),
                            [&](const S3OptionalHeader& header) { return !is_named(header.name); });
  // Where none is named, any may be meant.
  const auto dropped = first_dropped == manner.headers.end() ? manner.headers.begin() : first_dropped;
  std::move(dropped, manner.headers.end(), std::back_inserter(manner.dropped));
  manner.headers.erase(dropped, manner.headers.end());
  return true;
}

void S3Connection::remember(const Manner& manner, std::string_view evidence) {
  for (const S3OptionalHeader& header : manner.dropped)
    abilities_.learn(header.ability, false, evidence);
  if (manner.had_no_checksum) abilities_.learn(StoreAbility::unchecked_writes, false, evidence);
  // That a server takes the size says that it has it; that it takes a condition does not say that it obeys.
  for (const S3OptionalHeader& header : manner.headers)
    if (header.ability == StoreAbility::sized_complete) abilities_.confirm(header.ability);
}

std::string S3Connection::usable_etag(std::string_view etag) {
  if (etag.starts_with(kWeakEtag))
    abilities_.learn(StoreAbility::steady_etags, false, "an ETag begins with W/: it is weak");
  return abilities_.may(StoreAbility::steady_etags) ? without_quotes(etag) : std::string();
}

// A HEAD's answer has no body to be an <Error>; OSS puts it into a header, in base64.
std::optional<S3ErrorResponse> S3Connection::error_in(const HttpResponse& response) const {
  if (!response.body.empty()) return read_s3_error(response.body);
  const std::optional<std::string> told =
      from_base64(response.headers.find(dialect_.header("err")).value_or(""));
  return told ? read_s3_error(*told) : std::nullopt;
}

bool S3Connection::learn_from(const S3Response& response, const Signing& used, Lessons& lessons,
                              const Deadline& deadline) {
  if (!lessons.region && learn_region(response, used.region)) return lessons.region = true;
  if (!lessons.clock && learn_clock(response, used.unix_nanoseconds)) return lessons.clock = true;
  if (!lessons.credentials &&
      is_one_of(response.code(), {"ExpiredToken", "InvalidToken", "TokenRefreshRequired",
                                  "InvalidAccessKeyId", "SecurityTokenExpired", "InvalidSecurityToken"})) {
    credentials_->invalidate(used.credentials);
    const Result<AwsCredentials> renewed = credentials_->get(deadline);
    return lessons.credentials = renewed.has_value() && *renewed != used.credentials;
  }
  return false;
}

bool S3Connection::learn_region(const S3Response& response, const std::string& used_region) {
  const int status = response.http.status;
  if (status != 301 && status != 307 && status != 400 && status != 403) return false;
  std::string found(response.http.headers.find("x-amz-bucket-region").value_or(""));
  if (found.empty() && response.error) found = response.error->region;
  if (found.empty() || found == used_region) return false;
  const std::lock_guard lock(mutex_);
  region_ = std::move(found);
  return true;
}

bool S3Connection::learn_clock(const S3Response& response, int64_t signed_at) {
  const std::optional<int64_t> theirs = parse_http_date(response.http.headers.find("Date").value_or(""));
  if (!theirs) return false;
  const bool is_bodiless_refusal = response.http.status == 403 && response.http.body.empty() &&
                                   std::abs(*theirs - signed_at) > Nanoseconds(kClockTolerance).count();
  if (response.code() != "RequestTimeTooSkewed" && !is_bodiless_refusal) return false;
  clock_offset_nanoseconds_ = *theirs - clock_.unix_nanoseconds();
  return true;
}

Error S3Connection::error_of(const S3Call& call, const S3Response& response) const {
  const int status = response.http.status;
  std::string text = fmt::format("{} {} bucket {}", dialect_.backend, name_of(call.method), bucket_);
  if (!call.key.empty()) text += fmt::format(", key \"{}\"", call.key);
  text += fmt::format(": status {}", status);
  if (response.error) {
    text += fmt::format(" {}: {}", response.error->code, response.error->message.substr(0, kMessageLimit));
  } else if (!response.http.body.empty()) {
    text += fmt::format(", and no error of S3's but \"{}\"", first_words(response.http.body));
  }
  if (const auto id = response.http.headers.find(dialect_.header("request-id")))
    text += fmt::format(" (request {})", *id);
  if (const std::string_view advice = dialect_.advice_for(response.code(), status); !advice.empty())
    text += fmt::format("; {}", advice);
  // A HEAD that is refused cannot say why. None of ours is malformed, so it is about the credentials or the
  // region.
  const bool is_silent_refusal = call.method == HttpMethod::head && status == 400;
  // OSS calls a wrong region an invalid argument. Its detailed codes for what it is signed with begin so.
  const bool is_about_signature =
      response.http.headers.find(dialect_.header("ec")).value_or("").starts_with("0002-") && status == 400;
  const ErrorKind kind =
      is_silent_refusal || is_about_signature ? ErrorKind::denied : kind_of(response.code(), status);
  Error error{kind, std::move(text), wanted_wait(response.http.headers)};
  error.is_refusal =
      kind == ErrorKind::retry && status >= 400 && status < 500 && kind_of_status(status) != ErrorKind::retry;
  return error;
}

}  // namespace rayhistory
