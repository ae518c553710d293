#include "credentials/aws/instance_metadata.h"

#include <utility>

#include <fmt/format.h>

#include "base/ascii.h"
#include "credentials/aws/key_response.h"

namespace rayhistory {
namespace {

// It is on the same host and answers in milliseconds.
constexpr Seconds kStallTimeout{2};
// Six hours, the longest there is; a token is used for one look only.
constexpr std::string_view kTokenLifetimeSeconds = "21600";
constexpr std::string_view kRolesPath = "/latest/meta-data/iam/security-credentials/";

Error unexpected(std::string_view what, const HttpResponse& response) {
  const bool is_passing = response.status == 200 || response.status == 429 || response.status >= 500;
  const std::string words = read_aws_key_refusal(response.body);
  return Error{is_passing ? ErrorKind::retry : ErrorKind::denied,
               fmt::format("{}: status {}{}{}", what, response.status, words.empty() ? "" : ", ", words)};
}

}  // namespace

bool AwsInstanceMetadata::is_disabled(const AwsEnvironment& environment) {
  return lower_case(environment.metadata_disabled) == "true";
}

Result<std::unique_ptr<AwsInstanceMetadata>> AwsInstanceMetadata::open(const AwsEnvironment& environment,
                                                                       std::shared_ptr<HttpClient> client) {
  const std::string mode = lower_case(environment.metadata_endpoint_mode);
  if (!mode.empty() && mode != "ipv4" && mode != "ipv6") {
    return Error{ErrorKind::invalid,
                 fmt::format("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE \"{}\": is none: IPv4 or "
                             "IPv6",
                             environment.metadata_endpoint_mode)};
  }
  std::string endpoint = environment.metadata_endpoint;
  if (endpoint.empty()) endpoint = mode == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
  Result<Url> url = parse_url(endpoint, Scheme::http);
  if (!url) return std::move(url).error().in("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  while (url->encoded_path.ends_with('/'))
    url->encoded_path.pop_back();
  return std::unique_ptr<AwsInstanceMetadata>(new AwsInstanceMetadata(*std::move(url), std::move(client)));
}

HttpRequest AwsInstanceMetadata::request_for(HttpMethod method, std::string_view path) const {
  HttpRequest request;
  request.method = method;
  request.url = endpoint_;
  request.url.encoded_path += path;
  request.response_limit_bytes = kAwsKeyResponseLimitBytes;
  request.stall_timeout = kStallTimeout;
  return request;
}

Result<std::string> AwsInstanceMetadata::session_token(const Deadline& deadline) const {
  HttpRequest request = request_for(HttpMethod::put, "/latest/api/token");
  request.headers.set("X-aws-ec2-metadata-token-ttl-seconds", kTokenLifetimeSeconds);
  const Result<HttpResponse> response = client_->send(request, deadline);
  if (!response) {
    if (response.error().kind == ErrorKind::cancelled) return response.error();
    // The request went out and nothing came back: an answer that may take one hop only ends at the
    // container's network.
    const bool is_lost = response.error().kind == ErrorKind::unknown_outcome;
    return Error{
        ErrorKind::retry,
        fmt::format(
            "{}{}", response.error().message,
            is_lost ? "; it took the connection and did not answer: give the instance's metadata options a "
                      "hop limit of 2 (HttpPutResponseHopLimit), or the pod a role of its own"
                    : "; this is no EC2 instance, or its metadata service is kept from pods")};
  }
  if (response->status != 200 || response->body.empty())
    return unexpected("no session token (IMDSv2)", *response);
  return response->body;
}

Result<HttpResponse> AwsInstanceMetadata::get(std::string_view path, const std::string& token,
                                              const Deadline& deadline) const {
  HttpRequest request = request_for(HttpMethod::get, path);
  request.headers.set("X-aws-ec2-metadata-token", token);
  Result<HttpResponse> response = client_->send(request, deadline);
  if (!response && response.error().kind == ErrorKind::unknown_outcome) {
    Error error = std::move(response).error();
    error.kind = ErrorKind::retry;
    return error;
  }
  return response;
}

Result<Issued<AwsCredentials>> AwsInstanceMetadata::issue(const Deadline& deadline) {
  Result<Issued<AwsCredentials>> issued = [&]() -> Result<Issued<AwsCredentials>> {
    TRY_ASSIGN(const std::string token, session_token(deadline));
    TRY_ASSIGN(const HttpResponse roles, get(kRolesPath, token, deadline));
    if (roles.status == 404) return Error{ErrorKind::denied, "the instance has no role"};
    const std::string role = roles.body.substr(0, roles.body.find_first_of(" \t\r\n"));
    if (roles.status != 200 || role.empty()) return unexpected("the name of the instance's role", roles);
    TRY_ASSIGN(const HttpResponse keys, get(std::string(kRolesPath) + encode_path(role), token, deadline));
    if (keys.status == 200) {
      if (auto read = read_aws_key_response(keys.body)) return *std::move(read);
    }
    return unexpected("keys of the instance's role " + role, keys);
  }();
  if (!issued) return std::move(issued).error().in(origin());
  return issued;
}

}  // namespace rayhistory
