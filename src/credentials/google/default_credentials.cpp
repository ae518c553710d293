#include "credentials/google/default_credentials.h"

#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "credentials/google/authorized_user.h"
#include "credentials/google/credentials_file.h"
#include "credentials/google/external_account.h"
#include "credentials/google/metadata_server.h"
#include "credentials/google/service_account.h"
#include "credentials/mounted_secret.h"

namespace rayhistory {
namespace {

using TokenIssuer = std::unique_ptr<Issuer<AccessToken>>;

// The issuer of each kind of file.
struct MakeIssuer {
  HttpClient& client;
  const Clock& clock;

  TokenIssuer operator()(GoogleServiceAccountKey key) const {
    return std::make_unique<GoogleServiceAccount>(std::move(key), client, clock);
  }
  TokenIssuer operator()(GoogleAuthorizedUser user) const {
    return std::make_unique<GoogleAuthorizedUserIssuer>(std::move(user), client, clock);
  }
  TokenIssuer operator()(GoogleExternalAccount account) const {
    return std::make_unique<GoogleExternalAccountIssuer>(std::move(account), client, clock);
  }
};

// Empty: there is none.
std::string first_file(const GooglePlaces& places) {
  if (!places.credentials_file.empty()) return places.credentials_file;
  if (!places.gcloud_file.empty() && status_of(places.gcloud_file)) return places.gcloud_file;
  return "";
}

std::string named(const GooglePlaces& places, const std::string& path) {
  if (path == places.credentials_file) return path + " (GOOGLE_APPLICATION_CREDENTIALS)";
  return path;
}

Result<GoogleCredentialsFile> read_credentials_file(const GooglePlaces& places, const std::string& path) {
  Result<std::string> content = read_mounted_secret(path);
  if (!content) return std::move(content).error().in("GOOGLE_APPLICATION_CREDENTIALS");
  Result<GoogleCredentialsFile> file = parse_google_credentials_file(*content);
  if (!file) return Error{ErrorKind::denied, named(places, path) + " " + file.error().message};
  return file;
}

}  // namespace

GoogleDefaultCredentials::GoogleDefaultCredentials(GooglePlaces places, std::unique_ptr<HttpClient> client,
                                                   const Clock& clock)
    : places_(std::move(places)), client_(std::move(client)), clock_(clock) {
  const std::string path = first_file(places_);
  origin_ = path.empty() ? GoogleMetadataServer(places_.metadata_host, *client_, clock_).origin()
                         : named(places_, path);
}

Result<Issued<AccessToken>> GoogleDefaultCredentials::issue(const Deadline& deadline) {
  const std::string path = first_file(places_);
  TokenIssuer issuer;
  if (path.empty()) {
    issuer = std::make_unique<GoogleMetadataServer>(places_.metadata_host, *client_, clock_);
  } else {
    TRY_ASSIGN(GoogleCredentialsFile file, read_credentials_file(places_, path));
    issuer = std::visit(MakeIssuer{*client_, clock_}, std::move(file.credentials));
  }
  {
    const std::lock_guard lock(mutex_);
    origin_ = path.empty() ? issuer->origin() : fmt::format("{}, {}", named(places_, path), issuer->origin());
  }
  Result<Issued<AccessToken>> issued = issuer->issue(deadline);
  if (issued || issued.error().kind == ErrorKind::cancelled) return issued;
  Error error = std::move(issued).error();
  if (!path.empty()) return std::move(error).in(named(places_, path));
  return std::move(error).in(fmt::format(
      "no credentials: GOOGLE_APPLICATION_CREDENTIALS is not set, there is no file {}, and the metadata "
      "server gives none",
      places_.gcloud_file));
}

std::string GoogleDefaultCredentials::origin() const {
  const std::lock_guard lock(mutex_);
  return origin_;
}

Result<std::string> find_google_project(const GooglePlaces& places, HttpClient& client, const Clock& clock,
                                        const Deadline& deadline) {
  const std::string path = first_file(places);
  if (path.empty()) return GoogleMetadataServer(places.metadata_host, client, clock).project(deadline);
  TRY_ASSIGN(GoogleCredentialsFile file, read_credentials_file(places, path));
  if (file.project.empty()) return Error{ErrorKind::denied, named(places, path) + " names no project"};
  return std::move(file.project);
}

}  // namespace rayhistory
