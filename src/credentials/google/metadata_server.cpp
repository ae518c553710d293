#include "credentials/google/metadata_server.h"

#include <utility>

#include <fmt/format.h>

#include "credentials/google/token_request.h"
#include "credentials/google/token_response.h"

namespace rayhistory {
namespace {

constexpr std::string_view kFlavor = "Google";

}  // namespace

GoogleMetadataServer::GoogleMetadataServer(const std::string& host, HttpClient& client, const Clock& clock)
    : host_(host.empty() ? "metadata.google.internal" : host), client_(client), clock_(clock) {}

Result<Issued<AccessToken>> GoogleMetadataServer::issue(const Deadline& deadline) {
  const int64_t now = clock_.unix_nanoseconds();
  TRY_ASSIGN(const std::string response, ask("/computeMetadata/v1/instance/service-accounts/default/token",
                                             {{"scopes", std::string(kGoogleStorageScope)}}, deadline));
  std::optional<Issued<AccessToken>> token = read_token_response(response, now);
  if (!token) return no_token_in_response(origin());
  return *std::move(token);
}

std::string GoogleMetadataServer::origin() const {
  return "metadata server " + host_;
}

Result<std::string> GoogleMetadataServer::project(const Deadline& deadline) {
  return ask("/computeMetadata/v1/project/project-id", {}, deadline);
}

Result<std::string> GoogleMetadataServer::ask(std::string_view path, const QueryParameters& query,
                                              const Deadline& deadline) {
  Result<Url> url = parse_url(host_, Scheme::http);
  if (!url) return Error{ErrorKind::denied, "GCE_METADATA_HOST: " + url.error().message};
  HttpRequest request;
  request.url = *std::move(url);
  request.url.encoded_path = path;
  request.url.encoded_query = encode_query(query);
  request.headers.set("Metadata-Flavor", kFlavor);
  return ask_token_service(client_, std::move(request), origin(), deadline);
}

}  // namespace rayhistory
