// AWS's default chain: the first place that is set up is the one that is asked, for as long as the process
// lives. Order and rules are botocore's:
//
//   1. the environment: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
//   2. the profile (AWS_PROFILE, else default), where it has a role_arn: taken by source_profile or
//      credential_source
//   3. web identity: AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN (IRSA), or the profile's
//   4. the profile's keys in the credentials file; its credential_process; its keys in the config file
//   5. the container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI (ECS, EKS Pod Identity)
//   6. instance metadata, unless AWS_EC2_METADATA_DISABLED
//
// Not there: sign-in through a browser (sso, login), and MFA, for which a person would be needed.
//
// AWS SDKs and Tools Reference Guide, "Standardized credential providers".
#pragma once

#include <memory>
#include <string_view>

#include "credentials/aws/aws_credentials_source.h"
#include "credentials/aws/environment.h"
#include "http/client.h"

namespace rayhistory {

// Nothing is asked yet, but the shared files are read. `invalid` names the variable, or the file and profile,
// that is wrong. `region_if_none` is for the token service, where neither environment nor profile has one.
// `clock` must outlive the source.
Result<std::unique_ptr<AwsCredentialsSource>> default_aws_credentials(const AwsEnvironment& environment,
                                                                      std::string_view region_if_none,
                                                                      std::unique_ptr<HttpClient> client,
                                                                      const Clock& clock);

}  // namespace rayhistory
