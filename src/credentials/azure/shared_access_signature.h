// A shared access signature (SAS): a query that Azure Storage takes for credentials.
#pragma once

#include <string>

namespace rayhistory {

struct AzureSharedAccessSignature {
  // Already encoded, without '?': "sv=…&sig=…". A secret: never logged, never part of an error.
  std::string encoded_query;

  friend bool operator==(const AzureSharedAccessSignature&, const AzureSharedAccessSignature&) = default;
};

}  // namespace rayhistory
