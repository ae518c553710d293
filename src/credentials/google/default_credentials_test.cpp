// Every source of Google's credentials against a stand-in issuer. That what is sent is what google-auth sends
// is tests/process/test_google_credentials.py's to show.
#include "credentials/google/default_credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_text.h"
#include "credentials/cached_credentials.h"
#include "http/curl_client.h"
#include "testing/rsa_test_key.h"
#include "testing/scripted_http_server.h"
#include "testing/skipping_clock.h"
#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const Deadline kNever = Deadline::never();

ScriptedResponse token_response(std::string_view token, int seconds = 3600) {
  return {200,
          {},
          R"({"access_token":")" + std::string(token) + R"(","expires_in":)" + std::to_string(seconds) + "}"};
}

class GoogleCredentialsTest : public testing::Test {
 protected:
  std::string metadata_host() const { return "127.0.0.1:" + std::to_string(server_.port()); }
  GooglePlaces places() const { return {file_, folder_ / "gcloud.json", metadata_host()}; }
  std::unique_ptr<GoogleDefaultCredentials> source() {
    return std::make_unique<GoogleDefaultCredentials>(places(), std::make_unique<CurlClient>(clock_), clock_);
  }
  Result<Issued<AccessToken>> issue() { return source()->issue(kNever); }
  std::string service_account() const {
    return R"({"type":"service_account","project_id":"of-the-key","private_key_id":"7","client_email":"a@b","private_key":)" +
           json_string(rsa_test_key_pem()) + R"(,"token_uri":")" + server_.origin() + R"(/token"})";
  }
  std::string user() const {
    return R"({"type":"authorized_user","client_id":"i","client_secret":"s","refresh_token":"r/+","token_uri":")" +
           server_.origin() + R"(/token"})";
  }
  std::string external(const std::string& source, const std::string& more = "") const {
    return R"({"type":"external_account","audience":"//pool","subject_token_type":"urn:jwt","token_url":")" +
           server_.origin() + R"(/sts","credential_source":)" + source + more + "}";
  }

  TemporaryFolder folder_;
  SkippingClock clock_;
  std::string file_;
  ScriptedHttpServer::Script script_ = [](const ReceivedRequest&) { return token_response("t"); };
  ScriptedHttpServer server_{[this](const ReceivedRequest& request) { return script_(request); }};
};

TEST_F(GoogleCredentialsTest, AServiceAccountsKeySignsForAToken) {
  file_ = folder_.write("key.json", service_account());
  const auto issued = issue();
  ASSERT_TRUE(issued) << issued.error().message;
  EXPECT_EQ(issued->credentials.value, "t");
  EXPECT_EQ(*issued->expires_unix_nanoseconds,
            clock_.unix_nanoseconds() + Nanoseconds(Seconds(3600)).count());
  const ReceivedRequest request = server_.requests().at(0);
  EXPECT_EQ(request.target, "/token");
  EXPECT_EQ(request.header("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_THAT(request.body, HasSubstr("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"));
}

TEST_F(GoogleCredentialsTest, AFileThatIsExchangedLaterIsReadAnew) {
  file_ = folder_ / "key.json";
  auto credentials = source();
  const auto missing = credentials->issue(kNever);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::denied);
  EXPECT_THAT(missing.error().message, AllOf(HasSubstr("GOOGLE_APPLICATION_CREDENTIALS"), HasSubstr(file_)));
  folder_.write("key.json", user());
  EXPECT_TRUE(credentials->issue(kNever));
  EXPECT_EQ(credentials->origin(), file_ + " (GOOGLE_APPLICATION_CREDENTIALS), refresh token of a user");
  folder_.write("key.json", "{}");
  EXPECT_THAT(credentials->issue(kNever).error().message,
              HasSubstr("key.json (GOOGLE_APPLICATION_CREDENTIALS) has"));
}

TEST_F(GoogleCredentialsTest, WithoutThatVariableItIsGcloudsFileThenTheMetadataServer) {
  ASSERT_TRUE(issue());
  EXPECT_EQ(server_.requests().at(0).path(), "/computeMetadata/v1/instance/service-accounts/default/token");
  EXPECT_EQ(server_.requests().at(0).header("Metadata-Flavor"), "Google");
  folder_.write("gcloud.json", user());
  ASSERT_TRUE(issue());
  EXPECT_EQ(server_.requests().at(1).target, "/token");
  EXPECT_THAT(server_.requests().at(1).body, HasSubstr("refresh_token=r%2F%2B"));
}

TEST_F(GoogleCredentialsTest, WhereNothingIsFoundItSaysWhereItLooked) {
  script_ = [](const ReceivedRequest&) { return ScriptedResponse{404, {}, "no service account"}; };
  const auto nothing = issue();
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().kind, ErrorKind::denied);
  EXPECT_THAT(nothing.error().message,
              AllOf(HasSubstr("GOOGLE_APPLICATION_CREDENTIALS is not set"), HasSubstr("gcloud.json"),
                    HasSubstr("metadata server " + metadata_host())));
}

TEST_F(GoogleCredentialsTest, AWorkloadsTokenIsExchanged) {
  folder_.write("token", "the-subject");
  file_ = folder_.write("external.json", external(R"({"file":")" + folder_ / "token" + R"("})"));
  ASSERT_TRUE(issue());
  const ReceivedRequest exchange = server_.requests().at(0);
  EXPECT_EQ(exchange.target, "/sts");
  EXPECT_THAT(exchange.body, AllOf(HasSubstr("subject_token=the-subject"), HasSubstr("audience=%2F%2Fpool"),
                                   HasSubstr("devstorage.read_write")));
  // Kubernetes has replaced it.
  folder_.write("token", "the-next-subject");
  ASSERT_TRUE(issue());
  EXPECT_THAT(server_.requests().at(1).body, HasSubstr("subject_token=the-next-subject"));
}

TEST_F(GoogleCredentialsTest, AWorkloadsTokenFromAUrlIsExchangedForAServiceAccounts) {
  script_ = [](const ReceivedRequest& request) {
    if (request.target == "/subject") return ScriptedResponse{200, {}, R"({"value":"the-subject"})"};
    if (request.target == "/sts") return token_response("federated");
    EXPECT_EQ(request.header("Authorization"), "Bearer federated");
    return ScriptedResponse{200, {}, R"({"accessToken":"impersonated","expireTime":"2026-11-23T03:27:20Z"})"};
  };
  file_ =
      folder_.write("external.json",
                    external(R"({"url":")" + server_.origin() + R"(/subject","headers":{"X-Header":"y"},)" +
                                 R"("format":{"type":"json","subject_token_field_name":"value"}})",
                             R"(,"service_account_impersonation_url":")" + server_.origin() +
                                 R"(/a:generateAccessToken")"));
  const auto issued = issue();
  ASSERT_TRUE(issued) << issued.error().message;
  EXPECT_EQ(issued->credentials.value, "impersonated");
  EXPECT_EQ(server_.requests().at(0).header("X-Header"), "y");
  EXPECT_THAT(server_.requests().at(1).body, HasSubstr("auth%2Fiam"));
  EXPECT_THAT(server_.requests().at(2).body, HasSubstr(R"("lifetime":"3600s")"));
}

TEST_F(GoogleCredentialsTest, ARefusalIsToldWithoutASecret) {
  script_ = [](const ReceivedRequest&) {
    return ScriptedResponse{
        400, {}, R"({"error":"invalid_grant","error_description":"Token has been revoked."})"};
  };
  file_ = folder_.write("user.json", user());
  const auto refused = issue();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::denied);
  EXPECT_THAT(refused.error().message,
              AllOf(HasSubstr("user.json (GOOGLE_APPLICATION_CREDENTIALS)"),
                    HasSubstr("400 invalid_grant: Token has been revoked."), Not(HasSubstr("r/+"))));
  script_ = [](const ReceivedRequest&) { return ScriptedResponse{503}; };
  EXPECT_EQ(issue().error().kind, ErrorKind::retry);
  script_ = [](const ReceivedRequest&) { return ScriptedResponse{.cut_after = 10}; };
  EXPECT_EQ(issue().error().kind, ErrorKind::retry);
  script_ = [](const ReceivedRequest&) { return ScriptedResponse{200, {}, "{}"}; };
  EXPECT_EQ(issue().error().kind, ErrorKind::retry);
}

TEST_F(GoogleCredentialsTest, TokensAreRenewedAheadOfTheirExpiryAndThroughAnOutage) {
  int issued = 0;
  bool away = false;
  script_ = [&](const ReceivedRequest&) {
    return away ? ScriptedResponse{503} : token_response("t" + std::to_string(++issued), 400);
  };
  CachedCredentials<AccessToken> cached(source(), clock_);
  const auto after = [&](Nanoseconds passed) {
    clock_.sleep_for(passed, {});
    const auto token = cached.get(kNever);
    return token ? token->value : token.error().message;
  };
  EXPECT_EQ(after(Seconds(0)), "t1");
  EXPECT_EQ(after(Seconds(299)), "t1");
  EXPECT_EQ(after(Seconds(2)), "t2");
  away = true;
  EXPECT_EQ(after(Seconds(390)), "t2");
  EXPECT_THAT(after(Seconds(20)), HasSubstr("503"));
  away = false;
  EXPECT_EQ(after(Seconds(1)), "t3");
}

TEST_F(GoogleCredentialsTest, TheProjectIsTheKeysOrTheMetadataServers) {
  CurlClient client(clock_);
  script_ = [](const ReceivedRequest& request) {
    EXPECT_EQ(request.target, "/computeMetadata/v1/project/project-id");
    return ScriptedResponse{200, {}, "of-the-machine"};
  };
  EXPECT_EQ(*find_google_project(places(), client, clock_, kNever), "of-the-machine");
  file_ = folder_.write("key.json", service_account());
  EXPECT_EQ(*find_google_project(places(), client, clock_, kNever), "of-the-key");
  file_ = folder_.write("user.json", user());
  EXPECT_THAT(find_google_project(places(), client, clock_, kNever).error().message, HasSubstr("no project"));
}

}  // namespace
}  // namespace rayhistory
