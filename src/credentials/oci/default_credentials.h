// The principal that signs requests to Oracle's cloud: the one that OCI_AUTH_TYPE says; where it says
// nothing, the first that there is, in KubeRay's order. OKE workload identity, where
// OCI_RESOURCE_PRINCIPAL_VERSION and KUBERNETES_SERVICE_HOST are set; the resource principal, where the first
// alone is; the config file, where there is one; else the instance principal.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "credentials/oci/environment.h"
#include "http/client.h"

namespace rayhistory {

// A client for an issuer. `ca_file`: the one authority that is to be trusted, and reached without a proxy, as
// it is the cluster's own; empty: as for all others.
using MakeOciIssuerClient = std::function<std::unique_ptr<HttpClient>(const std::string& ca_file)>;

// Nothing is asked yet. `invalid` names the variable that is wrong. `clock` must outlive the source.
Result<std::unique_ptr<OciCredentialsSource>> default_oci_credentials(const OciEnvironment& environment,
                                                                      const MakeOciIssuerClient& make_client,
                                                                      const Clock& clock);

}  // namespace rayhistory
