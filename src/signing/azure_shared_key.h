// Azure Storage's Shared Key signature, as the Blob service wants it since version 2015-02-21.
//
// Pure: the same request, key and time always give the same signature. Any thread.
// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
#pragma once

#include <cstdint>

#include "http/client.h"
#include "signing/azure_account_key.h"

namespace rayhistory {

// Sets x-ms-date and Authorization. All x-ms-… headers that are set before are signed, and those others that
// the rule names; each may be there once. Signing a signed request again replaces the signature.
void sign_azure_shared_key(HttpRequest& request, const AzureAccountKey& key, int64_t unix_nanoseconds);

}  // namespace rayhistory
