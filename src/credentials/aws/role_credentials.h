// Temporary credentials of a role, by either of two ways: a token of an identity provider in a file (IRSA:
// Kubernetes projects it, and renews it there), or the credentials of somebody who may take the role.
#pragma once

#include <memory>
#include <string>

#include "credentials/aws/token_service.h"

namespace rayhistory {

class AwsWebIdentity final : public Issuer<AwsCredentials> {
 public:
  AwsWebIdentity(AwsRole role, std::string token_file, AwsTokenService service)
      : role_(std::move(role)), token_file_(std::move(token_file)), service_(std::move(service)) {}

  // The file is read each time, as its token is renewed.
  Result<Issued<AwsCredentials>> issue(const Deadline& deadline) override;
  std::string origin() const override;

 private:
  const AwsRole role_;
  const std::string token_file_;
  const AwsTokenService service_;
};

class AwsAssumedRole final : public Issuer<AwsCredentials> {
 public:
  AwsAssumedRole(AwsRole role, std::unique_ptr<AwsCredentialsSource> caller, AwsTokenService service)
      : role_(std::move(role)), caller_(std::move(caller)), service_(std::move(service)) {}

  Result<Issued<AwsCredentials>> issue(const Deadline& deadline) override;
  std::string origin() const override;

 private:
  const AwsRole role_;
  const std::unique_ptr<AwsCredentialsSource> caller_;
  const AwsTokenService service_;
};

}  // namespace rayhistory
