// What Azure Storage knows the owner of an account's key by.
#pragma once

#include <string>

namespace rayhistory {

struct AzureAccountKey {
  std::string account;
  std::string key;  // its bytes, not its base64. A secret: never logged, never part of an error.

  friend bool operator==(const AzureAccountKey&, const AzureAccountKey&) = default;
};

}  // namespace rayhistory
