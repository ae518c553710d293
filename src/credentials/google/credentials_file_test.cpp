#include "credentials/google/credentials_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

std::string why_not(std::string_view json) {
  const auto file = parse_google_credentials_file(json);
  if (file) return "it is taken";
  EXPECT_EQ(file.error().kind, ErrorKind::denied);
  return file.error().message;
}

std::string external(std::string_view source, std::string_view more = "") {
  return R"({"type":"external_account","audience":"//iam.googleapis.com/pool","subject_token_type":"urn:jwt",)"
         R"("credential_source":)" +
         std::string(source) + std::string(more) + "}";
}

TEST(GoogleCredentialsFile, IsAServiceAccountsKey) {
  const auto file = parse_google_credentials_file(
      R"({"type":"service_account","project_id":"p","private_key_id":"id","private_key":"PEM\n",)"
      R"("client_email":"a@p.iam.gserviceaccount.com","token_uri":"https://oauth2.googleapis.com/token"})");
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->project, "p");
  const auto& key = std::get<GoogleServiceAccountKey>(file->credentials);
  EXPECT_EQ(key.client_email, "a@p.iam.gserviceaccount.com");
  EXPECT_EQ(key.private_key, "PEM\n");
  EXPECT_EQ(key.private_key_id, "id");
  EXPECT_EQ(key.token_url.str(), "https://oauth2.googleapis.com/token");
}

TEST(GoogleCredentialsFile, IsASignedInUser) {
  const auto file = parse_google_credentials_file(
      R"({"type":"authorized_user","client_id":"i","client_secret":"s","refresh_token":"r"})");
  ASSERT_TRUE(file) << file.error().message;
  const auto& user = std::get<GoogleAuthorizedUser>(file->credentials);
  EXPECT_EQ(user.refresh_token, "r");
  EXPECT_EQ(user.token_url.str(), "https://oauth2.googleapis.com/token");
}

TEST(GoogleCredentialsFile, IsAnExternalAccountWithAFileOrAUrl) {
  auto file = parse_google_credentials_file(external(R"({"file":"/var/run/token"})"));
  ASSERT_TRUE(file) << file.error().message;
  const auto& of_file = std::get<GoogleExternalAccount>(file->credentials);
  EXPECT_EQ(of_file.subject_token.file, "/var/run/token");
  EXPECT_EQ(of_file.subject_token.json_field, "");
  EXPECT_EQ(of_file.token_url.str(), "https://sts.googleapis.com/v1/token");
  EXPECT_FALSE(of_file.impersonation_url);

  file = parse_google_credentials_file(external(
      R"({"url":"http://169.254.169.254/token","headers":{"Metadata":"True"},)"
      R"("format":{"type":"json","subject_token_field_name":"access_token"}})",
      R"(,"service_account_impersonation_url":"https://iamcredentials.googleapis.com/v1/x:generateAccessToken",)"
      R"("service_account_impersonation":{"token_lifetime_seconds":1200})"));
  ASSERT_TRUE(file) << file.error().message;
  const auto& of_url = std::get<GoogleExternalAccount>(file->credentials);
  EXPECT_EQ(of_url.subject_token.url->str(), "http://169.254.169.254/token");
  EXPECT_THAT(of_url.subject_token.headers, ElementsAre(Pair("Metadata", "True")));
  EXPECT_EQ(of_url.subject_token.json_field, "access_token");
  EXPECT_EQ(of_url.impersonation_url->host, "iamcredentials.googleapis.com");
  EXPECT_EQ(of_url.impersonated_lifetime_seconds, 1200);
}

TEST(GoogleCredentialsFile, SaysWhatIsMissingOrNotKnown) {
  EXPECT_EQ(why_not(""), "is no JSON object");
  EXPECT_EQ(why_not("[]"), "is no JSON object");
  EXPECT_THAT(why_not("{}"), HasSubstr("has the type \"\""));
  EXPECT_THAT(why_not(R"({"type":"impersonated_service_account"})"),
              HasSubstr("impersonated_service_account"));
  EXPECT_EQ(why_not(R"({"type":"service_account","client_email":"a"})"), "has no text \"private_key\"");
  EXPECT_EQ(why_not(R"({"type":"service_account","client_email":5})"), "has no text \"client_email\"");
  EXPECT_EQ(why_not(R"({"type":"external_account","audience":"a","subject_token_type":"t"})"),
            "has no object \"credential_source\"");
  EXPECT_THAT(why_not(external("{}")), HasSubstr("neither or both"));
  EXPECT_THAT(why_not(external(R"({"file":"/a","url":"https://b"})")), HasSubstr("neither or both"));
  EXPECT_THAT(why_not(external(R"({"executable":{"command":"x"}})")), HasSubstr("\"executable\""));
  EXPECT_THAT(why_not(external(R"({"certificate":{}})")), HasSubstr("\"certificate\""));
  EXPECT_THAT(why_not(external(R"({"file":"/a","format":{"type":"xml"}})")),
              HasSubstr("neither text nor json"));
  EXPECT_THAT(why_not(external(R"({"file":"/a","format":{"type":"json"}})")),
              HasSubstr("subject_token_field_name"));
  EXPECT_THAT(why_not(R"({"type":"external_account","audience":"a",)"
                      R"("subject_token_type":"urn:ietf:params:aws:token-type:aws4_request"})"),
              HasSubstr("on EKS"));
  EXPECT_THAT(why_not(R"({"type":"service_account","universe_domain":"example.com"})"),
              HasSubstr("example.com"));
}

TEST(GoogleCredentialsFile, SendsTokensOverTlsOrWithinThisMachineOnly) {
  for (const char* url : {"http://sts.example.com/token", "http://10.0.0.1/", "http://127.evil.example@x/",
                          "ftp://localhost/", "http://metadata.google.internal.example.com/"}) {
    EXPECT_THAT(why_not(external(R"({"file":"/a"})", R"(,"token_url":")" + std::string(url) + "\"")),
                HasSubstr("token_url"))
        << url;
    EXPECT_THAT(why_not(external(R"({"url":")" + std::string(url) + "\"}")),
                HasSubstr("credential_source.url"))
        << url;
  }
  for (const char* url : {"https://sts.example.com/token", "http://127.0.0.1:8080/", "http://localhost/",
                          "http://[::1]/", "http://metadata.google.internal/x", "http://169.254.169.254/x"}) {
    EXPECT_EQ(why_not(external(R"({"file":"/a"})", R"(,"token_url":")" + std::string(url) + "\"")),
              "it is taken")
        << url;
  }
}

}  // namespace
}  // namespace rayhistory
