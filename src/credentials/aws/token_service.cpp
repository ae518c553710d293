#include "credentials/aws/token_service.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/rfc3339.h"
#include "base/xml.h"
#include "signing/aws_sigv4.h"

namespace rayhistory {
namespace {

constexpr std::string_view kApiVersion = "2011-06-15";
// An answer has some 3 KiB.
constexpr uint64_t kResponseLimitBytes = 64 * 1024;
// It answers in far less than a second.
constexpr Seconds kStallTimeout{15};
constexpr size_t kShownRefusalBytes = 300;
constexpr std::string_view kGlobalRegion = "us-east-1";

// What AWS_STS_REGIONAL_ENDPOINTS=legacy sends to the one endpoint for all: the regions of before 2019.
constexpr std::array<std::string_view, 16> kLegacyRegions = {
    "ap-northeast-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1",
    "eu-north-1",     "eu-west-1",  "eu-west-2",      "eu-west-3",      "sa-east-1",    "us-east-1",
    "us-east-2",      "us-west-1",  "us-west-2",      "aws-global"};

// AWS's partitions other than its first, as their regions begin.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kPartitionSuffixes = {{
    {"cn-", "amazonaws.com.cn"},
    {"us-iso-", "c2s.ic.gov"},
    {"us-isob-", "sc2s.sgov.gov"},
    {"us-isof-", "csp.hci.ic.gov"},
    {"eu-isoe-", "cloud.adc-e.uk"},
    {"eusc-", "amazonaws.eu"},
}};

std::string_view suffix_of(std::string_view region) {
  for (const auto& [prefix, suffix] : kPartitionSuffixes)
    if (region.starts_with(prefix)) return suffix;
  return "amazonaws.com";
}

bool is_region(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

std::string_view advice_for(std::string_view code) {
  if (code == "InvalidIdentityToken" || code == "InvalidIdentityTokenException")
    return "the cluster's OIDC issuer must be an identity provider in IAM, for the audience of the token";
  if (code == "ExpiredTokenException" || code == "ExpiredToken")
    return "the token or the caller's credentials are over: see that they are renewed";
  if (code == "AccessDenied") {
    return "the role's trust policy must allow this caller (of a service account: its namespace and name), "
           "and the role's ARN must be right";
  }
  if (code == "RegionDisabledException") return "switch STS on in this region, or set AWS_ENDPOINT_URL_STS";
  return {};
}

bool is_passing(std::string_view code, int status) {
  return status >= 500 || status == 429 || code.starts_with("Throttling") ||
         code == "IDPCommunicationError" || code == "RequestLimitExceeded";
}

}  // namespace

Result<AwsTokenServiceEndpoint> aws_token_service_endpoint(const AwsEnvironment& environment,
                                                           std::string_view region) {
  AwsTokenServiceEndpoint endpoint;
  endpoint.region = region.empty() ? kGlobalRegion : region;
  if (!is_region(endpoint.region)) {
    return Error{ErrorKind::invalid,
                 fmt::format("AWS_REGION \"{}\": a region has a-z, 0-9 and '-' only", region)};
  }
  if (!environment.sts_endpoint.empty()) {
    Result<Url> url = parse_url(environment.sts_endpoint, Scheme::https);
    if (!url) return std::move(url).error().in("AWS_ENDPOINT_URL_STS");
    endpoint.url = *std::move(url);
  } else {
    const std::string& mode = environment.sts_regional_endpoints;
    if (!mode.empty() && mode != "regional" && mode != "legacy") {
      return Error{ErrorKind::invalid,
                   fmt::format("AWS_STS_REGIONAL_ENDPOINTS \"{}\": is none: regional or legacy", mode)};
    }
    const bool is_legacy = mode == "legacy" && std::find(kLegacyRegions.begin(), kLegacyRegions.end(),
                                                         region) != kLegacyRegions.end();
    if (region.empty() || is_legacy || region == "aws-global") {
      endpoint.region = kGlobalRegion;
      endpoint.url.host = "sts.amazonaws.com";
    } else {
      endpoint.url.host = fmt::format("sts.{}.{}", region, suffix_of(region));
    }
  }
  if (endpoint.url.encoded_path.empty()) endpoint.url.encoded_path = "/";
  return endpoint;
}

AwsTokenService::AwsTokenService(AwsTokenServiceEndpoint endpoint, std::shared_ptr<HttpClient> client,
                                 const Clock& clock)
    : endpoint_(std::move(endpoint)), client_(std::move(client)), clock_(clock) {}

QueryParameters AwsTokenService::form_of(std::string_view action, const AwsRole& role) const {
  std::string session = role.session_name;
  if (session.empty())
    session = fmt::format("ray-collector-{}", clock_.unix_nanoseconds() / Nanoseconds(Seconds(1)).count());
  QueryParameters form = {{"Action", std::string(action)},
                          {"Version", std::string(kApiVersion)},
                          {"RoleArn", role.arn},
                          {"RoleSessionName", std::move(session)}};
  if (!role.external_id.empty()) form.emplace_back("ExternalId", role.external_id);
  if (!role.duration_seconds.empty()) form.emplace_back("DurationSeconds", role.duration_seconds);
  return form;
}

Result<Issued<AwsCredentials>> AwsTokenService::assume_role(const AwsRole& role, const AwsCredentials& caller,
                                                            const Deadline& deadline) const {
  return exchange("AssumeRole", form_of("AssumeRole", role), &caller, deadline);
}

Result<Issued<AwsCredentials>> AwsTokenService::assume_role_with_web_identity(
    const AwsRole& role, const std::string& token, const Deadline& deadline) const {
  QueryParameters form = form_of("AssumeRoleWithWebIdentity", role);
  form.emplace_back("WebIdentityToken", token);
  return exchange("AssumeRoleWithWebIdentity", form, nullptr, deadline);
}

Result<Issued<AwsCredentials>> AwsTokenService::exchange(std::string_view action, const QueryParameters& form,
                                                         const AwsCredentials* caller,
                                                         const Deadline& deadline) const {
  const std::string content = encode_query(form);
  const MemoryBody body(content);
  HttpRequest request;
  request.method = HttpMethod::post;
  request.url = endpoint_.url;
  request.headers.set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
  request.body = &body;
  request.response_limit_bytes = kResponseLimitBytes;
  request.stall_timeout = kStallTimeout;
  if (caller != nullptr) {
    sign_aws_v4(request, *caller, {endpoint_.region, "sts", clock_.unix_nanoseconds()},
                to_hex(sha256(content)));
  }
  Result<HttpResponse> response = client_->send(request, deadline);
  if (!response) {
    Error error = std::move(response).error();
    // Issuing twice does no harm.
    if (error.kind != ErrorKind::cancelled) error.kind = ErrorKind::retry;
    return std::move(error).in(fmt::format("STS {}", action));
  }
  const auto told = [&](ErrorKind kind, std::string_view what, std::string_view advice) {
    const std::string_view separator = advice.empty() ? "" : "; ";
    return Error{kind, fmt::format("STS {} at {}: status {} {}{}{}", action, origin(), response->status, what,
                                   separator, advice)};
  };
  if (response->status == 200) {
    if (auto issued = read_token_service_credentials(response->body)) return *std::move(issued);
    return told(ErrorKind::retry, "with an answer that holds no credentials", "");
  }
  const auto refusal = read_token_service_refusal(response->body);
  if (!refusal) {
    return told(is_passing("", response->status) ? ErrorKind::retry : ErrorKind::denied,
                "with an answer that is none of STS", "check AWS_ENDPOINT_URL_STS, or a proxy between");
  }
  return told(is_passing(refusal->code, response->status) ? ErrorKind::retry : ErrorKind::denied,
              fmt::format("{}: {}", refusal->code, refusal->message), advice_for(refusal->code));
}

std::optional<Issued<AwsCredentials>> read_token_service_credentials(std::string_view body) {
  const auto document = parse_xml(body);
  if (!document) return std::nullopt;
  const std::string root = document->document_element().name();
  if (root != "AssumeRoleResponse" && root != "AssumeRoleWithWebIdentityResponse") return std::nullopt;
  const pugi::xml_node result = document->document_element().child(
      root == "AssumeRoleResponse" ? "AssumeRoleResult" : "AssumeRoleWithWebIdentityResult");
  const pugi::xml_node node = result.child("Credentials");
  AwsCredentials keys{node.child_value("AccessKeyId"), node.child_value("SecretAccessKey"),
                      node.child_value("SessionToken")};
  const std::optional<int64_t> expires = parse_rfc3339(node.child_value("Expiration"));
  if (keys.access_key_id.empty() || keys.secret_access_key.empty() || keys.session_token.empty() || !expires)
    return std::nullopt;
  return Issued<AwsCredentials>{std::move(keys), expires};
}

std::optional<AwsTokenServiceRefusal> read_token_service_refusal(std::string_view body) {
  const auto document = parse_xml(body);
  if (!document) return std::nullopt;
  const pugi::xml_node error = document->child("ErrorResponse").child("Error");
  AwsTokenServiceRefusal refusal{error.child_value("Code"), error.child_value("Message")};
  if (refusal.code.empty()) return std::nullopt;
  for (std::string* text : {&refusal.code, &refusal.message}) {
    std::replace_if(
        text->begin(), text->end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
    if (text->size() > kShownRefusalBytes) text->resize(kShownRefusalBytes);
  }
  return refusal;
}

}  // namespace rayhistory
