#include "store/azure/connection.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "http/http_date.h"
#include "signing/azure_shared_key.h"
#include "store/http_response.h"

namespace rayhistory {
namespace {

// Of 2021-12-02, all that is used here; old enough for every Azurite and Azure Stack Hub that is in use.
constexpr std::string_view kServiceVersion = "2021-12-02";
// Azure takes a signature up to 15 minutes off. A refusal that is this far off is about the clock.
constexpr std::chrono::minutes kClockTolerance{10};
// Azure's sentences are below 300 characters; a proxy's error page is not to fill the log.
constexpr size_t kMessageLimit = 300;

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> choices) {
  return std::find(choices.begin(), choices.end(), text) != choices.end();
}

// https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes, and the common ones.
ErrorKind kind_of(std::string_view code, int status) {
  if (is_one_of(code, {"ServerBusy", "OperationTimedOut", "InternalError", "Md5Mismatch",
                       "PendingCopyOperation", "ContainerBeingDeleted", "AccountBeingCreated"}))
    return ErrorKind::retry;
  if (is_one_of(code,
                {"ContainerNotFound", "ResourceNotFound", "AccountIsDisabled", "ContainerDisabled",
                 "InvalidAuthenticationInfo", "AuthenticationFailed", "LeaseIdMissing", "LeaseNotPresent",
                 "BlobImmutableDueToPolicy", "BlobArchived", "BlobBeingRehydrated", "SnapshotsPresent"}))
    return ErrorKind::denied;
  return kind_of_status(status);
}

}  // namespace

AzureConnection::AzureConnection(AzureEndpoint endpoint, AzureCredentials credentials,
                                 std::unique_ptr<HttpClient> client, const Clock& clock)
    : endpoint_(std::move(endpoint)),
      credentials_(std::move(credentials)),
      client_(std::move(client)),
      clock_(clock) {}

std::string AzureConnection::description() const {
  return fmt::format("azure container {} at {}", endpoint_.container(), endpoint_.account());
}

std::string AzureConnection::copy_source(std::string_view key) const {
  Url url = endpoint_.url(key);
  if (const auto* signature = std::get_if<AzureSharedAccessSignature>(&credentials_))
    url.encoded_query = signature->encoded_query;
  return url.str();
}

HttpRequest AzureConnection::make_request(const AzureCall& call) const {
  HttpRequest request;
  request.method = call.method;
  request.url = call.is_for_account ? endpoint_.account_url() : endpoint_.url(call.key);
  request.url.encoded_query = encode_query(call.query);
  request.headers = call.headers;
  request.headers.set("x-ms-version", kServiceVersion);
  request.body = call.body;
  request.response_limit_bytes = call.response_limit_bytes;
  request.stall_timeout = call.stall_timeout;
  return request;
}

Result<AzureConnection::Used> AzureConnection::authorize(HttpRequest& request, const Deadline& deadline) {
  Used used;
  used.unix_nanoseconds = clock_.unix_nanoseconds() + clock_offset_nanoseconds_;
  if (const auto* key = std::get_if<AzureAccountKey>(&credentials_)) {
    sign_azure_shared_key(request, *key, used.unix_nanoseconds);
  } else if (const auto* signature = std::get_if<AzureSharedAccessSignature>(&credentials_)) {
    if (!request.url.encoded_query.empty()) request.url.encoded_query += "&";
    request.url.encoded_query += signature->encoded_query;
  } else {
    TRY_ASSIGN(used.token, std::get<std::unique_ptr<AccessTokenSource>>(credentials_)->get(deadline));
    request.headers.set("Authorization", "Bearer " + used.token->value);
  }
  return used;
}

Result<AzureResponse> AzureConnection::send(const AzureCall& call, const Deadline& deadline) {
  const bool is_read = call.method == HttpMethod::get || call.method == HttpMethod::head;
  Lessons lessons;
  while (true) {
    HttpRequest request = make_request(call);
    TRY_ASSIGN(const Used used, authorize(request, deadline));
    Result<HttpResponse> received = client_->send(request, deadline);
    if (!received) {
      Error error = std::move(received).error();
      if (is_read && error.kind == ErrorKind::unknown_outcome) error.kind = ErrorKind::retry;
      return std::move(error).in(
          fmt::format("azure container {}, key \"{}\"", endpoint_.container(), call.key));
    }
    AzureResponse response{*std::move(received), {}};
    if (response.ok()) {
      if (!is_read && !response.header("x-ms-version-id").empty()) has_seen_versions_ = true;
      return response;
    }
    response.error = read_azure_error(response.http.body).value_or(AzureErrorResponse{});
    if (response.error.code.empty()) response.error.code = response.header("x-ms-error-code");
    if (!learn_from(response, used, lessons, deadline)) return response;
  }
}

bool AzureConnection::learn_from(const AzureResponse& response, const Used& used, Lessons& lessons,
                                 const Deadline& deadline) {
  if (used.token && response.http.status == 401 && !lessons.token) {
    AccessTokenSource& source = *std::get<std::unique_ptr<AccessTokenSource>>(credentials_);
    source.invalidate(*used.token);
    const Result<AccessToken> renewed = source.get(deadline);
    return lessons.token = renewed.has_value() && *renewed != *used.token;
  }
  const bool is_signed_here = std::holds_alternative<AzureAccountKey>(credentials_);
  if (is_signed_here && response.http.status == 403 && !lessons.clock) {
    const std::optional<int64_t> theirs = parse_http_date(response.header("Date"));
    if (!theirs || std::abs(*theirs - used.unix_nanoseconds) <= Nanoseconds(kClockTolerance).count())
      return false;
    clock_offset_nanoseconds_ = *theirs - clock_.unix_nanoseconds();
    return lessons.clock = true;
  }
  return false;
}

// What an operator looks at next.
std::string AzureConnection::advice_for(const AzureResponse& response) const {
  const std::string_view code = response.code();
  const int status = response.http.status;
  const bool by_token = std::holds_alternative<std::unique_ptr<AccessTokenSource>>(credentials_);
  if (code == "ContainerNotFound") {
    return "check AZURE_STORAGE_CONTAINER; the container was there before or could not be created, so create "
           "it";
  }
  if (code == "ResourceNotFound" || code == "AccountIsDisabled") {
    return "check the account in AZURE_STORAGE_CONNECTION_STRING or AZURE_STORAGE_ACCOUNT_URL";
  }
  if (code == "AuthenticationFailed" && !response.error.detail.empty()) {
    return "the clocks of this machine and of Azure differ, or the shared access signature in "
           "AZURE_STORAGE_CONNECTION_STRING has expired or is not valid yet";
  }
  if (code == "AuthenticationFailed" && !by_token) {
    return "check AccountName and AccountKey or SharedAccessSignature in AZURE_STORAGE_CONNECTION_STRING, "
           "and whether a proxy changes the request on its way";
  }
  if (code == "AuthorizationFailure" && std::holds_alternative<AzureSharedAccessSignature>(credentials_)) {
    return "the shared access signature in AZURE_STORAGE_CONNECTION_STRING has expired or lacks a permission "
           "(racwdl), or the account's network rules refuse this machine";
  }
  if (code == "AuthorizationFailure") {
    return "the account's network rules refuse this machine, or its key may not be used";
  }
  if (code == "KeyBasedAuthenticationNotPermitted") {
    return "the account takes no key: set AZURE_STORAGE_ACCOUNT_URL and AZURE_STORAGE_AUTH_MODE instead of "
           "AZURE_STORAGE_CONNECTION_STRING";
  }
  if (is_one_of(code, {"AuthorizationPermissionMismatch", "AuthorizationServiceMismatch",
                       "AuthorizationResourceTypeMismatch", "InsufficientAccountPermissions"})) {
    return by_token
               ? "give the identity the role Storage Blob Data Contributor on the container or the "
                 "account; a new role takes some minutes to count"
               : "the shared access signature needs the permissions racwdl on the container (sr=c), or for "
                 "the account (ss=b, srt=co)";
  }
  if (code == "LeaseIdMissing") return "somebody holds a lease on the object: break it";
  if (code == "BlobImmutableDueToPolicy") {
    return "an immutability policy forbids to grow objects: use a container without one";
  }
  if (status == 401) {
    return "check AZURE_STORAGE_AUTH_MODE, and that the identity's tenant is that of the account's "
           "subscription";
  }
  return "";
}

Error AzureConnection::error_of(const AzureCall& call, const AzureResponse& response) const {
  const int status = response.http.status;
  std::string text = fmt::format("azure {} container {}", name_of(call.method), endpoint_.container());
  if (!call.key.empty()) text += fmt::format(", key \"{}\"", call.key);
  text += fmt::format(": status {}", status);
  if (!response.code().empty()) text += fmt::format(" {}", response.code());
  if (!response.error.message.empty()) text += ": " + response.error.message.substr(0, kMessageLimit);
  if (!response.error.detail.empty())
    text += fmt::format(" ({})", response.error.detail.substr(0, kMessageLimit));
  if (const std::string_view id = response.header("x-ms-request-id"); !id.empty())
    text += fmt::format(" (request {})", id);
  if (std::holds_alternative<std::unique_ptr<AccessTokenSource>>(credentials_) &&
      (status == 401 || status == 403))
    text += fmt::format("; signed in by {}", credentials_origin());
  if (const std::string advice = advice_for(response); !advice.empty()) text += fmt::format("; {}", advice);
  return Error{kind_of(response.code(), status), std::move(text), retry_after_of(response.http.headers)};
}

}  // namespace rayhistory
