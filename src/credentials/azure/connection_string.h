// Azure's connection string, "AccountName=…;AccountKey=…;EndpointSuffix=…", taken apart: the blob service's
// URL, and the account's key or a shared access signature.
//
// Rules and names are those of azure-storage-blob (_shared/base_client.py, parse_connection_str): names
// without regard to case, a value after the first '=', "UseDevelopmentStorage=true" for the emulator.
// https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
#pragma once

#include <string_view>
#include <variant>

#include "base/result.h"
#include "credentials/azure/shared_access_signature.h"
#include "http/url.h"
#include "signing/azure_account_key.h"

namespace rayhistory {

struct AzureConnectionString {
  Url blob_endpoint;  // its path without a '/' at the end: empty, or "/devstoreaccount1" for an emulator
  std::variant<AzureAccountKey, AzureSharedAccessSignature> credentials;
};

// `invalid` says which of its parts is wrong or missing, and shows no value of any.
Result<AzureConnectionString> parse_azure_connection_string(std::string_view text);

}  // namespace rayhistory
