// What a request to Azure Storage carries to be let in: a signature by the account's key, a shared access
// signature, or a bearer token.
#pragma once

#include <memory>
#include <variant>

#include "credentials/access_token.h"
#include "credentials/azure/shared_access_signature.h"
#include "signing/azure_account_key.h"

namespace rayhistory {

using AzureCredentials =
    std::variant<AzureAccountKey, AzureSharedAccessSignature, std::unique_ptr<AccessTokenSource>>;

}  // namespace rayhistory
