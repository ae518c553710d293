// Application Default Credentials, in Google's order: the file that GOOGLE_APPLICATION_CREDENTIALS names, the
// file that `gcloud auth application-default login` leaves, the metadata server.
//
// They are looked for each time that a token is issued, so that a file which is mounted or renewed later is
// found. Where nothing is found the error says where it was looked for.
//
// https://cloud.google.com/docs/authentication/application-default-credentials
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "credentials/access_token.h"
#include "http/client.h"

namespace rayhistory {

struct GooglePlaces {
  std::string credentials_file;  // GOOGLE_APPLICATION_CREDENTIALS; empty: not set
  std::string gcloud_file;       // "/home/ray/.config/gcloud/application_default_credentials.json"
  std::string metadata_host;     // GCE_METADATA_HOST; empty: metadata.google.internal
};

class GoogleDefaultCredentials final : public Issuer<AccessToken> {
 public:
  // `clock` must outlive it.
  GoogleDefaultCredentials(GooglePlaces places, std::unique_ptr<HttpClient> client, const Clock& clock);

  Result<Issued<AccessToken>> issue(const Deadline& deadline) override;
  // Where the last token came from, or where the first will be looked for. Any thread.
  std::string origin() const override;

 private:
  const GooglePlaces places_;
  const std::unique_ptr<HttpClient> client_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::string origin_;
};

// The project that the credentials belong to, by the same order; for a bucket that has to be made. `denied`
// where none of them names one.
Result<std::string> find_google_project(const GooglePlaces& places, HttpClient& client, const Clock& clock,
                                        const Deadline& deadline);

}  // namespace rayhistory
