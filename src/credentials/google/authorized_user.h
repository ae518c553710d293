// A user who has signed in with `gcloud auth application-default login`: the refresh token is exchanged for
// an access token (RFC 6749, section 6).
#pragma once

#include "credentials/access_token.h"
#include "credentials/google/credentials_file.h"
#include "http/client.h"

namespace rayhistory {

class GoogleAuthorizedUserIssuer final : public Issuer<AccessToken> {
 public:
  // `client` and `clock` must outlive it.
  GoogleAuthorizedUserIssuer(GoogleAuthorizedUser user, HttpClient& client, const Clock& clock);

  Result<Issued<AccessToken>> issue(const Deadline& deadline) override;
  std::string origin() const override { return "refresh token of a user"; }

 private:
  const GoogleAuthorizedUser user_;
  HttpClient& client_;
  const Clock& clock_;
};

}  // namespace rayhistory
