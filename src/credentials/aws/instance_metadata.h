// Credentials of the role of an EC2 instance, from its metadata service, by session tokens (IMDSv2) only.
//
// Amazon EC2 User Guide, "Use the Instance Metadata Service to access instance metadata"; AWS SDKs and Tools
// Reference Guide, "IMDS credential provider".
#pragma once

#include <memory>
#include <string>

#include "credentials/aws/aws_credentials_source.h"
#include "credentials/aws/environment.h"
#include "http/client.h"

namespace rayhistory {

class AwsInstanceMetadata final : public Issuer<AwsCredentials> {
 public:
  static bool is_disabled(const AwsEnvironment& environment);
  // `invalid` names the variable that is wrong.
  static Result<std::unique_ptr<AwsInstanceMetadata>> open(const AwsEnvironment& environment,
                                                           std::shared_ptr<HttpClient> client);

  Result<Issued<AwsCredentials>> issue(const Deadline& deadline) override;
  std::string origin() const override { return "instance metadata at " + endpoint_.origin(); }

 private:
  AwsInstanceMetadata(Url endpoint, std::shared_ptr<HttpClient> client)
      : endpoint_(std::move(endpoint)), client_(std::move(client)) {}

  HttpRequest request_for(HttpMethod method, std::string_view path) const;
  Result<std::string> session_token(const Deadline& deadline) const;
  Result<HttpResponse> get(std::string_view path, const std::string& token, const Deadline& deadline) const;

  const Url endpoint_;
  const std::shared_ptr<HttpClient> client_;
};

}  // namespace rayhistory
