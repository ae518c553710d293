#include "credentials/azure/entra.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "credentials/azure/token_exchange.h"

namespace rayhistory {
namespace {

constexpr std::string_view kPublicAuthority = "https://login.microsoftonline.com";
// Azure Storage's, in all clouds.
constexpr std::string_view kScope = "https://storage.azure.com/.default";

// A tenant is a GUID or a domain; anything else would be another path.
bool is_tenant(std::string_view text) {
  return !text.empty() && text != "." && text != ".." && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

}  // namespace

bool may_carry_secrets(const Url& url) {
  return url.scheme == Scheme::https || url.host == "localhost" || url.host == "::1" ||
         url.host.starts_with("127.");
}

Result<AzureEntra> AzureEntra::from(const AzureIdentity& identity, std::unique_ptr<HttpClient> client,
                                    const Clock& clock) {
  if (!is_tenant(identity.tenant_id)) {
    return Error{ErrorKind::invalid,
                 fmt::format("AZURE_TENANT_ID \"{}\": must be the tenant's ID, or a domain of its",
                             identity.tenant_id)};
  }
  if (identity.client_id.empty())
    return Error{ErrorKind::invalid, "AZURE_CLIENT_ID: is missing: the application's, or the identity's, ID"};
  Result<Url> url = parse_url(
      identity.authority_host.empty() ? kPublicAuthority : std::string_view(identity.authority_host),
      Scheme::https);
  if (!url) return std::move(url).error().in("AZURE_AUTHORITY_HOST");
  if (!may_carry_secrets(*url) || !url->encoded_query.empty()) {
    return Error{ErrorKind::invalid,
                 fmt::format("AZURE_AUTHORITY_HOST \"{}\": must be an https URL", identity.authority_host)};
  }
  while (url->encoded_path.ends_with('/'))
    url->encoded_path.pop_back();
  url->encoded_path += "/" + identity.tenant_id + "/oauth2/v2.0/token";
  return AzureEntra(*std::move(url), identity.client_id, std::move(client), clock);
}

Result<Issued<AccessToken>> AzureEntra::ask(const QueryParameters& proof, const Deadline& deadline) {
  QueryParameters form = proof;
  form.emplace_back("client_id", client_id_);
  form.emplace_back("grant_type", "client_credentials");
  form.emplace_back("scope", kScope);
  const MemoryBody body(encode_query(form));
  HttpRequest request;
  request.method = HttpMethod::post;
  request.url = endpoint_;
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  request.headers.set("Accept", "application/json");
  request.body = &body;
  return exchange_for_azure_token(*client_, request, clock_, deadline);
}

}  // namespace rayhistory
