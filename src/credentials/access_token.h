// An OAuth 2.0 bearer token (RFC 6750), as Azure and Google know a caller by.
#pragma once

#include <string>

#include "credentials/credentials_source.h"

namespace rayhistory {

// A secret: never logged, never part of an error.
struct AccessToken {
  std::string value;

  friend bool operator==(const AccessToken&, const AccessToken&) = default;
};

using AccessTokenSource = CredentialsSource<AccessToken>;

}  // namespace rayhistory
