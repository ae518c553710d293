// Credentials from an HTTP server beside the container: that of an ECS task, or of EKS Pod Identity.
//
// AWS SDKs and Tools Reference Guide, "Container credential provider".
#pragma once

#include <memory>
#include <string>

#include "credentials/aws/aws_credentials_source.h"
#include "credentials/aws/environment.h"
#include "http/client.h"

namespace rayhistory {

class AwsContainerCredentials final : public Issuer<AwsCredentials> {
 public:
  // Whether the environment names such a server.
  static bool is_configured(const AwsEnvironment& environment);
  // `invalid` names the variable that is wrong: keys and token are given over http to this machine and to
  // AWS's own link-local addresses only.
  static Result<std::unique_ptr<AwsContainerCredentials>> open(const AwsEnvironment& environment,
                                                               std::shared_ptr<HttpClient> client);

  // The token's file is read each time, as Kubernetes renews it.
  Result<Issued<AwsCredentials>> issue(const Deadline& deadline) override;
  std::string origin() const override;

 private:
  AwsContainerCredentials(Url url, const AwsEnvironment& environment, std::shared_ptr<HttpClient> client)
      : url_(std::move(url)),
        token_(environment.container_token),
        token_file_(environment.container_token_file),
        client_(std::move(client)) {}

  Result<std::string> authorization() const;

  const Url url_;
  const std::string token_;
  const std::string token_file_;
  const std::shared_ptr<HttpClient> client_;
};

}  // namespace rayhistory
