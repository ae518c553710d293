// Tokens for a pod by its Kubernetes service account, as AKS's workload identity sets it up:
// AZURE_FEDERATED_TOKEN_FILE, AZURE_TENANT_ID, AZURE_CLIENT_ID.
// https://learn.microsoft.com/azure/aks/workload-identity-overview
#pragma once

#include <memory>

#include "credentials/azure/identity.h"

namespace rayhistory {

// `invalid` names the variables that are wrong or missing. The file is read with each token that is asked
// for, because the kubelet renews it. `clock` must outlive the issuer.
Result<std::unique_ptr<AccessTokenIssuer>> azure_workload_identity_issuer(const AzureIdentity& identity,
                                                                          std::unique_ptr<HttpClient> client,
                                                                          const Clock& clock);

}  // namespace rayhistory
