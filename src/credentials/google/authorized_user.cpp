#include "credentials/google/authorized_user.h"

#include <utility>

#include "credentials/google/token_request.h"
#include "credentials/google/token_response.h"

namespace rayhistory {

GoogleAuthorizedUserIssuer::GoogleAuthorizedUserIssuer(GoogleAuthorizedUser user, HttpClient& client,
                                                       const Clock& clock)
    : user_(std::move(user)), client_(client), clock_(clock) {}

Result<Issued<AccessToken>> GoogleAuthorizedUserIssuer::issue(const Deadline& deadline) {
  const int64_t now = clock_.unix_nanoseconds();
  // No scope: what the user has agreed to is what there is.
  TRY_ASSIGN(const std::string response, post_token_form(client_, user_.token_url,
                                                         {{"grant_type", "refresh_token"},
                                                          {"client_id", user_.client_id},
                                                          {"client_secret", user_.client_secret},
                                                          {"refresh_token", user_.refresh_token}},
                                                         {}, deadline));
  std::optional<Issued<AccessToken>> token = read_token_response(response, now);
  if (!token) return no_token_in_response("token endpoint " + user_.token_url.origin());
  return *std::move(token);
}

}  // namespace rayhistory
