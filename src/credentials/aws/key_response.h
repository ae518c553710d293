// Keys in JSON, as container credential servers, the instance metadata service and credential processes give
// them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "credentials/aws/aws_credentials_source.h"

namespace rayhistory {

// Larger than any session token (some 2 KiB); what is longer is something else.
inline constexpr uint64_t kAwsKeyResponseLimitBytes = 64 * 1024;

// {"AccessKeyId": …, "SecretAccessKey": …, "Token": …, "Expiration": RFC 3339}, the last two where there are
// any. Nothing where the body is not that, whole.
std::optional<Issued<AwsCredentials>> read_aws_key_response(std::string_view body);
// The same of a credential process, whose token is "SessionToken" and whose "Version" must be 1.
std::optional<Issued<AwsCredentials>> read_aws_process_output(std::string_view output);
// "AssumeRoleUnauthorizedAccess: EC2 cannot assume the role", of {"Code": …, "Message": …} in either case;
// empty where it says nothing. Short, on one line.
std::string read_aws_key_refusal(std::string_view body);

}  // namespace rayhistory
