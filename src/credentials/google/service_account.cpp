#include "credentials/google/service_account.h"

#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"
#include "credentials/google/token_request.h"
#include "credentials/google/token_response.h"
#include "signing/jwt_rs256.h"

namespace rayhistory {
namespace {

// The longest that Google takes.
constexpr int64_t kLifetimeSeconds = 3600;
// What a JWT for Google is meant for, whatever the URL it is posted to (google/oauth2/service_account.py).
constexpr std::string_view kAudience = "https://oauth2.googleapis.com/token";

}  // namespace

GoogleServiceAccount::GoogleServiceAccount(GoogleServiceAccountKey key, HttpClient& client,
                                           const Clock& clock)
    : key_(std::move(key)), client_(client), clock_(clock) {}

Result<Issued<AccessToken>> GoogleServiceAccount::issue(const Deadline& deadline) {
  Result<RsaKey> rsa = RsaKey::from_pem(key_.private_key);
  if (!rsa) return Error{ErrorKind::denied, origin() + ": " + rsa.error().message};
  const int64_t now = clock_.unix_nanoseconds();
  const int64_t issued = now / Nanoseconds(Seconds(1)).count();
  const std::string claims =
      fmt::format(R"({{"iat":{},"exp":{},"iss":{},"aud":"{}","scope":"{}"}})", issued,
                  issued + kLifetimeSeconds, json_string(key_.client_email), kAudience, kGoogleStorageScope);
  TRY_ASSIGN(const std::string response,
             post_token_form(client_, key_.token_url,
                             {{"assertion", make_jwt_rs256(*rsa, key_.private_key_id, claims)},
                              {"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"}},
                             {}, deadline));
  std::optional<Issued<AccessToken>> token = read_token_response(response, now);
  if (!token) return no_token_in_response("token endpoint " + key_.token_url.origin());
  return *std::move(token);
}

std::string GoogleServiceAccount::origin() const {
  return "key of the service account " + key_.client_email;
}

}  // namespace rayhistory
