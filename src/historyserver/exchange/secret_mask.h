// Hides secrets that a text shows: the History Server does not ask visitors who they are, and people pass
// passwords as arguments and variables. docs/security.md lists what is found, and what is not.
//
// Pure functions; the time is linear in the text.
#pragma once

#include <string>
#include <string_view>

namespace rayhistory {

inline constexpr std::string_view kRedacted = "<redacted>";

// Whether a variable, flag or key of this name usually has a secret: DB_PASSWORD, --api-key, clientSecret.
bool is_secret_name(std::string_view name);

// The text with each secret in it replaced by "<redacted>":
//
//   NAME=value, --name=value, --name value, "name": "value"   where is_secret_name(name)
//   scheme://user:password@host, http(s)://token@host
//   Bearer token, Authorization: Basic token
//   env_vars: {"NAME": "value"}                               all values, as JSON or as Python prints it
//
// A value that only names a variable ($TOKEN) stays.
std::string masked_text(std::string_view text);

}  // namespace rayhistory
