#include "store/oci/connection.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "credentials/oci/region.h"
#include "http/http_date.h"
#include "signing/oci_signature.h"
#include "store/body_digest.h"
#include "store/http_response.h"
#include "store/oci/responses.h"

namespace rayhistory {
namespace {

// Oracle takes a date up to 5 minutes off ("Maximum Allowed Client Clock Skew"). A refusal that is this far
// off is about the clock.
constexpr std::chrono::minutes kClockTolerance{4};
// Oracle's sentences are below 300 characters; a proxy's error page is not to fill the log.
constexpr size_t kMessageLimit = 300;
constexpr std::string_view kObjects = "manage objects";

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> choices) {
  return std::find(choices.begin(), choices.end(), text) != choices.end();
}

// A bucket, and what is in it, that is missing or that the caller may not see: Oracle answers both alike.
bool is_hidden_or_missing(const OciCall& call, const OciResponse& response) {
  if (response.http.status != 404) return false;
  return call.key.empty() ||
         is_one_of(response.code(), {"BucketNotFound", "NamespaceNotFound", "NotAuthorizedOrNotFound"});
}

// "API Errors" (iaas/Content/API/References/apierrors.htm) says what to repeat; the SDK's own list has
// LockConflict too (oci/retry/retry_checkers.py).
ErrorKind kind_of(const OciCall& call, const OciResponse& response) {
  if (is_hidden_or_missing(call, response)) return ErrorKind::denied;
  if (is_one_of(response.code(), {"IncorrectState", "LockConflict", "ConcurrentObjectUpdate",
                                  "ExternalServerIncorrectState", "TooManyRequests", "UnmatchedContentMD5"}))
    return ErrorKind::retry;
  // A read is in conflict with nothing that lasts. A HEAD cannot say the code.
  const bool is_read = call.method == HttpMethod::get || call.method == HttpMethod::head;
  if (is_read && response.http.status == 409) return ErrorKind::retry;
  // An operator can raise them.
  if (is_one_of(response.code(), {"QuotaExceeded", "LimitExceeded", "SignUpRequired", "NotAllowed"}))
    return ErrorKind::denied;
  return kind_of_status(response.http.status);
}

bool is_host_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

// A bucket's name: letters, digits, dashes, underscores and dots ("Bucket Names").
bool is_bucket_name(std::string_view text) {
  constexpr size_t kLongest = 256;
  return !text.empty() && text.size() <= kLongest && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

Result<std::string> bytes_of(const Body& body) {
  std::string bytes(static_cast<size_t>(body.size()), '\0');
  TRY(body.read_at(0, bytes));
  return bytes;
}

}  // namespace

std::string oci_object_path(std::string_view key) {
  return "/o/" + encode_query_component(key);
}

std::string oci_upload_path(std::string_view key) {
  return "/u/" + encode_query_component(key);
}

// Oracle: "Granting Workloads Access to OCI Resources" for a workload, which no group can hold; "Managing
// Dynamic Groups" for machines and resources.
std::string oci_policy_statement(std::string_view origin, std::string_view what, std::string_view bucket) {
  if (origin.starts_with(kOciWorkloadOrigin)) {
    return fmt::format(
        "Allow any-user to {} in compartment COMPARTMENT where all {{request.principal.type='workload', "
        "request.principal.namespace='NAMESPACE', request.principal.service_account='SERVICE_ACCOUNT', "
        "request.principal.cluster_id='CLUSTER_OCID', target.bucket.name='{}'}}",
        what, bucket);
  }
  const bool is_dynamic = origin.starts_with(kOciInstanceOrigin) || origin.starts_with(kOciResourceOrigin);
  return fmt::format("Allow {} GROUP to {} in compartment COMPARTMENT where target.bucket.name='{}'",
                     is_dynamic ? "dynamic-group" : "group", what, bucket);
}

OciConnection::OciConnection(OciOptions options, std::unique_ptr<HttpClient> client,
                             std::unique_ptr<OciCredentialsSource> credentials, const Clock& clock)
    : options_(std::move(options)),
      client_(std::move(client)),
      credentials_(std::move(credentials)),
      clock_(clock) {}

Result<void> OciConnection::check(const OciOptions& options) {
  if (!is_bucket_name(options.bucket)) {
    return Error{
        ErrorKind::invalid,
        fmt::format("OCI_BUCKET (ociBucket): \"{}\" is no bucket's name, which has letters, digits, "
                    "\"-\", \"_\" and \".\" alone: give the name without the namespace, and a folder "
                    "in it as --storage-root-dir",
                    options.bucket)};
  }
  if (!options.name_space.empty() && !read_oci_namespace("\"" + options.name_space + "\"")) {
    return Error{ErrorKind::invalid,
                 fmt::format("OCI_NAMESPACE (ociNamespace): \"{}\" is no namespace's name; the command \"oci "
                             "os ns get\" says it, and where the setting is empty it is asked for",
                             options.name_space)};
  }
  if (!options.region.empty() && !is_host_name(options.region)) {
    return Error{ErrorKind::invalid,
                 fmt::format("OCI_REGION (ociRegion): \"{}\" is no region; give its identifier, as "
                             "eu-frankfurt-1",
                             options.region)};
  }
  if (!options.endpoint.empty()) {
    Result<Url> endpoint = parse_url(options.endpoint, Scheme::https);
    if (!endpoint) return std::move(endpoint).error().in("OCI_ENDPOINT");
    if (endpoint->encoded_path != "/" || !endpoint->encoded_query.empty()) {
      return Error{ErrorKind::invalid,
                   fmt::format("OCI_ENDPOINT: \"{}\": give a host, or a URL of one, with nothing after it",
                               options.endpoint)};
    }
  }
  return {};
}

std::string OciConnection::description() const {
  std::string where = options_.endpoint;
  if (where.empty() && !options_.region.empty())
    where = oci_service_url("objectstorage", oci_region(options_.region, options_.default_realm_domain));
  const std::lock_guard lock(mutex_);
  if (place_) where = place_->endpoint.origin();
  std::string text = fmt::format("oci bucket {}", options_.bucket);
  const std::string& name_space = place_ ? place_->name_space : options_.name_space;
  if (!name_space.empty()) text += fmt::format(" in the namespace {}", name_space);
  text += where.empty() ? " in the region of the credentials" : " at " + where;
  return text;
}

std::string OciConnection::place_of(const OciCall& call) const {
  if (call.of == OciCall::Of::service) return "oci namespace";
  std::string place = fmt::format("oci {} bucket {}", name_of(call.method), options_.bucket);
  if (!call.key.empty()) place += fmt::format(", key \"{}\"", call.key);
  return place;
}

Result<Url> OciConnection::endpoint_for(const OciCredentials& credentials) const {
  if (!options_.endpoint.empty()) return parse_url(options_.endpoint, Scheme::https);
  const std::string& told = options_.region.empty() ? credentials.region : options_.region;
  if (told.empty()) {
    return Error{ErrorKind::denied,
                 fmt::format("oci bucket {}: no region is known: set OCI_REGION (ociRegion), as "
                             "eu-frankfurt-1; {} names none",
                             options_.bucket, credentials_origin())};
  }
  if (!is_host_name(told)) {
    return Error{ErrorKind::denied,
                 fmt::format("oci bucket {}: \"{}\" is no region; set OCI_REGION (ociRegion), as "
                             "eu-frankfurt-1",
                             options_.bucket, told)};
  }
  const std::string& domain =
      credentials.realm_domain.empty() ? options_.default_realm_domain : credentials.realm_domain;
  return parse_url(oci_service_url("objectstorage", oci_region(told, domain)), Scheme::https);
}

Result<OciConnection::Place> OciConnection::place(const OciCredentials& credentials,
                                                  const Deadline& deadline) {
  {
    const std::lock_guard lock(mutex_);
    if (place_) return *place_;
  }
  // Several threads may ask at the same time: it is the same answer.
  TRY_ASSIGN(Url endpoint, endpoint_for(credentials));
  std::string name_space = options_.name_space;
  if (name_space.empty()) {
    TRY_ASSIGN(name_space, ask_for_namespace(endpoint, deadline));
  }
  const std::lock_guard lock(mutex_);
  place_ = Place{std::move(endpoint), std::move(name_space)};
  return *place_;
}

Result<std::string> OciConnection::ask_for_namespace(const Url& endpoint, const Deadline& deadline) {
  OciCall ask;
  ask.of = OciCall::Of::service;
  TRY_ASSIGN(const OciResponse response, exchange(ask, endpoint, "", deadline));
  if (!response.ok()) {
    Error error = error_of(ask, response);
    error.message += "; or set OCI_NAMESPACE (ociNamespace), which the command \"oci os ns get\" says";
    return error;
  }
  std::optional<std::string> name = read_oci_namespace(response.http.body);
  if (!name) return Error{ErrorKind::retry, "oci namespace: the answer was cut short or is not JSON"};
  return *std::move(name);
}

Result<OciCredentials> OciConnection::credentials(const Deadline& deadline, const OciCall& call) {
  Result<OciCredentials> found = credentials_->get(deadline);
  if (!found) return std::move(found).error().in(place_of(call));
  return found;
}

Result<OciResponse> OciConnection::send(const OciCall& call, const Deadline& deadline) {
  TRY_ASSIGN(const OciCredentials found, credentials(deadline, call));
  TRY_ASSIGN(const Place where, place(found, deadline));
  return exchange(call, where.endpoint, where.name_space, deadline);
}

Result<OciResponse> OciConnection::exchange(const OciCall& call, const Url& endpoint,
                                            const std::string& name_space, const Deadline& deadline) {
  HttpRequest request;
  request.method = call.method;
  request.url = endpoint;
  request.url.encoded_path = "/n";
  if (call.of != OciCall::Of::service)
    request.url.encoded_path += "/" + encode_query_component(name_space) + "/b";
  if (call.of == OciCall::Of::bucket)
    request.url.encoded_path += "/" + encode_query_component(options_.bucket) + call.path;
  request.url.encoded_query = encode_query(call.query);
  request.headers = call.headers;
  request.body = call.body;
  request.response_limit_bytes = call.response_limit_bytes;
  request.stall_timeout = call.stall_timeout;
  std::optional<OciSignedBody> signed_body;
  if (call.is_json) {
    TRY_ASSIGN(const std::string bytes, bytes_of(*call.body));
    signed_body = oci_signed_body(bytes);
    request.headers.set("Content-Type", "application/json");
  } else if (call.body != nullptr && call.body_check == OciBodyCheck::md5) {
    // No signature is over it, so a proxy that ends TLS could change it without being noticed.
    TRY_ASSIGN(const std::string digest, content_md5_of(*call.body));
    request.headers.set("Content-MD5", digest);
  }
  const bool is_read = call.method == HttpMethod::get || call.method == HttpMethod::head;
  bool has_learned_clock = false;
  bool has_renewed = false;
  while (true) {
    TRY_ASSIGN(const OciCredentials used, credentials(deadline, call));
    const int64_t now = clock_.unix_nanoseconds() + clock_offset_nanoseconds_;
    sign_oci(request, used, now, signed_body ? &*signed_body : nullptr);
    Result<HttpResponse> received = client_->send(request, deadline);
    if (!received) {
      Error error = std::move(received).error();
      if (is_read && error.kind == ErrorKind::unknown_outcome) error.kind = ErrorKind::retry;
      return std::move(error).in(place_of(call));
    }
    OciResponse response{*std::move(received), std::nullopt};
    if (response.ok()) return response;
    response.error = read_oci_error(response.http.body);
    if (response.http.status != 401) return response;
    if (!has_learned_clock && learn_clock(response, now)) {
      has_learned_clock = true;
      continue;
    }
    if (has_renewed) return response;
    has_renewed = true;
    credentials_->invalidate(used);
    const Result<OciCredentials> renewed = credentials_->get(deadline);
    if (!renewed || *renewed == used) return response;
  }
}

bool OciConnection::learn_clock(const OciResponse& response, int64_t signed_at) {
  const std::optional<int64_t> theirs = parse_http_date(response.http.headers.find("Date").value_or(""));
  if (!theirs || std::abs(*theirs - signed_at) <= Nanoseconds(kClockTolerance).count()) return false;
  clock_offset_nanoseconds_ = *theirs - clock_.unix_nanoseconds();
  return true;
}

std::string OciConnection::advice_for(const OciCall& call, const OciResponse& response) const {
  const int status = response.http.status;
  if (is_hidden_or_missing(call, response) && call.of != OciCall::Of::service) {
    return fmt::format(
        "the bucket {0} (OCI_BUCKET) is missing, or {1} may not see it, which Oracle answers alike: create "
        "it "
        "(oci os bucket create --name {0} --compartment-id OCID), set OCI_COMPARTMENT_ID for it to be made, "
        "or "
        "allow it with a policy: {2}; check OCI_NAMESPACE and OCI_REGION too",
        options_.bucket, credentials_origin(),
        oci_policy_statement(credentials_origin(), kObjects, options_.bucket));
  }
  if (status == 401) {
    return fmt::format(
        "the signature is not taken; it is made with {}: check user, tenancy, fingerprint and key_file of an "
        "API key; refresh a session with: oci session refresh; and this machine's clock, which may be 5 "
        "minutes off",
        credentials_origin());
  }
  if (response.code() == "QuotaExceeded" || response.code() == "LimitExceeded")
    return "a limit of the tenancy or a quota of the compartment is reached: let it be raised";
  if (status == 403 || status == 404) {
    const bool is_retained = response.error && response.error->message.find("retention") != std::string::npos;
    if (is_retained)
      return "a retention rule of the bucket keeps objects from being replaced: a log could not grow";
    if (status == 403 || call.of == OciCall::Of::service) {
      return fmt::format("{} needs {} on the bucket: {}", credentials_origin(),
                         call.permission.empty() ? "more rights" : call.permission,
                         oci_policy_statement(credentials_origin(), kObjects, options_.bucket));
    }
  }
  return "";
}

Result<void> OciConnection::remove(OciCall place, const Deadline& deadline) {
  place.method = HttpMethod::del;
  place.permission = "OBJECT_DELETE";
  TRY_ASSIGN(const OciResponse response, send(place, deadline));
  if (response.ok()) return {};
  Error error = error_of(place, response);
  if (error.kind == ErrorKind::not_found) return {};
  return error;
}

Error OciConnection::error_of(const OciCall& call, const OciResponse& response) const {
  std::string text = fmt::format("{}: status {}", place_of(call), response.http.status);
  if (response.error) {
    if (!response.error->code.empty()) text += " " + response.error->code;
    if (!response.error->message.empty()) text += ": " + response.error->message.substr(0, kMessageLimit);
  }
  if (const auto id = response.http.headers.find("opc-request-id")) text += fmt::format(" (request {})", *id);
  if (const std::string advice = advice_for(call, response); !advice.empty()) text += "; " + advice;
  const ErrorKind kind = kind_of(call, response);
  Error error{kind, std::move(text), retry_after_of(response.http.headers)};
  const int status = response.http.status;
  error.is_refusal =
      kind == ErrorKind::retry && status >= 400 && status < 500 && kind_of_status(status) != ErrorKind::retry;
  return error;
}

}  // namespace rayhistory
