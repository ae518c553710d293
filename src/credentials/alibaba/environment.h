// The environment variables by which Alibaba Cloud's SDKs are told who they are, each as it came; empty where
// it is not set. Keys: alibabacloud-oss-v2, credentials/provider_impl.py, and aliyun/credentials-go,
// credentials/internal/providers/env.go. The others: Alibaba Cloud, "ack-pod-identity-webhook".
#pragma once

#include <string>

#include "signing/aws_credentials.h"

namespace rayhistory {

struct AlibabaEnvironment {
  AwsCredentials oss_keys = {};  // OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET, OSS_SESSION_TOKEN
  // ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET, ALIBABA_CLOUD_SECURITY_TOKEN
  AwsCredentials cloud_keys = {};
  std::string role_arn = {};           // ALIBABA_CLOUD_ROLE_ARN
  std::string oidc_provider_arn = {};  // ALIBABA_CLOUD_OIDC_PROVIDER_ARN
  std::string oidc_token_file = {};    // ALIBABA_CLOUD_OIDC_TOKEN_FILE
  std::string role_session_name = {};  // ALIBABA_CLOUD_ROLE_SESSION_NAME
  std::string sts_endpoint = {};       // ALIBABA_CLOUD_STS_ENDPOINT
  std::string sts_region = {};         // ALIBABA_CLOUD_STS_REGION
  bool use_vpc_endpoint = false;       // ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED
};

}  // namespace rayhistory
