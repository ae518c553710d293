// The metadata server of a Google VM, and of a GKE node with Workload Identity: hands out tokens of the
// service account that the VM, or the pod's Kubernetes service account, stands for.
//
// https://cloud.google.com/compute/docs/metadata/overview
#pragma once

#include <string>

#include "credentials/access_token.h"
#include "http/client.h"

namespace rayhistory {

class GoogleMetadataServer final : public Issuer<AccessToken> {
 public:
  // `host` may carry a port; empty: metadata.google.internal. `client` and `clock` must outlive it.
  GoogleMetadataServer(const std::string& host, HttpClient& client, const Clock& clock);

  Result<Issued<AccessToken>> issue(const Deadline& deadline) override;
  std::string origin() const override;

  // The project that the VM or cluster belongs to.
  Result<std::string> project(const Deadline& deadline);

 private:
  Result<std::string> ask(std::string_view path, const QueryParameters& query, const Deadline& deadline);

  const std::string host_;
  HttpClient& client_;
  const Clock& clock_;
};

}  // namespace rayhistory
