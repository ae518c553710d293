#include "credentials/oci/default_credentials.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "credentials/cached_credentials.h"
#include "credentials/oci/config_file.h"
#include "credentials/oci/instance_principal.h"
#include "credentials/oci/profile.h"
#include "credentials/oci/resource_principal.h"
#include "credentials/oci/workload_identity.h"

namespace rayhistory {
namespace {

// Others ask services of Oracle's own for a token first.
constexpr std::string_view kSpokenVersion = "2.2";

OciAuthType found_type(const OciEnvironment& environment) {
  if (!environment.resource_principal_version.empty()) {
    return environment.kubernetes_host.empty() ? OciAuthType::resource_principal
                                               : OciAuthType::oke_workload_identity;
  }
  if (status_of(oci_path(environment.config_file, environment.home))) return OciAuthType::api_key;
  return OciAuthType::instance_principal;
}

}  // namespace

std::optional<OciAuthType> parse_oci_auth_type(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (lowered.empty()) return OciAuthType::automatic;
  if (lowered == "api_key") return OciAuthType::api_key;
  if (lowered == "session_token") return OciAuthType::session_token;
  if (lowered == "instance_principal") return OciAuthType::instance_principal;
  if (lowered == "oke_workload_identity") return OciAuthType::oke_workload_identity;
  if (lowered == "resource_principal") return OciAuthType::resource_principal;
  return std::nullopt;
}

Result<std::unique_ptr<OciCredentialsSource>> default_oci_credentials(const OciEnvironment& environment,
                                                                      const MakeOciIssuerClient& make_client,
                                                                      const Clock& clock) {
  const std::optional<OciAuthType> told = parse_oci_auth_type(environment.auth_type);
  if (!told) {
    return Error{ErrorKind::invalid, fmt::format("OCI_AUTH_TYPE (ociAuthType): \"{}\" is none: one of {}",
                                                 environment.auth_type, kOciAuthTypes)};
  }
  const bool is_automatic = *told == OciAuthType::automatic;
  std::unique_ptr<Issuer<OciCredentials>> issuer;
  switch (is_automatic ? found_type(environment) : *told) {
    case OciAuthType::automatic:
      UNREACHABLE("found_type gives no automatic");
    case OciAuthType::api_key:
      issuer = std::make_unique<OciProfileIssuer>(
          environment, is_automatic ? OciProfileUse::key_or_token : OciProfileUse::key);
      break;
    case OciAuthType::session_token:
      issuer = std::make_unique<OciProfileIssuer>(environment, OciProfileUse::token);
      break;
    case OciAuthType::instance_principal:
      issuer = std::make_unique<OciInstancePrincipal>(environment, make_client(""), clock);
      break;
    case OciAuthType::oke_workload_identity:
      if (environment.kubernetes_host.empty()) {
        return Error{ErrorKind::invalid,
                     "OCI_AUTH_TYPE oke_workload_identity: KUBERNETES_SERVICE_HOST is not set, as it is in "
                     "each pod: run in a pod of an OKE cluster, or choose another OCI_AUTH_TYPE"};
      }
      issuer = std::make_unique<OciWorkloadIdentity>(environment,
                                                     make_client(environment.service_account_ca_file));
      break;
    case OciAuthType::resource_principal:
      if (environment.resource_principal_version != kSpokenVersion) {
        return Error{ErrorKind::invalid,
                     fmt::format("OCI_RESOURCE_PRINCIPAL_VERSION: \"{}\" is given, and {} alone is spoken "
                                 "here: set it, with OCI_RESOURCE_PRINCIPAL_RPST and "
                                 "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM, or choose another OCI_AUTH_TYPE",
                                 environment.resource_principal_version, kSpokenVersion)};
      }
      issuer = std::make_unique<OciResourcePrincipal>(environment);
      break;
  }
  return std::unique_ptr<OciCredentialsSource>(
      std::make_unique<CachedCredentials<OciCredentials>>(std::move(issuer), clock));
}

}  // namespace rayhistory
