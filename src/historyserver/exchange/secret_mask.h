// Hides secrets that a text shows: the History Server does not ask visitors who they are, and people pass
// passwords as arguments and variables. docs/security.md lists what is found, and what is not.
//
// Pure functions; the time is linear in the text.
#pragma once

#include <string>
#include <string_view>

namespace rayhistory::historyserver {

inline constexpr std::string_view kRedacted = "<redacted>";

// Whether a variable, flag or key of this name usually has a secret: DB_PASSWORD, --api-key, clientSecret.
bool is_secret_name(std::string_view name);

// Whether what is below this key of an answer is a map of environment variables, whose values are all secret.
bool is_variables_key(std::string_view key);
// Whether people write the strings below this key of an answer themselves: runtime environments, entrypoints,
// metadata and command lines.
bool is_peoples_own_key(std::string_view key);
// Whether a text may hold a map of environment variables.
bool names_variables(std::string_view text);

// The text with each secret in it replaced by "<redacted>":
//
//   NAME=value, --name=value, --name value, "name": "value"   where is_secret_name(name)
//   scheme://user:password@host, http(s)://token@host
//   Bearer token, Authorization: Basic token
//   env_vars: {"NAME": "value"}                               all values, as JSON or as Python prints it
//
// A value that only names a variable ($TOKEN) stays.
std::string masked_text(std::string_view text);

}  // namespace rayhistory::historyserver
