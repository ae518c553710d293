#include "credentials/google/external_account.h"

#include <utility>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/json_text.h"
#include "credentials/google/token_request.h"
#include "credentials/google/token_response.h"
#include "credentials/mounted_secret.h"

namespace rayhistory {
namespace {

// All that the exchanged token is for, where it is exchanged once more (google/auth/iam.py).
constexpr std::string_view kImpersonationScope = "https://www.googleapis.com/auth/iam";

}  // namespace

GoogleExternalAccountIssuer::GoogleExternalAccountIssuer(GoogleExternalAccount account, HttpClient& client,
                                                         const Clock& clock)
    : account_(std::move(account)), client_(client), clock_(clock) {}

Result<Issued<AccessToken>> GoogleExternalAccountIssuer::issue(const Deadline& deadline) {
  TRY_ASSIGN(const std::string subject, subject_token(deadline));
  TRY_ASSIGN(Issued<AccessToken> token, exchange(subject, deadline));
  if (!account_.impersonation_url) return token;
  return impersonate(token.credentials, deadline);
}

std::string GoogleExternalAccountIssuer::origin() const {
  const SubjectTokenPlace& place = account_.subject_token;
  return fmt::format("workload identity federation with the token {}",
                     place.url ? "at " + place.url->origin() : "in " + place.file);
}

Result<std::string> GoogleExternalAccountIssuer::subject_token(const Deadline& deadline) {
  const SubjectTokenPlace& place = account_.subject_token;
  std::string content;
  if (place.url) {
    HttpRequest request;
    request.url = *place.url;
    for (const auto& [name, value] : place.headers)
      request.headers.set(name, value);
    TRY_ASSIGN(content, ask_token_service(client_, std::move(request),
                                          "credential_source.url " + place.url->origin(), deadline));
  } else {
    TRY_ASSIGN(content, read_mounted_secret(place.file));
  }
  const std::string where = place.url ? place.url->origin() : place.file;
  if (!place.json_field.empty()) {
    std::optional<std::string> field = read_text_field(content, place.json_field);
    if (!field) {
      return Error{ErrorKind::denied,
                   fmt::format("{}: is no JSON object with the text \"{}\"", where, place.json_field)};
    }
    content = *std::move(field);
  }
  if (content.empty()) return Error{ErrorKind::denied, where + ": is empty; a token should be there"};
  return content;
}

Result<Issued<AccessToken>> GoogleExternalAccountIssuer::exchange(const std::string& subject_token,
                                                                  const Deadline& deadline) {
  QueryParameters form = {
      {"grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"},
      {"audience", account_.audience},
      {"scope", std::string(account_.impersonation_url ? kImpersonationScope : kGoogleStorageScope)},
      {"requested_token_type", "urn:ietf:params:oauth:token-type:access_token"},
      {"subject_token", subject_token},
      {"subject_token_type", account_.subject_token_type},
  };
  Headers headers;
  if (!account_.client_id.empty()) {
    headers.set("Authorization", "Basic " + to_base64(account_.client_id + ":" + account_.client_secret));
  } else if (!account_.workforce_user_project.empty()) {
    // Google wants this one encoded before it is encoded (google/oauth2/sts.py).
    form.emplace_back("options",
                      encode_query_component(fmt::format(R"({{"userProject": {}}})",
                                                         json_string(account_.workforce_user_project))));
  }
  const int64_t now = clock_.unix_nanoseconds();
  TRY_ASSIGN(const std::string response,
             post_token_form(client_, account_.token_url, form, std::move(headers), deadline));
  std::optional<Issued<AccessToken>> token = read_token_response(response, now);
  if (!token) return no_token_in_response("token endpoint " + account_.token_url.origin());
  return *std::move(token);
}

Result<Issued<AccessToken>> GoogleExternalAccountIssuer::impersonate(const AccessToken& token,
                                                                     const Deadline& deadline) {
  const MemoryBody body(fmt::format(R"({{"scope":["{}"],"lifetime":"{}s"}})", kGoogleStorageScope,
                                    account_.impersonated_lifetime_seconds));
  HttpRequest request;
  request.method = HttpMethod::post;
  request.url = *account_.impersonation_url;
  request.headers.set("Content-Type", "application/json");
  request.headers.set("Authorization", "Bearer " + token.value);
  request.body = &body;
  const std::string whom = "service_account_impersonation_url " + request.url.origin();
  TRY_ASSIGN(const std::string response, ask_token_service(client_, std::move(request), whom, deadline));
  std::optional<Issued<AccessToken>> impersonated = read_impersonation_response(response);
  if (!impersonated) return no_token_in_response(whom);
  return *std::move(impersonated);
}

}  // namespace rayhistory
