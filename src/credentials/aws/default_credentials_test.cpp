// Which place wins, and what is said where none has any. tests/credentials holds order and requests against
// botocore's.
#include "credentials/aws/default_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/curl_client.h"
#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class AwsDefaultCredentialsTest : public testing::Test {
 protected:
  Result<std::unique_ptr<AwsCredentialsSource>> open(const AwsEnvironment& environment) {
    return default_aws_credentials(environment, "", std::make_unique<CurlClient>(system_clock()),
                                   system_clock());
  }
  std::string origin_of(const AwsEnvironment& environment) {
    const auto source = open(environment);
    return source ? (*source)->origin() : source.error().message;
  }
  AwsEnvironment with_config(const std::string& text) {
    return {.config_file = folder_.write("config", text), .metadata_disabled = "true"};
  }

  TemporaryFolder folder_;
};

TEST_F(AwsDefaultCredentialsTest, SaysWhereItLookedWhenThereAreNone) {
  const std::string error = origin_of({.home = "/home/ray", .metadata_disabled = "TRUE"});
  EXPECT_THAT(error, AllOf(HasSubstr("AWS_ACCESS_KEY_ID"), HasSubstr("AWS_WEB_IDENTITY_TOKEN_FILE"),
                           HasSubstr("/home/ray/.aws/credentials"), HasSubstr("/home/ray/.aws/config"),
                           HasSubstr("AWS_CONTAINER_CREDENTIALS_FULL_URI"),
                           HasSubstr("AWS_EC2_METADATA_DISABLED is true")));
  // Nobody listens there.
  const auto last = open({.metadata_endpoint = "http://127.0.0.1:1"});
  ASSERT_TRUE(last);
  EXPECT_THAT((*last)->get(Deadline::never()).error().message,
              AllOf(HasSubstr("AWS_ACCESS_KEY_ID is not set"), HasSubstr("http://127.0.0.1:1")));
}

TEST_F(AwsDefaultCredentialsTest, HalfASettingIsAnErrorThatNamesTheOtherHalf) {
  EXPECT_THAT(origin_of({.keys = {"id", "", ""}}), HasSubstr("AWS_SECRET_ACCESS_KEY is not"));
  EXPECT_THAT(origin_of({.keys = {"", "secret", ""}}), HasSubstr("AWS_ACCESS_KEY_ID is not"));
  EXPECT_THAT(origin_of({.web_identity_token_file = "/t"}), HasSubstr("AWS_ROLE_ARN is not"));
  EXPECT_THAT(origin_of({.profile = "p"}), HasSubstr("AWS_PROFILE: the profile p"));
}

TEST_F(AwsDefaultCredentialsTest, AProfileThatCannotWorkIsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"role_arn=r", "either source_profile or credential_source"},
      {"role_arn=r\nsource_profile=x\ncredential_source=Environment", "either source_profile or"},
      {"role_arn=r\nsource_profile=nobody", "source_profile nobody does not exist"},
      {"role_arn=r\nsource_profile=default", "leads back"},
      {"role_arn=r\nsource_profile=b\n[profile b]\nrole_arn=r\nsource_profile=default", "leads back"},
      {"role_arn=r\nsource_profile=b\n[profile b]\nregion=x", "source_profile b has no credentials"},
      {"role_arn=r\ncredential_source=Environment", "credential_source Environment has no credentials"},
      {"role_arn=r\ncredential_source=Moon", "credential_source Moon is none"},
      {"role_arn=r\nsource_profile=b\nmfa_serial=1\n[profile b]", "mfa_serial needs a person"},
      {"role_arn=r\nsource_profile=b\nduration_seconds=1h\n[profile b]", "duration_seconds must be a number"},
      {"web_identity_token_file=/t", "web_identity_token_file needs role_arn"},
      {"credential_process=\"x", "credential_process is no command"},
      {"aws_access_key_id=x", "aws_secret_access_key must both be there"},
      {"sso_session=x", "sso needs a person"},
  };
  for (const auto& [profile, why] : cases) {
    const auto source = open(with_config(std::string("[default]\n") + profile));
    ASSERT_FALSE(source) << profile;
    EXPECT_EQ(source.error().kind, ErrorKind::invalid);
    EXPECT_THAT(source.error().message, HasSubstr(why));
  }
}

TEST_F(AwsDefaultCredentialsTest, KeysInAFileAreReadAnewWhenTheStoreRefusesThem) {
  const std::string file =
      folder_.write("credentials", "[default]\naws_access_key_id=old\naws_secret_access_key=s\n");
  const auto source = *open({.credentials_file = file});
  EXPECT_EQ(source->origin(), "profile default in " + file);
  EXPECT_EQ(source->get(Deadline::never())->access_key_id, "old");
  folder_.write("credentials", "[default]\naws_access_key_id=new\naws_secret_access_key=s\n");
  EXPECT_EQ(source->get(Deadline::never())->access_key_id, "old");
  source->invalidate({"old", "s", ""});
  EXPECT_EQ(source->get(Deadline::never())->access_key_id, "new");
  folder_.write("credentials", "[default]\n");
  source->invalidate({"new", "s", ""});
  EXPECT_THAT(source->get(Deadline::never()).error().message, HasSubstr("no longer"));
}

// Found by tests/credentials: the token of the config file is not the credentials file's key's.
TEST_F(AwsDefaultCredentialsTest, KeysAreNeverPutTogetherFromBothFiles) {
  AwsEnvironment environment = with_config("[default]\naws_access_key_id=a\naws_session_token=config\n");
  environment.credentials_file =
      folder_.write("credentials", "[default]\naws_access_key_id=id\naws_secret_access_key=s\n");
  EXPECT_EQ(*(*open(environment))->get(Deadline::never()), (AwsCredentials{"id", "s", ""}));
}

TEST_F(AwsDefaultCredentialsTest, ARolesOriginTellsTheWholeWay) {
  EXPECT_EQ(
      origin_of(with_config("[default]\nrole_arn=arn:r\nsource_profile=b\nregion=eu-west-3\n"
                            "[profile b]\ncredential_process=/bin/x --secret\n")),
      "role arn:r from https://sts.eu-west-3.amazonaws.com, for credential_process /bin/x of profile b");
}

}  // namespace
}  // namespace rayhistory
