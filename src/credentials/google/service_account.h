// A service account's key: a JWT that it signs is exchanged for an access token (RFC 7523).
#pragma once

#include "credentials/access_token.h"
#include "credentials/google/credentials_file.h"
#include "http/client.h"

namespace rayhistory {

class GoogleServiceAccount final : public Issuer<AccessToken> {
 public:
  // `client` and `clock` must outlive it.
  GoogleServiceAccount(GoogleServiceAccountKey key, HttpClient& client, const Clock& clock);

  Result<Issued<AccessToken>> issue(const Deadline& deadline) override;
  std::string origin() const override;

 private:
  const GoogleServiceAccountKey key_;
  HttpClient& client_;
  const Clock& clock_;
};

}  // namespace rayhistory
