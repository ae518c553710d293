// What Google's token services answer, read: OAuth's token endpoints (RFC 6749, section 5, and RFC 8693), the
// metadata server, and generateAccessToken of the IAM Credentials API.
//
// Each reader gives nothing where the body is not that reply, whole.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "credentials/access_token.h"

namespace rayhistory {

// {"access_token": …, "expires_in": seconds, as a number or as text}
std::optional<Issued<AccessToken>> read_token_response(std::string_view body, int64_t now_unix_nanoseconds);
// {"accessToken": …, "expireTime": RFC 3339}
std::optional<Issued<AccessToken>> read_impersonation_response(std::string_view body);
// The field of a JSON object that holds a text; nothing where it is empty.
std::optional<std::string> read_text_field(std::string_view body, std::string_view name);
// "invalid_grant: Invalid JWT Signature.", of OAuth's {"error": …, "error_description": …} or of Google's
// {"error": {"status": …, "message": …}}; empty where it is neither. Short, on one line.
std::string read_token_refusal(std::string_view body);

}  // namespace rayhistory
