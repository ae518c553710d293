#include "credentials/aws/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

using testing::HasSubstr;

TEST(AwsConfigFile, IsReadAsItsPeopleWriteIt) {
  const auto sections = parse_aws_config(
      "\xef\xbb\xbf# a comment\r\n[default]\r\nRegion = eu-west-1 \r\n; another\r\n\r\n"
      "[profile a b]\n  aws_access_key_id=AKIA\n  aws_secret_access_key = a=b#c /+ \n"
      "  s3 =\n    addressing_style = path\n    aws_access_key_id = nested\n  role_arn = arn:x\n"
      "[default]\noutput = json\n[empty]");
  ASSERT_TRUE(sections) << sections.error().message;
  EXPECT_EQ(sections->at("default"), (AwsSection{{"region", "eu-west-1"}, {"output", "json"}}));
  EXPECT_EQ(sections->at("profile a b"), (AwsSection{{"aws_access_key_id", "AKIA"},
                                                     {"aws_secret_access_key", "a=b#c /+"},
                                                     {"s3", ""},
                                                     {"role_arn", "arn:x"}}));
  EXPECT_TRUE(sections->at("empty").empty());
}

TEST(AwsConfigFile, NamesALineThatIsNoneWithoutShowingIt) {
  for (const char* text : {"secret = x\n[default]", "[default\n", "[default]\nsecret\n", "[default]\n= x"}) {
    const auto sections = parse_aws_config(text);
    ASSERT_FALSE(sections) << text;
    EXPECT_EQ(sections.error().kind, ErrorKind::invalid);
    EXPECT_THAT(sections.error().message, HasSubstr("line "));
    EXPECT_THAT(sections.error().message, testing::Not(HasSubstr("secret")));
  }
}

TEST(AwsConfigFile, ProfilesHaveTheirWord) {
  EXPECT_EQ(profile_of_section("default"), "default");
  EXPECT_EQ(profile_of_section("profile default"), "default");
  EXPECT_EQ(profile_of_section("profile  x"), "x");
  EXPECT_EQ(profile_of_section("profile \"a b\""), "a b");
  for (const char* none :
       {"x", "profile", "profile ", "profiles x", "profile a b", "sso-session x", "profile \"\""})
    EXPECT_EQ(profile_of_section(none), std::nullopt) << none;
}

TEST(AwsConfigFile, TheCredentialsFileWinsWithinAProfile) {
  const TemporaryFolder folder;
  folder.write(".aws/config", "[profile x]\nregion = a\naws_access_key_id = in-config\n[x]\nregion = none\n");
  folder.write(".aws/credentials", "[x]\naws_access_key_id = in-credentials\n[y]\n");
  const auto profiles = read_aws_profiles({.home = folder.path()});
  ASSERT_TRUE(profiles) << profiles.error().message;
  EXPECT_EQ(*profiles->find("x"), (AwsSection{{"region", "a"}, {"aws_access_key_id", "in-credentials"}}));
  EXPECT_NE(profiles->find("y"), nullptr);
  EXPECT_EQ(profiles->find("z"), nullptr);
}

TEST(AwsConfigFile, OneThatIsNotThereIsEmptyAndOneThatIsWrongIsNamed) {
  const TemporaryFolder folder;
  EXPECT_TRUE(read_aws_profiles({.home = folder.path()}));
  EXPECT_TRUE(read_aws_profiles({}));
  const std::string path = folder.write("mine", "nonsense");
  const auto profiles = read_aws_profiles({.config_file = path});
  ASSERT_FALSE(profiles);
  EXPECT_THAT(profiles.error().message, HasSubstr(path + " (AWS_CONFIG_FILE): line 1"));
}

}  // namespace
}  // namespace rayhistory
