#include "store/azure/sign_in.h"

#include <utility>

#include <fmt/format.h>

#include "credentials/azure/connection_string.h"
#include "credentials/azure/entra.h"
#include "credentials/azure/workload_identity.h"
#include "credentials/cached_credentials.h"

namespace rayhistory {
namespace {

Result<AzureSignIn> by_connection_string(const AzureOptions& options) {
  TRY_ASSIGN(AzureConnectionString parts, parse_azure_connection_string(options.connection_string));
  return std::visit(
      [&](auto credentials) {
        return AzureSignIn{std::move(parts.blob_endpoint), AzureCredentials(std::move(credentials))};
      },
      std::move(parts.credentials));
}

Result<Url> account_of(const AzureOptions& options) {
  if (options.account_url.empty()) {
    return Error{ErrorKind::invalid,
                 "AZURE_STORAGE_ACCOUNT_URL: is missing, like https://account.blob.core.windows.net; or set "
                 "AZURE_STORAGE_CONNECTION_STRING"};
  }
  Result<Url> url = parse_url(options.account_url, Scheme::https);
  // The text is not shown: a signature may be in it.
  if (!url || !url->encoded_query.empty()) {
    return Error{
        ErrorKind::invalid,
        "AZURE_STORAGE_ACCOUNT_URL: must be a URL like https://account.blob.core.windows.net, without "
        "a query; a shared access signature goes into AZURE_STORAGE_CONNECTION_STRING"};
  }
  if (!may_carry_secrets(*url)) {
    return Error{ErrorKind::invalid,
                 fmt::format("AZURE_STORAGE_ACCOUNT_URL: a token is sent over https only, and {} is not",
                             url->origin())};
  }
  while (url->encoded_path.ends_with('/'))
    url->encoded_path.pop_back();
  return url;
}

}  // namespace

std::string origin_of(const AzureCredentials& credentials) {
  if (std::holds_alternative<AzureAccountKey>(credentials))
    return "AccountKey of AZURE_STORAGE_CONNECTION_STRING";
  if (std::holds_alternative<AzureSharedAccessSignature>(credentials))
    return "SharedAccessSignature of AZURE_STORAGE_CONNECTION_STRING";
  return std::get<std::unique_ptr<AccessTokenSource>>(credentials)->origin();
}

Result<AzureSignIn> azure_sign_in(const AzureOptions& options,
                                  const std::function<std::unique_ptr<HttpClient>()>& make_client,
                                  const Clock& clock) {
  const std::optional<AzureAuthMode> mode = parse_azure_auth_mode(options.auth_mode);
  if (!mode) {
    return Error{ErrorKind::invalid,
                 fmt::format("AZURE_STORAGE_AUTH_MODE \"{}\": is none; there are connection_string, "
                             "workload_identity, default",
                             options.auth_mode)};
  }
  if (mode == AzureAuthMode::connection_string && options.connection_string.empty()) {
    return Error{
        ErrorKind::invalid,
        "AZURE_STORAGE_CONNECTION_STRING: is missing, and AZURE_STORAGE_AUTH_MODE is connection_string"};
  }
  if (mode == AzureAuthMode::connection_string ||
      (mode == AzureAuthMode::by_what_there_is && !options.connection_string.empty()))
    return by_connection_string(options);

  TRY_ASSIGN(Url account, account_of(options));
  const bool is_workload = mode == AzureAuthMode::workload_identity;
  TRY_ASSIGN(std::unique_ptr<AccessTokenIssuer> issuer,
             is_workload ? azure_workload_identity_issuer(options.identity, make_client(), clock)
                         : default_azure_issuer(options.identity, make_client(), clock));
  std::unique_ptr<AccessTokenSource> source =
      std::make_unique<CachedCredentials<AccessToken>>(std::move(issuer), clock);
  return AzureSignIn{std::move(account), std::move(source)};
}

}  // namespace rayhistory
