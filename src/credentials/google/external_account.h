// Workload identity federation: a token of another issuer, which the workload finds in a file or at a URL, is
// exchanged for one of Google's (RFC 8693), and that, where the file says so, for a service account's.
#pragma once

#include "credentials/access_token.h"
#include "credentials/google/credentials_file.h"
#include "http/client.h"

namespace rayhistory {

class GoogleExternalAccountIssuer final : public Issuer<AccessToken> {
 public:
  // `client` and `clock` must outlive it.
  GoogleExternalAccountIssuer(GoogleExternalAccount account, HttpClient& client, const Clock& clock);

  Result<Issued<AccessToken>> issue(const Deadline& deadline) override;
  std::string origin() const override;

 private:
  // Read anew each time: Kubernetes replaces a projected token long before it expires.
  Result<std::string> subject_token(const Deadline& deadline);
  Result<Issued<AccessToken>> exchange(const std::string& subject_token, const Deadline& deadline);
  Result<Issued<AccessToken>> impersonate(const AccessToken& token, const Deadline& deadline);

  const GoogleExternalAccount account_;
  HttpClient& client_;
  const Clock& clock_;
};

}  // namespace rayhistory
