#include "credentials/google/credentials_file.h"

#include <fmt/format.h>
#include <simdjson.h>

namespace rayhistory {
namespace {

using Object = simdjson::dom::object;

constexpr std::string_view kTokenUrl = "https://oauth2.googleapis.com/token";
constexpr std::string_view kTokenExchangeUrl = "https://sts.googleapis.com/v1/token";
constexpr std::string_view kUniverse = "googleapis.com";
constexpr std::string_view kAwsTokenType = "urn:ietf:params:aws:token-type:aws4_request";
// What generateAccessToken grants: an hour, and up to twelve where an organisation policy allows it.
constexpr int64_t kShortestLifetimeSeconds = 600;
constexpr int64_t kLongestLifetimeSeconds = 43'200;
// Google's own examples have two or three.
constexpr size_t kMostHeaders = 32;
// Google's longest is external_account_authorized_user.
constexpr size_t kShownTypeBytes = 40;

Error denied(std::string text) {
  return Error{ErrorKind::denied, std::move(text)};
}

std::string text_or(const Object& object, std::string_view name, std::string_view otherwise) {
  std::string_view text;
  return std::string(object[name].get(text) == simdjson::SUCCESS && !text.empty() ? text : otherwise);
}

Result<std::string> text_of(const Object& object, std::string_view name) {
  std::string text = text_or(object, name, "");
  if (text.empty()) return denied(fmt::format("has no text \"{}\"", name));
  return text;
}

bool is_this_machine_or_its_metadata_server(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.") || host == "169.254.169.254" ||
         host == "fd00:ec2::254" || host == "metadata.google.internal";
}

Result<Url> checked_url(const std::string& text, std::string_view name) {
  Result<Url> url = parse_url(text, Scheme::https);
  if (!url) return denied(fmt::format("its \"{}\" is wrong: {}", name, url.error().message));
  if (url->scheme == Scheme::http && !is_this_machine_or_its_metadata_server(url->host))
    return denied(fmt::format("its \"{}\" must begin with https://, as tokens are sent there", name));
  return url;
}

Result<GoogleServiceAccountKey> service_account(const Object& object) {
  GoogleServiceAccountKey key;
  TRY_ASSIGN(key.client_email, text_of(object, "client_email"));
  TRY_ASSIGN(key.private_key, text_of(object, "private_key"));
  key.private_key_id = text_or(object, "private_key_id", "");
  TRY_ASSIGN(key.token_url, checked_url(text_or(object, "token_uri", kTokenUrl), "token_uri"));
  return key;
}

Result<GoogleAuthorizedUser> authorized_user(const Object& object) {
  GoogleAuthorizedUser user;
  TRY_ASSIGN(user.client_id, text_of(object, "client_id"));
  TRY_ASSIGN(user.client_secret, text_of(object, "client_secret"));
  TRY_ASSIGN(user.refresh_token, text_of(object, "refresh_token"));
  TRY_ASSIGN(user.token_url, checked_url(text_or(object, "token_uri", kTokenUrl), "token_uri"));
  return user;
}

Result<SubjectTokenPlace> subject_token_place(const Object& account) {
  Object source;
  if (account["credential_source"].get(source) != simdjson::SUCCESS)
    return denied("has no object \"credential_source\"");
  for (const std::string_view other : {"executable", "certificate", "environment_id"}) {
    if (source[other].error() != simdjson::SUCCESS) continue;
    return denied(
        fmt::format("has a credential_source with \"{}\", which this program does not know: mount a token as "
                    "a file, and name it as \"file\"",
                    other));
  }
  SubjectTokenPlace place;
  place.file = text_or(source, "file", "");
  const std::string url = text_or(source, "url", "");
  if (place.file.empty() == url.empty())
    return denied("has a credential_source with neither or both of \"file\" and \"url\"");
  if (!url.empty()) {
    TRY_ASSIGN(place.url, checked_url(url, "credential_source.url"));
  }
  Object headers;
  if (source["headers"].get(headers) == simdjson::SUCCESS) {
    if (headers.size() > kMostHeaders) return denied("has a credential_source with too many headers");
    for (const simdjson::dom::key_value_pair header : headers) {
      std::string_view value;
      if (header.value.get(value) != simdjson::SUCCESS)
        return denied(fmt::format("has a credential_source whose header \"{}\" is no text", header.key));
      place.headers.emplace_back(header.key, value);
    }
  }
  Object format;
  if (source["format"].get(format) != simdjson::SUCCESS) return place;
  const std::string type = text_or(format, "type", "text");
  if (type == "json") {
    TRY_ASSIGN(place.json_field, text_of(format, "subject_token_field_name"));
  } else if (type != "text") {
    return denied("has a credential_source whose format is neither text nor json");
  }
  return place;
}

Result<GoogleExternalAccount> external_account(const Object& object) {
  GoogleExternalAccount account;
  TRY_ASSIGN(account.audience, text_of(object, "audience"));
  TRY_ASSIGN(account.subject_token_type, text_of(object, "subject_token_type"));
  if (account.subject_token_type == kAwsTokenType) {
    return denied(
        "is of an AWS role, whose keys this program does not exchange: on EKS let the provider take OIDC "
        "tokens, and name the pod's projected service account token as credential_source.file");
  }
  TRY_ASSIGN(account.token_url, checked_url(text_or(object, "token_url", kTokenExchangeUrl), "token_url"));
  TRY_ASSIGN(account.subject_token, subject_token_place(object));
  const std::string impersonation = text_or(object, "service_account_impersonation_url", "");
  if (!impersonation.empty()) {
    TRY_ASSIGN(account.impersonation_url, checked_url(impersonation, "service_account_impersonation_url"));
  }
  Object options;
  int64_t lifetime = 0;
  if (object["service_account_impersonation"].get(options) == simdjson::SUCCESS &&
      options["token_lifetime_seconds"].get(lifetime) == simdjson::SUCCESS) {
    if (lifetime < kShortestLifetimeSeconds || lifetime > kLongestLifetimeSeconds)
      return denied("has a token_lifetime_seconds that is not from 600 to 43200");
    account.impersonated_lifetime_seconds = lifetime;
  }
  account.client_id = text_or(object, "client_id", "");
  account.client_secret = text_or(object, "client_secret", "");
  account.workforce_user_project = text_or(object, "workforce_pool_user_project", "");
  return account;
}

}  // namespace

Result<GoogleCredentialsFile> parse_google_credentials_file(std::string_view json) {
  simdjson::dom::parser parser;
  Object object;
  if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS)
    return denied("is no JSON object");
  if (const std::string universe = text_or(object, "universe_domain", kUniverse); universe != kUniverse)
    return denied(fmt::format("is of the universe \"{}\"; only {} is known", universe, kUniverse));

  GoogleCredentialsFile file;
  file.project = text_or(object, "project_id", "");
  const std::string type = text_or(object, "type", "");
  if (type == "service_account") {
    TRY_ASSIGN(file.credentials, service_account(object));
  } else if (type == "authorized_user") {
    TRY_ASSIGN(file.credentials, authorized_user(object));
  } else if (type == "external_account") {
    TRY_ASSIGN(file.credentials, external_account(object));
  } else {
    return denied(
        fmt::format("has the type \"{}\"; known are service_account, external_account and authorized_user",
                    std::string_view(type).substr(0, kShownTypeBytes)));
  }
  return file;
}

}  // namespace rayhistory
