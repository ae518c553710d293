#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "credentials/alibaba/default_credentials.h"
#include "credentials/alibaba/oidc_role.h"
#include "credentials/cached_credentials.h"
#include "http/curl_client.h"
#include "testing/scripted_http_server.h"
#include "testing/skipping_clock.h"
#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const Deadline kNever = Deadline::never();
// As the API reference's example.
constexpr std::string_view kResponse =
    R"({"RequestId": "3D57EAD2-8723-1F26-B69C-F8707D8B565D",
        "OIDCTokenInfo": {"Issuer": "https://oidc-ack", "ClientIds": "sts.aliyuncs.com"},
        "AssumedRoleUser": {"Arn": "acs:ram::1:role/r/s", "AssumedRoleId": "3"},
        "Credentials": {"SecurityToken": "the-token", "Expiration": "2026-11-23T03:27:20Z",
                        "AccessKeySecret": "the-secret", "AccessKeyId": "STS.id"}})";

class AlibabaOidcRoleTest : public testing::Test {
 protected:
  AlibabaOidcRole role(const std::string& token_file, std::string session_name = {}) {
    return AlibabaOidcRole({"acs:ram::1:role/r", "acs:ram::1:oidc-provider/p", std::move(session_name)},
                           token_file, *parse_url(server_.origin() + "/", Scheme::http),
                           std::make_unique<CurlClient>(clock_), clock_);
  }
  Error refusal(ScriptedResponse response) {
    response_ = std::move(response);
    const auto issued = role(folder_.write("token", "my-token")).issue(kNever);
    EXPECT_FALSE(issued);
    return issued ? Error{} : issued.error();
  }

  SkippingClock clock_;
  TemporaryFolder folder_;
  ScriptedResponse response_{200, {}, std::string(kResponse)};
  ScriptedHttpServer server_{[this](const ReceivedRequest&) { return response_; }};
};

TEST_F(AlibabaOidcRoleTest, ExchangesTheTokenThatIsInTheFileNow) {
  const std::string file = folder_.write("token", "first\n");
  AlibabaOidcRole identity = role(file);
  const auto issued = identity.issue(kNever);
  ASSERT_TRUE(issued) << issued.error().message;
  EXPECT_EQ(issued->credentials, (AwsCredentials{"STS.id", "the-secret", "the-token"}));
  EXPECT_EQ(issued->expires_unix_nanoseconds, 1'795'404'440'000'000'000);
  const ReceivedRequest asked = server_.requests().back();
  EXPECT_EQ(asked.method, "POST");
  EXPECT_THAT(asked.target, StartsWith("/?Action=AssumeRoleWithOIDC&Format=JSON&Timestamp="));
  EXPECT_TRUE(asked.has_query("Version=2015-04-01"));
  EXPECT_EQ(asked.headers.find("Authorization"), std::nullopt);
  EXPECT_THAT(asked.body,
              StartsWith("DurationSeconds=3600&OIDCProviderArn=acs%3Aram%3A%3A1%3Aoidc-provider%2Fp"
                         "&OIDCToken=first&RoleArn=acs%3Aram%3A%3A1%3Arole%2Fr&RoleSessionName="
                         "ray-collector-"));
  folder_.write("token", "second");
  ASSERT_TRUE(identity.issue(kNever));
  EXPECT_THAT(server_.requests().back().body, HasSubstr("OIDCToken=second&"));
}

TEST_F(AlibabaOidcRoleTest, NamesItsSessionAsItIsTold) {
  ASSERT_TRUE(role(folder_.write("token", "t"), "me").issue(kNever));
  EXPECT_THAT(server_.requests().back().body, HasSubstr("RoleSessionName=me"));
}

TEST_F(AlibabaOidcRoleTest, NamesATokenFileThatCannotBeUsed) {
  AlibabaOidcRole absent = role(folder_ / "none");
  EXPECT_EQ(absent.issue(kNever).error().kind, ErrorKind::denied);
  EXPECT_THAT(absent.issue(kNever).error().message,
              AllOf(HasSubstr("ALIBABA_CLOUD_OIDC_TOKEN_FILE"), HasSubstr(folder_ / "none")));
  AlibabaOidcRole empty = role(folder_.write("empty", "\n"));
  EXPECT_EQ(empty.issue(kNever).error().kind, ErrorKind::denied);
  EXPECT_THAT(empty.issue(kNever).error().message, HasSubstr("is empty"));
}

TEST_F(AlibabaOidcRoleTest, TellsARefusalInItsWordsWithWhatToDo) {
  const Error error = refusal({403, {}, R"({"Code": "AuthenticationFail.NoPermission",
                                            "Message": "This operation is forbidden\nby RAM."})"});
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_THAT(error.message,
              AllOf(HasSubstr("AuthenticationFail.NoPermission: This operation is forbidden by RAM."),
                    HasSubstr("trust policy"), Not(HasSubstr("my-token"))));
}

TEST_F(AlibabaOidcRoleTest, TakesWhatPassesForPassing) {
  EXPECT_EQ(refusal({503, {}, "<html>"}).kind, ErrorKind::retry);
  EXPECT_EQ(refusal({400, {}, R"({"Code": "Throttling.User", "Message": "slow"})"}).kind, ErrorKind::retry);
  EXPECT_EQ(refusal({200, {}, std::string(kResponse.substr(0, 200))}).kind, ErrorKind::retry);
  EXPECT_EQ(refusal({200, {}, "", 10}).kind, ErrorKind::retry) << "an answer that was cut";
  EXPECT_EQ(refusal({200, {}, R"({"Credentials": {"AccessKeyId": "i", "AccessKeySecret": "s"}})"}).kind,
            ErrorKind::retry);
  EXPECT_EQ(refusal({404, {}, "not here"}).kind, ErrorKind::denied);
}

std::string found(const AlibabaEnvironment& environment) {
  auto source = default_alibaba_credentials(environment, "cn-beijing",
                                            std::make_unique<CurlClient>(system_clock()), system_clock());
  return source ? (*source)->origin() : source.error().message;
}

TEST(AlibabaDefaultCredentials, AreTheKeysElseTheRoleOfTheServiceAccount) {
  AlibabaEnvironment environment{.role_arn = "acs:ram::1:role/r",
                                 .oidc_provider_arn = "acs:ram::1:oidc-provider/p",
                                 .oidc_token_file = "/token"};
  EXPECT_EQ(found(environment),
            "RRSA: role acs:ram::1:role/r for the token in /token, from https://sts.cn-beijing.aliyuncs.com");
  environment.use_vpc_endpoint = true;
  EXPECT_THAT(found(environment), HasSubstr("https://sts-vpc.cn-beijing.aliyuncs.com"));
  environment.cloud_keys = {"id", "secret", ""};
  EXPECT_EQ(found(environment), "environment variable ALIBABA_CLOUD_ACCESS_KEY_ID");
  environment.oss_keys = {"id", "secret", ""};
  EXPECT_EQ(found(environment), "environment variable OSS_ACCESS_KEY_ID");
}

TEST(AlibabaDefaultCredentials, NameWhatIsMissing) {
  EXPECT_THAT(found({}), AllOf(HasSubstr("OSS_ACCESS_KEY_ID"), HasSubstr("ALIBABA_CLOUD_ROLE_ARN"),
                               HasSubstr("ALIBABA_CLOUD_OIDC_TOKEN_FILE")));
  EXPECT_THAT(found({.role_arn = "r", .oidc_provider_arn = "p"}),
              AllOf(HasSubstr("ALIBABA_CLOUD_OIDC_TOKEN_FILE"), Not(HasSubstr("ROLE_ARN"))));
  EXPECT_THAT(found({.oss_keys = {"id", "", ""}}), StartsWith("OSS_ACCESS_KEY_SECRET is not set"));
  EXPECT_THAT(found({.oss_keys = {"", "secret", ""}}), StartsWith("OSS_ACCESS_KEY_ID is not set"));
  EXPECT_THAT(found({.cloud_keys = {"", "secret", ""}}),
              StartsWith("ALIBABA_CLOUD_ACCESS_KEY_ID is not set"));
}

TEST(AlibabaDefaultCredentials, AskTheTokenServiceThatTheWebhookNames) {
  AlibabaEnvironment environment{.role_arn = "r", .oidc_provider_arn = "p", .oidc_token_file = "/token"};
  environment.sts_region = "ap-southeast-1";
  EXPECT_THAT(found(environment), HasSubstr("from https://sts.ap-southeast-1.aliyuncs.com"));
  environment.sts_endpoint = "sts-vpc.cn-hangzhou.aliyuncs.com";
  EXPECT_THAT(found(environment), HasSubstr("from https://sts-vpc.cn-hangzhou.aliyuncs.com"));
  environment.sts_endpoint = "http://127.0.0.1:8080";
  EXPECT_THAT(found(environment), HasSubstr("from http://127.0.0.1:8080"));
  environment.sts_endpoint = "http://sts.aliyuncs.com";
  EXPECT_THAT(found(environment), AllOf(HasSubstr("ALIBABA_CLOUD_STS_ENDPOINT"), HasSubstr("https")));
  environment.sts_endpoint = "";
  environment.sts_region = "no region";
  EXPECT_THAT(found(environment), StartsWith("ALIBABA_CLOUD_STS_REGION"));
}

}  // namespace
}  // namespace rayhistory
