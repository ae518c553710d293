// Temporary credentials of a RAM role for the token of a Kubernetes service account (RRSA), from Alibaba
// Cloud's token service.
//
// Alibaba Cloud: STS API, "AssumeRoleWithOIDC"; the request as aliyun/credentials-go has it
// (credentials/internal/providers/oidc.go). It is not signed: the token says who asks.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "credentials/aws/aws_credentials_source.h"
#include "http/client.h"
#include "http/url.h"

namespace rayhistory {

struct AlibabaRole {
  std::string arn;
  std::string oidc_provider_arn;
  std::string session_name = {};  // empty: one that says who asks, and when
};

class AlibabaOidcRole final : public Issuer<AwsCredentials> {
 public:
  // `clock` must outlive it.
  AlibabaOidcRole(AlibabaRole role, std::string token_file, Url token_service,
                  std::unique_ptr<HttpClient> client, const Clock& clock);

  // The file is read each time, as its token is renewed.
  Result<Issued<AwsCredentials>> issue(const Deadline& deadline) override;
  std::string origin() const override;

 private:
  const AlibabaRole role_;
  const std::string token_file_;
  const Url token_service_;
  const std::unique_ptr<HttpClient> client_;
  const Clock& clock_;
};

// What the token service answers, read. Nothing where the body is no such answer, whole.
std::optional<Issued<AwsCredentials>> read_alibaba_token_response(std::string_view body);

}  // namespace rayhistory
