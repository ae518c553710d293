// From the settings to the account's URL and the credentials for it, by the three AZURE_STORAGE_AUTH_MODEs.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "credentials/azure/credentials.h"
#include "http/client.h"
#include "store/azure/options.h"

namespace rayhistory {

struct AzureSignIn {
  Url account;  // its path without a '/' at the end
  AzureCredentials credentials;
};

// For an operator: where the credentials come from, never what they are.
std::string origin_of(const AzureCredentials& credentials);

// `invalid` names the setting that is wrong or missing. `make_client` is called for a token service, where
// one is to be asked. `clock` must outlive the credentials.
Result<AzureSignIn> azure_sign_in(const AzureOptions& options,
                                  const std::function<std::unique_ptr<HttpClient>()>& make_client,
                                  const Clock& clock);

}  // namespace rayhistory
