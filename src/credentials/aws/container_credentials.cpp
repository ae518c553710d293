#include "credentials/aws/container_credentials.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "credentials/aws/key_response.h"
#include "credentials/mounted_secret.h"

namespace rayhistory {
namespace {

constexpr std::string_view kTaskAddress = "169.254.170.2";
// Of ECS, and of EKS Pod Identity on IPv4 and IPv6.
constexpr std::array<std::string_view, 3> kAwsAddresses = {kTaskAddress, "169.254.170.23", "fd00:ec2::23"};
// It runs on the same host.
constexpr Seconds kStallTimeout{5};

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" ||
         (host.starts_with("127.") &&
          std::all_of(host.begin(), host.end(), [](char c) { return c == '.' || (c >= '0' && c <= '9'); }));
}

bool may_be_asked(const Url& url) {
  return url.scheme == Scheme::https || is_loopback(url.host) ||
         std::find(kAwsAddresses.begin(), kAwsAddresses.end(), url.host) != kAwsAddresses.end();
}

std::string without_space_at_ends(std::string_view text) {
  constexpr std::string_view kSpaces = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(kSpaces) - first + 1));
}

}  // namespace

bool AwsContainerCredentials::is_configured(const AwsEnvironment& environment) {
  return !environment.container_relative_uri.empty() || !environment.container_full_uri.empty();
}

Result<std::unique_ptr<AwsContainerCredentials>> AwsContainerCredentials::open(
    const AwsEnvironment& environment, std::shared_ptr<HttpClient> client) {
  const bool is_relative = !environment.container_relative_uri.empty();
  const std::string_view variable =
      is_relative ? "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" : "AWS_CONTAINER_CREDENTIALS_FULL_URI";
  if (is_relative && environment.container_relative_uri.front() != '/') {
    return Error{ErrorKind::invalid,
                 fmt::format("{} \"{}\": must begin with '/'", variable, environment.container_relative_uri)};
  }
  Result<Url> url =
      is_relative ? parse_url(fmt::format("http://{}{}", kTaskAddress, environment.container_relative_uri),
                              Scheme::http)
                  : parse_url(environment.container_full_uri, Scheme::http);
  if (!url) return std::move(url).error().in(variable);
  if (url->encoded_path.empty()) url->encoded_path = "/";
  if (!may_be_asked(*url)) {
    return Error{
        ErrorKind::invalid,
        fmt::format("{}: the host {} is none to ask for keys over http: loopback, {} and {} are, and "
                    "any host over https",
                    variable, url->host, kAwsAddresses[0], kAwsAddresses[1])};
  }
  return std::unique_ptr<AwsContainerCredentials>(
      new AwsContainerCredentials(*std::move(url), environment, std::move(client)));
}

Result<std::string> AwsContainerCredentials::authorization() const {
  std::string token = token_;
  if (!token_file_.empty()) {
    Result<std::string> content = read_mounted_secret(token_file_);
    if (!content) return std::move(content).error().in("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    token = without_space_at_ends(*content);
  }
  if (token.find_first_of("\r\n") != std::string::npos)
    return Error{ErrorKind::denied, "the container authorization token has a line break in it"};
  return token;
}

Result<Issued<AwsCredentials>> AwsContainerCredentials::issue(const Deadline& deadline) {
  TRY_ASSIGN(const std::string token, authorization());
  HttpRequest request;
  request.url = url_;
  request.headers.set("Accept", "application/json");
  if (!token.empty()) request.headers.set("Authorization", token);
  request.response_limit_bytes = kAwsKeyResponseLimitBytes;
  request.stall_timeout = kStallTimeout;
  Result<HttpResponse> response = client_->send(request, deadline);
  if (!response) {
    Error error = std::move(response).error();
    if (error.kind != ErrorKind::cancelled) error.kind = ErrorKind::retry;
    return std::move(error).in("container credentials");
  }
  if (response->status == 200) {
    if (auto issued = read_aws_key_response(response->body)) return *std::move(issued);
  }
  const bool is_passing = response->status == 200 || response->status == 429 || response->status >= 500;
  const std::string words = read_aws_key_refusal(response->body);
  return Error{
      is_passing ? ErrorKind::retry : ErrorKind::denied,
      fmt::format("container credentials at {}: status {}, {}; is the role associated with this task or "
                  "service account?",
                  url_.origin(), response->status, words.empty() ? "without keys" : words)};
}

std::string AwsContainerCredentials::origin() const {
  return "container credentials at " + url_.origin();
}

}  // namespace rayhistory
