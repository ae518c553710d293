#include "credentials/azure/managed_identity.h"

#include <utility>

#include <fmt/format.h>

#include "credentials/azure/token_exchange.h"
#include "http/url.h"

namespace rayhistory {
namespace {

// Azure Storage's, in all clouds.
constexpr std::string_view kResource = "https://storage.azure.com";
// A link-local address, http by design: it does not leave the machine.
constexpr std::string_view kMetadataService = "http://169.254.169.254";

class AzureManagedIdentity final : public AccessTokenIssuer {
 public:
  AzureManagedIdentity(HttpRequest request, std::string origin, std::string hint,
                       std::unique_ptr<HttpClient> client, const Clock& clock)
      : request_(std::move(request)),
        origin_(std::move(origin)),
        hint_(std::move(hint)),
        client_(std::move(client)),
        clock_(clock) {}

  Result<Issued<AccessToken>> issue(const Deadline& deadline) override {
    auto issued = exchange_for_azure_token(*client_, request_, clock_, deadline);
    if (issued) return issued;
    Error error = std::move(issued).error().in(origin_);
    error.message += hint_;
    return error;
  }
  std::string origin() const override { return origin_; }

 private:
  HttpRequest request_;
  const std::string origin_;
  const std::string hint_;
  const std::unique_ptr<HttpClient> client_;
  const Clock& clock_;
};

}  // namespace

Result<std::unique_ptr<AccessTokenIssuer>> azure_managed_identity_issuer(const AzureIdentity& identity,
                                                                         std::unique_ptr<HttpClient> client,
                                                                         const Clock& clock) {
  const bool is_app_service = !identity.identity_endpoint.empty() && !identity.identity_header.empty();
  HttpRequest request;
  QueryParameters query = {{"resource", std::string(kResource)}};
  std::string origin = "managed identity";
  std::string hint;
  if (is_app_service) {
    Result<Url> url = parse_url(identity.identity_endpoint, Scheme::http);
    if (!url) return std::move(url).error().in("IDENTITY_ENDPOINT");
    request.url = *std::move(url);
    request.headers.set("X-IDENTITY-HEADER", identity.identity_header);
    query.emplace_back("api-version", "2019-08-01");
    origin += " of IDENTITY_ENDPOINT";
  } else {
    Result<Url> url = parse_url(
        identity.metadata_host.empty() ? kMetadataService : std::string_view(identity.metadata_host),
        Scheme::http);
    if (!url) return std::move(url).error().in("AZURE_POD_IDENTITY_AUTHORITY_HOST");
    while (url->encoded_path.ends_with('/'))
      url->encoded_path.pop_back();
    url->encoded_path += "/metadata/identity/oauth2/token";
    request.url = *std::move(url);
    query.emplace_back("api-version", "2018-02-01");
    origin += " of the instance metadata service";
    hint =
        "; assign an identity to the machine (and set AZURE_CLIENT_ID where it has several), or use another "
        "way: AZURE_STORAGE_CONNECTION_STRING, workload identity (AZURE_FEDERATED_TOKEN_FILE, "
        "AZURE_TENANT_ID, AZURE_CLIENT_ID), or AZURE_CLIENT_SECRET";
  }
  request.headers.set("Metadata", "true");
  if (!identity.client_id.empty()) {
    query.emplace_back("client_id", identity.client_id);
    origin += fmt::format(", client {}", identity.client_id);
  }
  const std::string own_query = encode_query(query);
  request.url.encoded_query += (request.url.encoded_query.empty() ? "" : "&") + own_query;
  std::unique_ptr<AccessTokenIssuer> issuer = std::make_unique<AzureManagedIdentity>(
      std::move(request), std::move(origin), std::move(hint), std::move(client), clock);
  return issuer;
}

}  // namespace rayhistory
