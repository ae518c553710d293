// Tokens for the machine, or the App Service, that the program runs on: from the instance metadata service
// (IMDS), or from IDENTITY_ENDPOINT where App Service set that and IDENTITY_HEADER.
// https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
// https://learn.microsoft.com/azure/app-service/overview-managed-identity
#pragma once

#include <memory>

#include "credentials/azure/identity.h"

namespace rayhistory {

// The identity that is assigned to the machine, or with AZURE_CLIENT_ID that one of several. `invalid` names
// the variable that is wrong. `clock` must outlive the issuer.
Result<std::unique_ptr<AccessTokenIssuer>> azure_managed_identity_issuer(const AzureIdentity& identity,
                                                                         std::unique_ptr<HttpClient> client,
                                                                         const Clock& clock);

}  // namespace rayhistory
