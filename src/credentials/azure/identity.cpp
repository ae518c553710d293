#include "credentials/azure/identity.h"

#include <utility>

#include "credentials/azure/client_secret.h"
#include "credentials/azure/managed_identity.h"
#include "credentials/azure/workload_identity.h"

namespace rayhistory {

Result<std::unique_ptr<AccessTokenIssuer>> default_azure_issuer(const AzureIdentity& identity,
                                                                std::unique_ptr<HttpClient> client,
                                                                const Clock& clock) {
  const bool is_application = !identity.tenant_id.empty() && !identity.client_id.empty();
  if (is_application && !identity.client_secret.empty())
    return azure_client_secret_issuer(identity, std::move(client), clock);
  if (is_application && !identity.federated_token_file.empty())
    return azure_workload_identity_issuer(identity, std::move(client), clock);
  return azure_managed_identity_issuer(identity, std::move(client), clock);
}

}  // namespace rayhistory
