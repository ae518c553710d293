// The environment variables by which AWS's SDKs are told who they are, each as it came; empty where it is not
// set. AWS SDKs and Tools Reference Guide, "Environment variables list".
#pragma once

#include <string>

#include "signing/aws_credentials.h"

namespace rayhistory {

struct AwsEnvironment {
  AwsCredentials keys = {};                  // AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
  std::string region = {};                   // AWS_REGION, else AWS_DEFAULT_REGION
  std::string home = {};                     // HOME, for what lies below ~/.aws
  std::string profile = {};                  // AWS_PROFILE
  std::string config_file = {};              // AWS_CONFIG_FILE
  std::string credentials_file = {};         // AWS_SHARED_CREDENTIALS_FILE
  std::string role_arn = {};                 // AWS_ROLE_ARN
  std::string role_session_name = {};        // AWS_ROLE_SESSION_NAME
  std::string web_identity_token_file = {};  // AWS_WEB_IDENTITY_TOKEN_FILE
  std::string sts_endpoint = {};             // AWS_ENDPOINT_URL_STS
  std::string sts_regional_endpoints = {};   // AWS_STS_REGIONAL_ENDPOINTS
  std::string container_relative_uri = {};   // AWS_CONTAINER_CREDENTIALS_RELATIVE_URI
  std::string container_full_uri = {};       // AWS_CONTAINER_CREDENTIALS_FULL_URI
  std::string container_token = {};          // AWS_CONTAINER_AUTHORIZATION_TOKEN; a secret
  std::string container_token_file = {};     // AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
  std::string metadata_disabled = {};        // AWS_EC2_METADATA_DISABLED
  std::string metadata_endpoint = {};        // AWS_EC2_METADATA_SERVICE_ENDPOINT
  std::string metadata_endpoint_mode = {};   // AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE
};

}  // namespace rayhistory
