#include "credentials/aws/token_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "credentials/aws/role_credentials.h"
#include "http/curl_client.h"
#include "testing/scripted_http_server.h"
#include "testing/skipping_clock.h"
#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const Deadline kNever = Deadline::never();
constexpr std::string_view kResponse =
    "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
    "<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA</AccessKeyId>"
    "<SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>"
    "<Expiration>2026-11-23T03:27:20Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>"
    "</AssumeRoleWithWebIdentityResponse>";

std::string endpoint(std::string_view region, const AwsEnvironment& environment = {}) {
  const auto found = aws_token_service_endpoint(environment, region);
  return found ? found->url.origin() + " " + found->region : found.error().message;
}

TEST(AwsTokenServiceEndpoint, IsTheRegionsOwn) {
  EXPECT_EQ(endpoint("eu-central-1"), "https://sts.eu-central-1.amazonaws.com eu-central-1");
  EXPECT_EQ(endpoint("cn-north-1"), "https://sts.cn-north-1.amazonaws.com.cn cn-north-1");
  EXPECT_EQ(endpoint("us-gov-west-1"), "https://sts.us-gov-west-1.amazonaws.com us-gov-west-1");
  EXPECT_EQ(endpoint("us-iso-east-1"), "https://sts.us-iso-east-1.c2s.ic.gov us-iso-east-1");
  EXPECT_EQ(endpoint("us-isob-east-1"), "https://sts.us-isob-east-1.sc2s.sgov.gov us-isob-east-1");
  EXPECT_EQ(endpoint(""), "https://sts.amazonaws.com us-east-1");
}

TEST(AwsTokenServiceEndpoint, IsTheOneForAllWhereThatIsAskedFor) {
  const AwsEnvironment legacy{.sts_regional_endpoints = "legacy"};
  EXPECT_EQ(endpoint("eu-central-1", legacy), "https://sts.amazonaws.com us-east-1");
  EXPECT_EQ(endpoint("eu-south-1", legacy), "https://sts.eu-south-1.amazonaws.com eu-south-1");
  EXPECT_EQ(endpoint("eu-south-1", {.sts_endpoint = "http://minio:9000"}), "http://minio:9000 eu-south-1");
}

TEST(AwsTokenServiceEndpoint, NamesWhatIsWrong) {
  EXPECT_THAT(endpoint("evil.example/"), HasSubstr("AWS_REGION"));
  EXPECT_THAT(endpoint("x", {.sts_regional_endpoints = "Regional"}), HasSubstr("AWS_STS_REGIONAL_ENDPOINTS"));
  EXPECT_THAT(endpoint("x", {.sts_endpoint = "ftp://x"}), HasSubstr("AWS_ENDPOINT_URL_STS"));
}

class AwsTokenServiceTest : public testing::Test {
 protected:
  AwsTokenService service() {
    return AwsTokenService({*parse_url(server_.origin() + "/", Scheme::http), "eu-west-1"},
                           std::make_shared<CurlClient>(clock_), clock_);
  }

  SkippingClock clock_;
  TemporaryFolder folder_;
  ScriptedResponse response_{200, {}, std::string(kResponse)};
  ScriptedHttpServer server_{[this](const ReceivedRequest&) { return response_; }};
};

TEST_F(AwsTokenServiceTest, ExchangesTheTokenThatIsInTheFileNow) {
  const std::string file = folder_.write("token", "first\n");
  AwsWebIdentity identity({.arn = "arn:aws:iam::1:role/r"}, file, service());
  const auto issued = identity.issue(kNever);
  ASSERT_TRUE(issued) << issued.error().message;
  EXPECT_EQ(issued->credentials, (AwsCredentials{"ASIA", "secret", "token"}));
  EXPECT_EQ(issued->expires_unix_nanoseconds, 1'795'404'440'000'000'000);
  EXPECT_EQ(server_.requests().back().body,
            "Action=AssumeRoleWithWebIdentity&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName="
            "ray-collector-1795400840&Version=2011-06-15&WebIdentityToken=first");
  EXPECT_EQ(server_.requests().back().headers.find("Authorization"), std::nullopt);
  folder_.write("token", "second");
  ASSERT_TRUE(identity.issue(kNever));
  EXPECT_THAT(server_.requests().back().body, HasSubstr("WebIdentityToken=second"));
}

TEST_F(AwsTokenServiceTest, NamesATokenFileThatCannotBeUsed) {
  AwsWebIdentity absent({.arn = "r"}, folder_ / "none", service());
  EXPECT_EQ(absent.issue(kNever).error().kind, ErrorKind::denied);
  EXPECT_THAT(absent.issue(kNever).error().message, HasSubstr(folder_ / "none"));
  AwsWebIdentity empty({.arn = "r"}, folder_.write("empty", "\n"), service());
  EXPECT_THAT(empty.issue(kNever).error().message, HasSubstr("is empty"));
}

TEST_F(AwsTokenServiceTest, TellsARefusalInItsWordsWithWhatToDo) {
  response_ = {400,
               {},
               "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code><Message>No "
               "OpenIDConnect provider\nfound</Message></Error></ErrorResponse>"};
  const auto refused = service().assume_role_with_web_identity({.arn = "r"}, "my-token", kNever);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::denied);
  EXPECT_THAT(
      refused.error().message,
      AllOf(HasSubstr("InvalidIdentityToken: No OpenIDConnect provider found; the cluster's OIDC issuer"),
            testing::Not(HasSubstr("my-token"))));
}

TEST_F(AwsTokenServiceTest, TakesWhatPassesForPassing) {
  const auto kind_of = [&](ScriptedResponse response) {
    response_ = std::move(response);
    return service().assume_role({.arn = "r"}, {"id", "secret", ""}, kNever).error().kind;
  };
  EXPECT_EQ(kind_of({503, {}, "<html>"}), ErrorKind::retry);
  EXPECT_EQ(kind_of({400, {}, "<ErrorResponse><Error><Code>Throttling</Code></Error></ErrorResponse>"}),
            ErrorKind::retry);
  EXPECT_EQ(
      kind_of({400, {}, "<ErrorResponse><Error><Code>IDPCommunicationError</Code></Error></ErrorResponse>"}),
      ErrorKind::retry);
  EXPECT_EQ(kind_of({200, {}, std::string(kResponse.substr(0, 200))}), ErrorKind::retry);
  EXPECT_EQ(kind_of({200, {}, "", 10}), ErrorKind::retry) << "an answer that was cut";
  EXPECT_EQ(kind_of({404, {}, "not here"}), ErrorKind::denied);
}

}  // namespace
}  // namespace rayhistory
