#include "credentials/alibaba/oidc_role.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/rfc3339.h"
#include "credentials/aws/key_response.h"
#include "credentials/mounted_secret.h"

namespace rayhistory {
namespace {

constexpr std::string_view kAction = "AssumeRoleWithOIDC";
constexpr std::string_view kApiVersion = "2015-04-01";
// The longest that every role allows.
constexpr std::string_view kLifetimeSeconds = "3600";
// An answer has some 3 KiB.
constexpr uint64_t kResponseLimitBytes = 64 * 1024;
// It answers in far less than a second.
constexpr Seconds kStallTimeout{15};

std::string_view advice_for(std::string_view refusal) {
  if (refusal.starts_with("AuthenticationFail.NoPermission")) {
    return "the role's trust policy must allow this OIDC provider and the service account (oidc:sub, "
           "oidc:aud)";
  }
  if (refusal.starts_with("AuthenticationFail.OIDCToken.Expired"))
    return "the token in ALIBABA_CLOUD_OIDC_TOKEN_FILE is over: see that it is renewed";
  if (refusal.starts_with("AuthenticationFail.")) {
    return "check ALIBABA_CLOUD_OIDC_PROVIDER_ARN, and that the token's audience is one of the provider's "
           "client IDs";
  }
  if (refusal.starts_with("EntityNotExist") || refusal.starts_with("InvalidParameter"))
    return "check ALIBABA_CLOUD_ROLE_ARN and ALIBABA_CLOUD_OIDC_PROVIDER_ARN";
  return {};
}

bool is_passing(std::string_view refusal, int status) {
  return status >= 500 || status == 429 || refusal.starts_with("Throttling") ||
         refusal.starts_with("ServiceUnavailable");
}

std::string text_of(const simdjson::dom::object& object, std::string_view name) {
  std::string_view text;
  return object.at_key(name).get(text) == simdjson::SUCCESS ? std::string(text) : std::string();
}

// "2026-11-23T02:27:23Z"
std::string in_seconds(int64_t unix_nanoseconds) {
  const std::string time = format_rfc3339_milliseconds(unix_nanoseconds);
  return time.substr(0, time.find('.')) + "Z";
}

// Keys and tokens are sent in headers.
bool is_visible(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace

AlibabaOidcRole::AlibabaOidcRole(AlibabaRole role, std::string token_file, Url token_service,
                                 std::unique_ptr<HttpClient> client, const Clock& clock)
    : role_(std::move(role)),
      token_file_(std::move(token_file)),
      token_service_(std::move(token_service)),
      client_(std::move(client)),
      clock_(clock) {}

std::string AlibabaOidcRole::origin() const {
  return fmt::format("RRSA: role {} for the token in {}, from {}", role_.arn, token_file_,
                     token_service_.origin());
}

Result<Issued<AwsCredentials>> AlibabaOidcRole::issue(const Deadline& deadline) {
  Result<std::string> token = read_mounted_secret(token_file_);
  if (!token) return std::move(token).error().in("ALIBABA_CLOUD_OIDC_TOKEN_FILE");
  token->erase(token->find_last_not_of(" \t\r\n") + 1);
  if (token->empty()) {
    return Error{ErrorKind::denied, fmt::format("ALIBABA_CLOUD_OIDC_TOKEN_FILE {}: is empty", token_file_)};
  }
  const int64_t now = clock_.unix_nanoseconds();
  const std::string session = role_.session_name.empty()
                                  ? fmt::format("ray-collector-{}", now / Nanoseconds(Seconds(1)).count())
                                  : role_.session_name;
  const std::string content = encode_query({{"RoleArn", role_.arn},
                                            {"OIDCProviderArn", role_.oidc_provider_arn},
                                            {"OIDCToken", *token},
                                            {"RoleSessionName", session},
                                            {"DurationSeconds", std::string(kLifetimeSeconds)}});
  const MemoryBody body(content);
  HttpRequest request;
  request.method = HttpMethod::post;
  request.url = token_service_;
  request.url.encoded_query = encode_query({{"Action", std::string(kAction)},
                                            {"Version", std::string(kApiVersion)},
                                            {"Format", "JSON"},
                                            {"Timestamp", in_seconds(now)}});
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  request.body = &body;
  request.response_limit_bytes = kResponseLimitBytes;
  request.stall_timeout = kStallTimeout;
  Result<HttpResponse> response = client_->send(request, deadline);
  if (!response) {
    Error error = std::move(response).error();
    // Issuing twice does no harm.
    if (error.kind != ErrorKind::cancelled) error.kind = ErrorKind::retry;
    return std::move(error).in(fmt::format("STS {}", kAction));
  }
  const auto told = [&](ErrorKind kind, std::string_view what, std::string_view advice) {
    return Error{kind, fmt::format("STS {} at {}: status {} {}{}{}", kAction, token_service_.origin(),
                                   response->status, what, advice.empty() ? "" : "; ", advice)};
  };
  if (response->status == 200) {
    if (auto issued = read_alibaba_token_response(response->body)) return *std::move(issued);
    return told(ErrorKind::retry, "with an answer that holds no credentials", "");
  }
  const std::string refusal = read_aws_key_refusal(response->body);
  const ErrorKind kind = is_passing(refusal, response->status) ? ErrorKind::retry : ErrorKind::denied;
  if (refusal.empty())
    return told(kind, "with an answer that is none of STS", "check OSS_REGION, or a proxy between");
  return told(kind, refusal, advice_for(refusal));
}

std::optional<Issued<AwsCredentials>> read_alibaba_token_response(std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::object response;
  simdjson::dom::object found;
  if (body.size() > kResponseLimitBytes ||
      parser.parse(body.data(), body.size()).get(response) != simdjson::SUCCESS ||
      response.at_key("Credentials").get(found) != simdjson::SUCCESS)
    return std::nullopt;
  AwsCredentials keys{text_of(found, "AccessKeyId"), text_of(found, "AccessKeySecret"),
                      text_of(found, "SecurityToken")};
  const std::optional<int64_t> expires = parse_rfc3339(text_of(found, "Expiration"));
  if (!is_visible(keys.access_key_id) || keys.secret_access_key.empty() || !is_visible(keys.session_token) ||
      !expires)
    return std::nullopt;
  return Issued<AwsCredentials>{std::move(keys), expires};
}

}  // namespace rayhistory
