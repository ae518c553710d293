// JSON Web Tokens (RFC 7519) signed with RS256, as Google's service accounts prove who they are (RFC 7523).
//
// Pure: the same key and claims always give the same token. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/rsa_key.h"

namespace rayhistory {

// `key_id` tells the verifier which of the account's keys it is; `claims` is a JSON object.
std::string make_jwt_rs256(const RsaKey& key, std::string_view key_id, std::string_view claims);

}  // namespace rayhistory
