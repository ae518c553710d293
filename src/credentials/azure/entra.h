// Microsoft Entra ID's token endpoint, asked with the client credentials grant (RFC 6749, 4.4).
// https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
#pragma once

#include <memory>
#include <string>

#include "credentials/azure/identity.h"
#include "http/url.h"

namespace rayhistory {

// One application in one tenant. One thread at a time.
class AzureEntra {
 public:
  // `invalid` names the variable that is wrong or missing.
  static Result<AzureEntra> from(const AzureIdentity& identity, std::unique_ptr<HttpClient> client,
                                 const Clock& clock);

  // `proof` is what shows that the caller is the application: a secret, or an assertion. Errors as
  // Issuer::issue.
  Result<Issued<AccessToken>> ask(const QueryParameters& proof, const Deadline& deadline);

  const std::string& client_id() const { return client_id_; }

 private:
  AzureEntra(Url endpoint, std::string client_id, std::unique_ptr<HttpClient> client, const Clock& clock)
      : endpoint_(std::move(endpoint)),
        client_id_(std::move(client_id)),
        client_(std::move(client)),
        clock_(clock) {}

  Url endpoint_;
  std::string client_id_;
  std::unique_ptr<HttpClient> client_;
  const Clock& clock_;
};

// A secret may only be sent where nobody can read it on its way: over TLS, or within this machine.
bool may_carry_secrets(const Url& url);

}  // namespace rayhistory
