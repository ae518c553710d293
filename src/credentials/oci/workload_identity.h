// OKE workload identity: the pod's service account token is exchanged, at the cluster's own proxymux, for a
// token of a resource principal. The cluster must be an enhanced one.
//
// The connection is verified with the service account's own CA and nothing else. PyPI oci:
// oci/auth/signers/oke_workload_identity_resource_principal_signer.py.
// Oracle: "Granting Workloads Access to OCI Resources".
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "credentials/oci/environment.h"
#include "http/client.h"

namespace rayhistory {

class OciWorkloadIdentity final : public Issuer<OciCredentials> {
 public:
  // `client` trusts the service account's CA.
  OciWorkloadIdentity(const OciEnvironment& environment, std::unique_ptr<HttpClient> client);

  // The token's file is read each time, as the kubelet renews it.
  Result<Issued<OciCredentials>> issue(const Deadline& deadline) override;
  std::string origin() const override;

 private:
  const std::string host_;
  const uint16_t port_;
  const std::string token_file_;
  const std::string ca_file_;
  const std::string region_;
  const std::unique_ptr<HttpClient> client_;
};

}  // namespace rayhistory
