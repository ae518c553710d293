#include "store/azure/options.h"

namespace rayhistory {

std::optional<AzureAuthMode> parse_azure_auth_mode(std::string_view text) {
  std::string mode(text);
  for (char& c : mode)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (mode.empty()) return AzureAuthMode::by_what_there_is;
  if (mode == "connection_string") return AzureAuthMode::connection_string;
  if (mode == "workload_identity") return AzureAuthMode::workload_identity;
  if (mode == "default") return AzureAuthMode::default_identity;
  return std::nullopt;
}

}  // namespace rayhistory
