#include "credentials/azure/workload_identity.h"

#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "credentials/azure/entra.h"

namespace rayhistory {
namespace {

// A service account's token has some 1,000 bytes.
constexpr uint64_t kTokenFileLimitBytes = 64 * 1024;

class AzureWorkloadIdentity final : public AccessTokenIssuer {
 public:
  AzureWorkloadIdentity(AzureEntra entra, std::string token_file)
      : entra_(std::move(entra)), token_file_(std::move(token_file)) {}

  Result<Issued<AccessToken>> issue(const Deadline& deadline) override {
    auto issued = exchange(deadline);
    if (!issued) return std::move(issued).error().in(origin());
    return issued;
  }
  std::string origin() const override {
    return fmt::format("workload identity of client {}, AZURE_FEDERATED_TOKEN_FILE {}", entra_.client_id(),
                       token_file_);
  }

 private:
  Result<Issued<AccessToken>> exchange(const Deadline& deadline) {
    Result<std::string> assertion = read_file(token_file_, kTokenFileLimitBytes);
    if (!assertion) {
      // It is mounted with the pod, or comes with the next mount: somebody will see to it.
      return Error{ErrorKind::denied,
                   fmt::format("{}; is the pod labelled azure.workload.identity/use, and its service account "
                               "annotated?",
                               assertion.error().message)};
    }
    assertion->erase(assertion->find_last_not_of(" \t\r\n") + 1);
    return entra_.ask({{"client_assertion", *assertion},
                       {"client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}},
                      deadline);
  }

  AzureEntra entra_;
  const std::string token_file_;
};

}  // namespace

Result<std::unique_ptr<AccessTokenIssuer>> azure_workload_identity_issuer(const AzureIdentity& identity,
                                                                          std::unique_ptr<HttpClient> client,
                                                                          const Clock& clock) {
  std::string missing;
  for (const auto& [variable, value] :
       {std::pair("AZURE_FEDERATED_TOKEN_FILE", &identity.federated_token_file),
        std::pair("AZURE_TENANT_ID", &identity.tenant_id),
        std::pair("AZURE_CLIENT_ID", &identity.client_id)}) {
    if (value->empty()) missing += (missing.empty() ? "" : ", ") + std::string(variable);
  }
  if (!missing.empty()) {
    return Error{ErrorKind::invalid,
                 fmt::format("workload identity: {} must be set, as AKS does for a pod that is labelled "
                             "azure.workload.identity/use=true",
                             missing)};
  }
  TRY_ASSIGN(AzureEntra entra, AzureEntra::from(identity, std::move(client), clock));
  std::unique_ptr<AccessTokenIssuer> issuer =
      std::make_unique<AzureWorkloadIdentity>(std::move(entra), identity.federated_token_file);
  return issuer;
}

}  // namespace rayhistory
