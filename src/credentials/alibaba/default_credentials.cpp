#include "credentials/alibaba/default_credentials.h"

#include <utility>

#include <fmt/format.h>

#include "credentials/alibaba/oidc_role.h"
#include "credentials/cached_credentials.h"

namespace rayhistory {
namespace {

using Source = std::unique_ptr<AwsCredentialsSource>;

// A key needs its secret, and a secret its key. No source where neither is set.
Result<Source> fixed_keys(const AwsCredentials& keys, std::string_view id_variable,
                          std::string_view secret_variable) {
  if (keys.access_key_id.empty() && keys.secret_access_key.empty()) return Source();
  if (keys.access_key_id.empty() || keys.secret_access_key.empty()) {
    const bool no_id = keys.access_key_id.empty();
    return Error{ErrorKind::invalid,
                 fmt::format("{} is not set, and {} is: both or neither",
                             no_id ? id_variable : secret_variable, no_id ? secret_variable : id_variable)};
  }
  return Source(std::make_unique<FixedCredentials<AwsCredentials>>(
      keys, fmt::format("environment variable {}", id_variable)));
}

bool is_this_machine(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

// What ack-pod-identity-webhook says, else the region's own.
Result<Url> token_service(const AlibabaEnvironment& environment, std::string_view region) {
  const std::string& told = environment.sts_endpoint;
  if (!environment.sts_region.empty()) region = environment.sts_region;
  Result<Url> url = parse_url(
      told.empty()
          ? fmt::format("{}.{}.aliyuncs.com", environment.use_vpc_endpoint ? "sts-vpc" : "sts", region)
          : told,
      Scheme::https);
  if (!url) {
    return std::move(url).error().in(told.empty() ? "ALIBABA_CLOUD_STS_REGION"
                                                  : "ALIBABA_CLOUD_STS_ENDPOINT");
  }
  if (url->scheme == Scheme::http && !is_this_machine(url->host)) {
    return Error{ErrorKind::invalid,
                 fmt::format("ALIBABA_CLOUD_STS_ENDPOINT \"{}\": must be reached over https, as the pod's "
                             "token is sent there",
                             told)};
  }
  if (url->encoded_path.empty()) url->encoded_path = "/";
  return url;
}

}  // namespace

Result<Source> default_alibaba_credentials(const AlibabaEnvironment& environment, std::string_view region,
                                           std::unique_ptr<HttpClient> client, const Clock& clock) {
  TRY_ASSIGN(Source source, fixed_keys(environment.oss_keys, "OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET"));
  if (source) return source;
  TRY_ASSIGN(source, fixed_keys(environment.cloud_keys, "ALIBABA_CLOUD_ACCESS_KEY_ID",
                                "ALIBABA_CLOUD_ACCESS_KEY_SECRET"));
  if (source) return source;

  std::string missing;
  for (const auto& [variable, value] :
       {std::pair("ALIBABA_CLOUD_ROLE_ARN", &environment.role_arn),
        std::pair("ALIBABA_CLOUD_OIDC_PROVIDER_ARN", &environment.oidc_provider_arn),
        std::pair("ALIBABA_CLOUD_OIDC_TOKEN_FILE", &environment.oidc_token_file)}) {
    if (value->empty()) missing += (missing.empty() ? "" : ", ") + std::string(variable);
  }
  if (!missing.empty()) {
    return Error{
        ErrorKind::invalid,
        fmt::format("no credentials: neither OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET nor {}, which "
                    "ack-pod-identity-webhook sets in a pod labelled "
                    "pod-identity.alibabacloud.com/injection=on (RRSA)",
                    missing)};
  }
  TRY_ASSIGN(Url service, token_service(environment, region));
  auto issuer = std::make_unique<AlibabaOidcRole>(
      AlibabaRole{environment.role_arn, environment.oidc_provider_arn, environment.role_session_name},
      environment.oidc_token_file, std::move(service), std::move(client), clock);
  return Source(std::make_unique<CachedCredentials<AwsCredentials>>(std::move(issuer), clock));
}

}  // namespace rayhistory
