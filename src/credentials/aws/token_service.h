// AWS's Security Token Service (STS): temporary credentials of a role, for a caller's own credentials or for
// a token of an identity provider.
//
// AWS Security Token Service API Reference, "AssumeRole", "AssumeRoleWithWebIdentity"; AWS SDKs and Tools
// Reference Guide, "AWS STS Regional endpoints".
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "credentials/aws/aws_credentials_source.h"
#include "credentials/aws/environment.h"
#include "http/client.h"

namespace rayhistory {

struct AwsTokenServiceEndpoint {
  Url url;
  std::string region;  // that a request is signed for
};

// AWS_ENDPOINT_URL_STS; else that of `region`, so that it can be reached where the rest of the region can;
// else, without a region or where AWS_STS_REGIONAL_ENDPOINTS=legacy has it so, the one for all. `invalid`
// names the variable that is wrong.
Result<AwsTokenServiceEndpoint> aws_token_service_endpoint(const AwsEnvironment& environment,
                                                           std::string_view region);

struct AwsRole {
  std::string arn = {};
  std::string session_name = {};      // empty: one of ours
  std::string external_id = {};       // empty: none
  std::string duration_seconds = {};  // empty: what the service gives, an hour
};

// Any thread.
class AwsTokenService {
 public:
  // `clock` must outlive it.
  AwsTokenService(AwsTokenServiceEndpoint endpoint, std::shared_ptr<HttpClient> client, const Clock& clock);

  // Errors as Issuer::issue; they tell the service's own words.
  Result<Issued<AwsCredentials>> assume_role(const AwsRole& role, const AwsCredentials& caller,
                                             const Deadline& deadline) const;
  Result<Issued<AwsCredentials>> assume_role_with_web_identity(const AwsRole& role, const std::string& token,
                                                               const Deadline& deadline) const;
  std::string origin() const { return endpoint_.url.origin(); }

 private:
  QueryParameters form_of(std::string_view action, const AwsRole& role) const;
  Result<Issued<AwsCredentials>> exchange(std::string_view action, const QueryParameters& form,
                                          const AwsCredentials* caller, const Deadline& deadline) const;

  const AwsTokenServiceEndpoint endpoint_;
  const std::shared_ptr<HttpClient> client_;
  const Clock& clock_;
};

// What it answers, read. Nothing where the body is no such answer, whole.
std::optional<Issued<AwsCredentials>> read_token_service_credentials(std::string_view body);
struct AwsTokenServiceRefusal {
  std::string code;     // "InvalidIdentityToken"
  std::string message;  // short, on one line
};
std::optional<AwsTokenServiceRefusal> read_token_service_refusal(std::string_view body);

}  // namespace rayhistory
