#include "credentials/azure/client_secret.h"

#include <utility>

#include <fmt/format.h>

#include "credentials/azure/entra.h"

namespace rayhistory {
namespace {

class AzureClientSecret final : public AccessTokenIssuer {
 public:
  AzureClientSecret(AzureEntra entra, std::string secret)
      : entra_(std::move(entra)), secret_(std::move(secret)) {}

  Result<Issued<AccessToken>> issue(const Deadline& deadline) override {
    auto issued = entra_.ask({{"client_secret", secret_}}, deadline);
    if (!issued) return std::move(issued).error().in(origin());
    return issued;
  }
  std::string origin() const override {
    return fmt::format("AZURE_CLIENT_SECRET of client {}", entra_.client_id());
  }

 private:
  AzureEntra entra_;
  const std::string secret_;
};

}  // namespace

Result<std::unique_ptr<AccessTokenIssuer>> azure_client_secret_issuer(const AzureIdentity& identity,
                                                                      std::unique_ptr<HttpClient> client,
                                                                      const Clock& clock) {
  if (identity.client_secret.empty()) return Error{ErrorKind::invalid, "AZURE_CLIENT_SECRET: is missing"};
  TRY_ASSIGN(AzureEntra entra, AzureEntra::from(identity, std::move(client), clock));
  std::unique_ptr<AccessTokenIssuer> issuer =
      std::make_unique<AzureClientSecret>(std::move(entra), identity.client_secret);
  return issuer;
}

}  // namespace rayhistory
