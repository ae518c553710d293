// Where an Azure Blob container is and how to be let in, as the settings say it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "credentials/azure/identity.h"

namespace rayhistory {

// by_what_there_is: the connection string if there is one, else default_identity.
enum class AzureAuthMode { by_what_there_is, connection_string, workload_identity, default_identity };

// Of AZURE_STORAGE_AUTH_MODE, in any case; nothing for what is none.
std::optional<AzureAuthMode> parse_azure_auth_mode(std::string_view text);

struct AzureOptions {
  std::string container = "ray-historyserver";
  std::string connection_string = {};  // a secret
  std::string account_url = {};        // "https://account.blob.core.windows.net"
  std::string auth_mode = {};
  AzureIdentity identity = {};
};

}  // namespace rayhistory
