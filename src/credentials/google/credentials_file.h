// A credentials file of Google's, as GOOGLE_APPLICATION_CREDENTIALS names one: taken apart and checked.
//
// Its forms are those of google-auth (google/auth/_default.py). Where it tells us to send something, that is
// https, or http to this machine or its metadata server: the file is mounted by an operator, and what is sent
// are tokens.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "http/url.h"

namespace rayhistory {

struct GoogleServiceAccountKey {
  std::string client_email;
  std::string private_key;  // PEM; a secret
  std::string private_key_id;
  Url token_url;
};

struct GoogleAuthorizedUser {
  std::string client_id;
  std::string client_secret;
  std::string refresh_token;  // a secret
  Url token_url;
};

// Where a workload finds the token that says who it is (workload identity federation).
struct SubjectTokenPlace {
  std::string file;        // empty: asked from `url`
  std::optional<Url> url;  // with GET and `headers`
  std::vector<std::pair<std::string, std::string>> headers;
  std::string json_field;  // the token is this field of a JSON object; empty: it is the whole text
};

struct GoogleExternalAccount {
  std::string audience;
  std::string subject_token_type;
  SubjectTokenPlace subject_token;
  Url token_url;
  std::optional<Url> impersonation_url;  // the token is exchanged once more, for a service account's
  int64_t impersonated_lifetime_seconds = 3600;
  std::string client_id;  // of a workforce pool; empty: none
  std::string client_secret;
  std::string workforce_user_project;
};

struct GoogleCredentialsFile {
  std::variant<GoogleServiceAccountKey, GoogleAuthorizedUser, GoogleExternalAccount> credentials;
  std::string project;  // may be empty
};

// `denied` says which field is missing or wrong, and never shows a secret.
Result<GoogleCredentialsFile> parse_google_credentials_file(std::string_view json);

}  // namespace rayhistory
