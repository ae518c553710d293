// The environment variables by which Oracle's SDKs, and KubeRay's backend `oci`, learn who they are, each as
// it came; empty where it is not set.
//
// PyPI oci: oci/auth/signers/resource_principals_signer.py, oci/regions.py; oracle/oci-go-sdk:
// common/auth/jwt.go and federation_client.go (OCI_SDK_AUTH_CLIENT_REGION_URL).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "credentials/credentials_source.h"
#include "signing/oci_credentials.h"

namespace rayhistory {

using OciCredentialsSource = CredentialsSource<OciCredentials>;

enum class OciAuthType {
  automatic,
  api_key,
  session_token,
  instance_principal,
  oke_workload_identity,
  resource_principal,
};

// "api_key", …, as OCI_AUTH_TYPE has it, in any case; empty is automatic; nothing for any other text.
std::optional<OciAuthType> parse_oci_auth_type(std::string_view text);
inline constexpr std::string_view kOciAuthTypes =
    "api_key, session_token, instance_principal, oke_workload_identity, resource_principal";

// Each source's origin() begins with one of these, or names a profile. A policy calls each by another name.
inline constexpr std::string_view kOciInstanceOrigin = "instance principal";
inline constexpr std::string_view kOciResourceOrigin = "resource principal";
inline constexpr std::string_view kOciWorkloadOrigin = "OKE workload identity";

struct OciEnvironment {
  std::string auth_type = {};                 // OCI_AUTH_TYPE
  std::string config_file = "~/.oci/config";  // OCI_CONFIG_FILE
  std::string config_profile = "DEFAULT";     // OCI_CONFIG_PROFILE
  std::string home = {};                      // HOME, which "~" in these files stands for
  std::string default_realm_domain = {};      // OCI_DEFAULT_REALM: the domain of regions that are not known

  std::string resource_principal_version = {};      // OCI_RESOURCE_PRINCIPAL_VERSION
  std::string resource_principal_token = {};        // OCI_RESOURCE_PRINCIPAL_RPST: it, or its file
  std::string resource_principal_key = {};          // OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM: likewise
  std::string resource_principal_pass_phrase = {};  // …_PRIVATE_PEM_PASSPHRASE: likewise
  std::string resource_principal_region = {};       // OCI_RESOURCE_PRINCIPAL_REGION

  std::string metadata_url = {};  // OCI_METADATA_BASE_URL; empty: http://169.254.169.254/opc/v2
  std::string auth_url = {};      // OCI_SDK_AUTH_CLIENT_REGION_URL; empty: the region's own

  std::string kubernetes_host = {};  // KUBERNETES_SERVICE_HOST
  uint16_t proxymux_port = 12250;
  std::string service_account_ca_file =  // OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH
      "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt";
  std::string service_account_token_file = "/var/run/secrets/kubernetes.io/serviceaccount/token";
};

}  // namespace rayhistory
