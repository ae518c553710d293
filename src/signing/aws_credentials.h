// What AWS, and whoever speaks its dialect, knows a caller by.
#pragma once

#include <string>

namespace rayhistory {

// Secrets: never logged, never part of an error.
struct AwsCredentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // empty for long-lived keys

  friend bool operator==(const AwsCredentials&, const AwsCredentials&) = default;
};

}  // namespace rayhistory
