// What a token service of Azure's answers, read: Microsoft Entra ID's token endpoint, the instance metadata
// service, App Service's. All three speak JSON, and differ in how they say when a token ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "credentials/access_token.h"

namespace rayhistory {

// Larger than any token with its claims; a page of something else is not to be read to its end.
inline constexpr uint64_t kAzureTokenResponseLimitBytes = 256 * 1024;

// Nothing where the body is no such answer, whole: a token and, in seconds, "expires_in" (from now on) or
// "expires_on" (of unix time), each a number or digits in a string.
std::optional<Issued<AccessToken>> read_azure_token(std::string_view body, int64_t unix_nanoseconds);

// "invalid_client: AADSTS7000215: Invalid client secret provided." of a refusal, in one line; empty where it
// says nothing.
std::string read_azure_token_refusal(std::string_view body);

}  // namespace rayhistory
