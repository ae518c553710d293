// Tokens for an application that knows its secret: AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET.
#pragma once

#include <memory>

#include "credentials/azure/identity.h"

namespace rayhistory {

// `invalid` names the variable that is wrong or missing. `clock` must outlive the issuer.
Result<std::unique_ptr<AccessTokenIssuer>> azure_client_secret_issuer(const AzureIdentity& identity,
                                                                      std::unique_ptr<HttpClient> client,
                                                                      const Clock& clock);

}  // namespace rayhistory
