// What runs beside a container and gives it keys: ECS and EKS Pod Identity, and EC2's instance metadata.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "credentials/aws/container_credentials.h"
#include "credentials/aws/instance_metadata.h"
#include "credentials/aws/key_response.h"
#include "http/curl_client.h"
#include "testing/scripted_http_server.h"
#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kKeys =
    R"({"AccessKeyId": "ASIA", "SecretAccessKey": "secret", "Token": "token", "Expiration": "2026-11-23T02:27:20Z"})";

// Longer than any of these takes, so that a hang is an error and not a hang.
Deadline soon() {
  return Deadline::after(system_clock(), Seconds(60));
}

TEST(AwsKeyResponse, IsReadWholeOrNotAtAll) {
  const auto keys = read_aws_key_response(kKeys);
  ASSERT_TRUE(keys);
  EXPECT_EQ(keys->credentials, (AwsCredentials{"ASIA", "secret", "token"}));
  EXPECT_EQ(keys->expires_unix_nanoseconds, 1'795'400'840'000'000'000);
  for (size_t length = 0; length < kKeys.size(); ++length)
    EXPECT_FALSE(read_aws_key_response(kKeys.substr(0, length)));
  EXPECT_FALSE(read_aws_key_response(R"({"AccessKeyId": "a\nb", "SecretAccessKey": "s"})"));
  EXPECT_FALSE(
      read_aws_key_response(R"({"AccessKeyId": "a", "SecretAccessKey": "s", "Expiration": "soon"})"));
  EXPECT_EQ(read_aws_key_refusal(R"({"Code": "AccessDenied", "Message": "not\nyou"})"),
            "AccessDenied: not you");
}

class AwsContainerCredentialsTest : public testing::Test {
 protected:
  static std::string refusal_of(const AwsEnvironment& environment) {
    const auto opened = AwsContainerCredentials::open(environment, nullptr);
    return opened ? "" : opened.error().message;
  }

  TemporaryFolder folder_;
  ScriptedResponse response_{200, {}, std::string(kKeys)};
  ScriptedHttpServer server_{[this](const ReceivedRequest&) { return response_; }};
};

TEST_F(AwsContainerCredentialsTest, ShowsTheTokenThatIsInTheFileNow) {
  const std::string file = folder_.write("token", "first\n");
  auto container = *AwsContainerCredentials::open({.container_full_uri = server_.origin() + "/v1/credentials",
                                                   .container_token = "not this",
                                                   .container_token_file = file},
                                                  std::make_shared<CurlClient>(system_clock()));
  const auto issued = container->issue(soon());
  ASSERT_TRUE(issued) << issued.error().message;
  EXPECT_EQ(issued->credentials.access_key_id, "ASIA");
  EXPECT_EQ(server_.requests().back().target, "/v1/credentials");
  EXPECT_EQ(server_.requests().back().header("Authorization"), "first");
  folder_.write("token", "second");
  ASSERT_TRUE(container->issue(soon()));
  EXPECT_EQ(server_.requests().back().header("Authorization"), "second");
  folder_.write("token", "a\nb");
  EXPECT_THAT(container->issue(soon()).error().message, HasSubstr("line break"));
}

TEST_F(AwsContainerCredentialsTest, TellsWhatItWasRefused) {
  auto container = *AwsContainerCredentials::open({.container_full_uri = server_.origin()},
                                                  std::make_shared<CurlClient>(system_clock()));
  response_ = {403, {}, R"({"code": "AccessDenied", "message": "no association"})"};
  auto refused = container->issue(soon());
  EXPECT_EQ(refused.error().kind, ErrorKind::denied);
  EXPECT_THAT(refused.error().message, HasSubstr("AccessDenied: no association"));
  response_ = {500};
  EXPECT_EQ(container->issue(soon()).error().kind, ErrorKind::retry);
  response_ = {200, {}, "{}"};
  EXPECT_EQ(container->issue(soon()).error().kind, ErrorKind::retry);
}

TEST_F(AwsContainerCredentialsTest, AsksNobodyButWhoMayBeAsked) {
  for (const char* good : {"http://169.254.170.2/x", "http://169.254.170.23/v1/credentials",
                           "http://[fd00:ec2::23]/v1/credentials", "http://127.0.0.5:80/", "http://[::1]/",
                           "http://localhost:1/", "https://keys.example.com/"}) {
    EXPECT_EQ(refusal_of({.container_full_uri = good}), "") << good;
  }
  for (const char* bad :
       {"http://keys.example.com/", "http://169.254.169.254/", "http://127.0.0.1.example.com/",
        "http://user:secret@localhost/", "ftp://localhost/"}) {
    EXPECT_THAT(refusal_of({.container_full_uri = bad}), HasSubstr("AWS_CONTAINER_CREDENTIALS_FULL_URI"))
        << bad;
  }
  EXPECT_EQ(refusal_of({.container_relative_uri = "/v2/credentials/id"}), "");
  // As a name it would change the host.
  EXPECT_THAT(refusal_of({.container_relative_uri = ".example.com/"}), HasSubstr("RELATIVE_URI"));
}

class AwsInstanceMetadataTest : public testing::Test {
 protected:
  Result<Issued<AwsCredentials>> issue() {
    auto metadata = AwsInstanceMetadata::open({.metadata_endpoint = server_.origin()},
                                              std::make_shared<CurlClient>(system_clock()));
    return (*metadata)->issue(soon());
  }
  ScriptedResponse response(const ReceivedRequest& request) {
    if (request.method == "PUT") return token_;
    if (request.header("X-aws-ec2-metadata-token") != "session") return {401};
    if (request.target.ends_with("security-credentials/")) return role_;
    return keys_;
  }

  ScriptedResponse token_{200, {}, "session"};
  ScriptedResponse role_{200, {}, "my-role"};
  ScriptedResponse keys_{200, {}, std::string(kKeys)};
  ScriptedHttpServer server_{[this](const ReceivedRequest& request) { return response(request); }};
};

TEST_F(AwsInstanceMetadataTest, TakesATokenFirst) {
  const auto issued = issue();
  ASSERT_TRUE(issued) << issued.error().message;
  EXPECT_EQ(issued->credentials.session_token, "token");
  EXPECT_THAT(server_.request_lines(),
              ElementsAre("PUT /latest/api/token", "GET /latest/meta-data/iam/security-credentials/",
                          "GET /latest/meta-data/iam/security-credentials/my-role"));
  EXPECT_EQ(server_.requests()[0].header("X-aws-ec2-metadata-token-ttl-seconds"), "21600");
}

// An answer that may take one hop only is dropped by the container's network.
TEST_F(AwsInstanceMetadataTest, TellsOfTheHopLimitWhereTheTokenNeverComes) {
  token_.never = true;
  const auto lost = issue();
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, ErrorKind::retry);
  EXPECT_THAT(lost.error().message, HasSubstr("HttpPutResponseHopLimit"));
}

TEST_F(AwsInstanceMetadataTest, TellsWhatIsNotThere) {
  role_ = {404};
  EXPECT_THAT(issue().error().message, HasSubstr("the instance has no role"));
  token_ = {403};
  EXPECT_EQ(issue().error().kind, ErrorKind::denied);
  EXPECT_THAT(issue().error().message, HasSubstr("no session token (IMDSv2): status 403"));
}

TEST_F(AwsInstanceMetadataTest, TellsARefusalThatIsCalledASuccess) {
  keys_ = {200, {}, R"({"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume the role"})"};
  EXPECT_THAT(issue().error().message, HasSubstr("AssumeRoleUnauthorizedAccess: EC2 cannot assume the role"));
}

}  // namespace
}  // namespace rayhistory
