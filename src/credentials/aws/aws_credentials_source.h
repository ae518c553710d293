// Where AWS credentials come from.
#pragma once

#include "credentials/credentials_source.h"
#include "signing/aws_credentials.h"

namespace rayhistory {

using AwsCredentialsSource = CredentialsSource<AwsCredentials>;

}  // namespace rayhistory
