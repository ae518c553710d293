#include "store/gcs/connection.h"

#include <utility>

#include <fmt/format.h>

#include "store/http_response.h"

namespace rayhistory {
namespace {

constexpr std::string_view kEndpoint = "https://storage.googleapis.com";
// Google's sentences are below 300 characters; a proxy's error page is not to fill the log.
constexpr size_t kMessageLimit = 300;
// One name may be written once a second; what comes sooner is refused with 429, without a Retry-After
// (Cloud Storage, "Quotas & limits").
constexpr Seconds kWriteInterval{1};

std::optional<Nanoseconds> wanted_wait(const HttpResponse& response) {
  const std::optional<Nanoseconds> wait = retry_after_of(response.headers);
  return wait || response.status != 429 ? wait : kWriteInterval;
}

// A missing bucket and a missing object are both 404 "notFound"; only the sentence tells.
bool is_about_the_bucket(const GcsCall& call, const GcsResponse& response) {
  if (response.http.status != 404) return false;
  return call.key.empty() || call.encoded_path.starts_with("/upload/") ||
         (response.error && response.error->message.find("bucket does not exist") != std::string::npos);
}

ErrorKind kind_of(const GcsCall& call, const GcsResponse& response) {
  if (is_about_the_bucket(call, response)) return ErrorKind::denied;
  return kind_of_status(response.http.status);
}

}  // namespace

std::string gcs_bucket_path(std::string_view bucket) {
  return "/storage/v1/b/" + encode_query_component(bucket);
}

std::string gcs_object_path(std::string_view bucket, std::string_view key) {
  return gcs_bucket_path(bucket) + "/o/" + encode_query_component(key);
}

std::string gcs_upload_path(std::string_view bucket) {
  return "/upload" + gcs_bucket_path(bucket) + "/o";
}

Result<GcsConnection> GcsConnection::open(GcsOptions options, std::unique_ptr<HttpClient> client,
                                          std::unique_ptr<AccessTokenSource> credentials) {
  if (options.bucket.empty())
    return Error{ErrorKind::invalid, "GCS_BUCKET (gcsBucket) must name a bucket, without gs://"};
  if (options.bucket.find('/') != std::string::npos) {
    return Error{
        ErrorKind::invalid,
        fmt::format("GCS_BUCKET (gcsBucket): \"{}\" is no bucket's name: give it without gs://, and a "
                    "folder in it as --storage-root-dir",
                    options.bucket)};
  }
  const bool is_emulator = !options.emulator_host.empty();
  Result<Url> endpoint =
      is_emulator ? parse_url(options.emulator_host, Scheme::http) : parse_url(kEndpoint, Scheme::https);
  if (!endpoint) return std::move(endpoint).error().in("STORAGE_EMULATOR_HOST");
  if (endpoint->encoded_path != "/" || !endpoint->encoded_query.empty()) {
    return Error{ErrorKind::invalid,
                 "STORAGE_EMULATOR_HOST: must be a host and a port, with nothing after them"};
  }
  if (is_emulator) credentials.reset();
  return GcsConnection(std::move(options), *std::move(endpoint), std::move(client), std::move(credentials));
}

GcsConnection::GcsConnection(GcsOptions options, Url endpoint, std::unique_ptr<HttpClient> client,
                             std::unique_ptr<AccessTokenSource> credentials)
    : options_(std::move(options)),
      endpoint_(std::move(endpoint)),
      client_(std::move(client)),
      credentials_(std::move(credentials)) {}

std::string GcsConnection::description() const {
  return fmt::format("gcs bucket {} at {}", options_.bucket, endpoint_.origin());
}

std::string GcsConnection::credentials_origin() const {
  return credentials_ ? credentials_->origin() : "";
}

std::string GcsConnection::place_of(const GcsCall& call) const {
  std::string place = fmt::format("gcs {} bucket {}", name_of(call.method), options_.bucket);
  if (!call.key.empty()) place += fmt::format(", key \"{}\"", call.key);
  return place;
}

Result<GcsResponse> GcsConnection::exchange(const HttpRequest& request, const GcsCall& call,
                                            const Deadline& deadline) {
  Result<HttpResponse> received = client_->send(request, deadline);
  if (!received) {
    Error error = std::move(received).error();
    const bool is_read = call.method == HttpMethod::get;
    if (is_read && error.kind == ErrorKind::unknown_outcome) error.kind = ErrorKind::retry;
    return std::move(error).in(place_of(call));
  }
  GcsResponse response{*std::move(received), std::nullopt};
  if (!response.ok()) response.error = read_gcs_error(response.http.body);
  return response;
}

Result<GcsResponse> GcsConnection::send(const GcsCall& call, const Deadline& deadline) {
  HttpRequest request;
  request.method = call.method;
  request.url = endpoint_;
  request.url.encoded_path = call.encoded_path;
  request.url.encoded_query = encode_query(call.query);
  request.headers = call.headers;
  request.body = call.body;
  request.response_limit_bytes = call.response_limit_bytes;
  request.stall_timeout = call.stall_timeout;
  if (!credentials_) return exchange(request, call, deadline);

  Result<AccessToken> token = credentials_->get(deadline);
  if (!token) return std::move(token).error().in(place_of(call));
  request.headers.set("Authorization", "Bearer " + token->value);
  Result<GcsResponse> response = exchange(request, call, deadline);
  if (!response || response->http.status != 401) return response;
  credentials_->invalidate(*token);
  const Result<AccessToken> renewed = credentials_->get(deadline);
  if (!renewed || *renewed == *token) return response;
  request.headers.set("Authorization", "Bearer " + renewed->value);
  return exchange(request, call, deadline);
}

Result<GcsResponse> GcsConnection::send_to(const Url& url, const GcsCall& call, const Deadline& deadline) {
  HttpRequest request;
  request.method = call.method;
  request.url = url;
  request.headers = call.headers;
  request.body = call.body;
  request.response_limit_bytes = call.response_limit_bytes;
  request.stall_timeout = call.stall_timeout;
  return exchange(request, call, deadline);
}

std::string GcsConnection::advice_for(const GcsCall& call, const GcsResponse& response) const {
  const int status = response.http.status;
  if (is_about_the_bucket(call, response))
    return "check GCS_BUCKET: there is no such bucket; create it, or bring it back";
  if (status == 401) {
    return fmt::format(
        "the access token is not taken; it comes from {}: check GOOGLE_APPLICATION_CREDENTIALS",
        credentials_origin());
  }
  // Of the JSON API it is a 400 with the reason "required".
  const bool is_requester_pays =
      response.reason() == "userProjectMissing" ||
      (response.error && response.error->message.find("requester pays") != std::string::npos);
  if (is_requester_pays) {
    return "the bucket wants the requester to pay, and this program names no project that does: "
           "gcloud storage buckets update gs://BUCKET --no-requester-pays, or choose another GCS_BUCKET";
  }
  if (status == 403) {
    if (response.reason() == "retentionPolicyNotMet" || response.reason() == "objectUnderActiveHold") {
      return "the bucket's retention policy or a hold keeps objects from being replaced: a log could not "
             "grow";
    }
    return fmt::format("the account of {} needs {} on the bucket: grant it roles/storage.objectUser there",
                       credentials_ ? credentials_origin() : "the emulator",
                       call.permission.empty() ? "the permission" : call.permission);
  }
  return "";
}

// X-GUploader-UploadID, Google's request ID, is not shown: of a resumable upload it is what its session's URL
// is known by, and so the right to write.
Error GcsConnection::error_of(const GcsCall& call, const GcsResponse& response) const {
  std::string text = fmt::format("{}: status {}", place_of(call), response.http.status);
  if (response.error) {
    if (!response.error->reason.empty()) text += " " + response.error->reason;
    if (!response.error->message.empty()) text += ": " + response.error->message.substr(0, kMessageLimit);
  }
  if (const std::string advice = advice_for(call, response); !advice.empty()) text += "; " + advice;
  return Error{kind_of(call, response), std::move(text), wanted_wait(response.http)};
}

}  // namespace rayhistory
