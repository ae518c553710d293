// Which identity of Azure's a pod has, as the variables say that Azure's own libraries read, and the Issuer
// of its tokens.
//
// Names and order are azure-identity's (DefaultAzureCredential), without what is for people at a terminal: a
// client secret, then workload identity, then managed identity, which is what there is when nothing else is
// configured. Only the first one that is configured is asked: what it refuses is told, and not tried with
// another identity, as azure-identity has it.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "credentials/access_token.h"
#include "http/client.h"

namespace rayhistory {

// Each as it came from its variable; empty where it was not set.
struct AzureIdentity {
  std::string tenant_id = {};             // AZURE_TENANT_ID
  std::string client_id = {};             // AZURE_CLIENT_ID
  std::string client_secret = {};         // AZURE_CLIENT_SECRET; a secret
  std::string federated_token_file = {};  // AZURE_FEDERATED_TOKEN_FILE
  std::string authority_host = {};        // AZURE_AUTHORITY_HOST
  std::string identity_endpoint = {};     // IDENTITY_ENDPOINT
  std::string identity_header = {};       // IDENTITY_HEADER; a secret
  std::string metadata_host = {};         // AZURE_POD_IDENTITY_AUTHORITY_HOST
};

using AccessTokenIssuer = Issuer<AccessToken>;

// Nothing is asked yet. `invalid` names the variable that is wrong or missing. `clock` must outlive the
// issuer.
Result<std::unique_ptr<AccessTokenIssuer>> default_azure_issuer(const AzureIdentity& identity,
                                                                std::unique_ptr<HttpClient> client,
                                                                const Clock& clock);

}  // namespace rayhistory
