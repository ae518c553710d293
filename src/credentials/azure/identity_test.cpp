// Each source against a stand-in issuer: what is sent, and what becomes of each answer. That azure-identity
// sends the same is tests/signing's.
#include "credentials/azure/identity.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "credentials/azure/client_secret.h"
#include "credentials/azure/managed_identity.h"
#include "credentials/azure/workload_identity.h"
#include "http/curl_client.h"
#include "testing/scripted_http_server.h"
#include "testing/skipping_clock.h"
#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class AzureIdentityTest : public testing::Test {
 protected:
  std::unique_ptr<HttpClient> client() { return std::make_unique<CurlClient>(clock_); }
  AzureIdentity application() {
    return {.tenant_id = "tenant-1", .client_id = "client-1", .authority_host = server_.origin() + "/"};
  }
  std::string write_token_file(std::string_view content) {
    std::string path = folder_ / "token";
    std::ofstream(path) << content;
    return path;
  }
  Result<Issued<AccessToken>> issue(Result<std::unique_ptr<AccessTokenIssuer>> issuer) {
    if (!issuer) return std::move(issuer).error();
    return (*issuer)->issue(Deadline::never());
  }

  const TemporaryFolder folder_;
  SkippingClock clock_;
  ScriptedResponse response_{200, {}, R"({"access_token":"the-token","expires_in":3600})"};
  ScriptedHttpServer server_{[this](const ReceivedRequest&) { return response_; }};
};

TEST_F(AzureIdentityTest, AClientSecretIsExchanged) {
  AzureIdentity identity = application();
  identity.client_secret = "s3&cret";
  const auto issued = issue(azure_client_secret_issuer(identity, client(), clock_));
  ASSERT_TRUE(issued) << issued.error().message;
  EXPECT_EQ(issued->credentials.value, "the-token");
  const ReceivedRequest request = server_.requests().at(0);
  EXPECT_EQ(request.method + " " + request.target, "POST /tenant-1/oauth2/v2.0/token");
  EXPECT_EQ(request.header("Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(request.body,
            "client_id=client-1&client_secret=s3%26cret&grant_type=client_credentials&"
            "scope=https%3A%2F%2Fstorage.azure.com%2F.default");
}

TEST_F(AzureIdentityTest, AFederatedTokenIsExchangedAndItsFileReadEachTime) {
  AzureIdentity identity = application();
  identity.federated_token_file = write_token_file("eyJ.one\n");
  auto issuer = azure_workload_identity_issuer(identity, client(), clock_);
  ASSERT_TRUE(issuer) << issuer.error().message;
  EXPECT_TRUE((*issuer)->issue(Deadline::never()));
  write_token_file("eyJ.two");
  EXPECT_TRUE((*issuer)->issue(Deadline::never()));
  EXPECT_EQ(server_.requests().at(0).body,
            "client_assertion=eyJ.one&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3A"
            "client-assertion-type%3Ajwt-bearer&client_id=client-1&grant_type=client_credentials&"
            "scope=https%3A%2F%2Fstorage.azure.com%2F.default");
  EXPECT_THAT(server_.requests().at(1).body, HasSubstr("client_assertion=eyJ.two&"));
}

TEST_F(AzureIdentityTest, AMissingTokenFileIsToldAndWaitedFor) {
  AzureIdentity identity = application();
  identity.federated_token_file = folder_ / "none";
  auto issuer = azure_workload_identity_issuer(identity, client(), clock_);
  const auto nothing = (*issuer)->issue(Deadline::never());
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().kind, ErrorKind::denied);
  EXPECT_THAT(nothing.error().message,
              AllOf(HasSubstr("/none: No such file"), HasSubstr("azure.workload.identity/use")));
}

TEST_F(AzureIdentityTest, TheMetadataServiceIsAsked) {
  const AzureIdentity identity{.client_id = "client-1", .metadata_host = server_.origin()};
  ASSERT_TRUE(issue(azure_managed_identity_issuer(identity, client(), clock_)));
  const ReceivedRequest request = server_.requests().at(0);
  EXPECT_EQ(request.method + " " + request.target,
            "GET /metadata/identity/oauth2/token?api-version=2018-02-01&client_id=client-1&"
            "resource=https%3A%2F%2Fstorage.azure.com");
  EXPECT_EQ(request.header("Metadata"), "true");
}

TEST_F(AzureIdentityTest, AppServiceIsAskedWhereItIsThere) {
  const AzureIdentity identity{.identity_endpoint = server_.origin() + "/msi/token",
                               .identity_header = "s3cret"};
  response_.body = R"({"access_token":"the-token","expires_on":"1795404440"})";
  ASSERT_TRUE(issue(azure_managed_identity_issuer(identity, client(), clock_)));
  const ReceivedRequest request = server_.requests().at(0);
  EXPECT_EQ(request.target, "/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fstorage.azure.com");
  EXPECT_EQ(request.header("X-IDENTITY-HEADER"), "s3cret");
}

TEST_F(AzureIdentityTest, TheDefaultIsTheFirstThatIsConfigured) {
  AzureIdentity identity = application();
  identity.metadata_host = server_.origin();
  identity.federated_token_file = write_token_file("eyJ.one");
  identity.client_secret = "secret";
  const auto body_of = [&] {
    EXPECT_TRUE(issue(default_azure_issuer(identity, client(), clock_)));
    return server_.requests().back().method + server_.requests().back().body;
  };
  EXPECT_THAT(body_of(), HasSubstr("client_secret="));
  identity.client_secret.clear();
  EXPECT_THAT(body_of(), HasSubstr("client_assertion="));
  identity.tenant_id.clear();
  EXPECT_EQ(body_of(), "GET");
}

TEST_F(AzureIdentityTest, ARefusalIsToldInTheServicesWordsWithoutTheSecret) {
  AzureIdentity identity = application();
  identity.client_secret = "s3cret";
  response_ = {
      401, {}, R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret."})"};
  const Error error = issue(azure_client_secret_issuer(identity, client(), clock_)).error();
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_THAT(error.message,
              AllOf(HasSubstr("AZURE_CLIENT_SECRET of client client-1: "),
                    HasSubstr("answered 401: invalid_client: AADSTS7000215"), Not(HasSubstr("s3cret"))));
}

TEST_F(AzureIdentityTest, WhatPassesIsTriedAgain) {
  const AzureIdentity identity{.metadata_host = server_.origin()};
  for (const int status : {404, 410, 429, 500, 503}) {
    response_ = {status, {{"Retry-After", "9"}}, ""};
    const Error error = issue(azure_managed_identity_issuer(identity, client(), clock_)).error();
    EXPECT_EQ(error.kind, ErrorKind::retry) << status;
    EXPECT_EQ(error.retry_after, Seconds(9));
  }
  for (const ScriptedResponse& response :
       {ScriptedResponse{200, {}, "<html>"}, ScriptedResponse{.body = "{}", .cut_after = 20}}) {
    response_ = response;
    EXPECT_EQ(issue(azure_managed_identity_issuer(identity, client(), clock_)).error().kind,
              ErrorKind::retry);
  }
}

TEST_F(AzureIdentityTest, NoIdentityIsToldWithTheOtherWays) {
  const AzureIdentity identity{.metadata_host = server_.origin()};
  response_ = {400, {}, R"({"error":"invalid_request","error_description":"Identity not found"})"};
  const Error error = issue(azure_managed_identity_issuer(identity, client(), clock_)).error();
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_THAT(error.message, AllOf(HasSubstr("Identity not found"), HasSubstr("AZURE_FEDERATED_TOKEN_FILE"),
                                   HasSubstr("AZURE_STORAGE_CONNECTION_STRING")));
}

TEST_F(AzureIdentityTest, WhatIsMissingOrWrongIsNamed) {
  const auto error_of = [&](const AzureIdentity& identity) {
    return azure_workload_identity_issuer(identity, client(), clock_).error().message;
  };
  EXPECT_THAT(error_of({}), HasSubstr("AZURE_FEDERATED_TOKEN_FILE, AZURE_TENANT_ID, AZURE_CLIENT_ID"));
  AzureIdentity identity = application();
  identity.federated_token_file = "/t";
  identity.tenant_id = "../x";
  EXPECT_THAT(error_of(identity), HasSubstr("AZURE_TENANT_ID"));
  identity.tenant_id = "t";
  identity.authority_host = "http://login.example.com";
  EXPECT_THAT(error_of(identity), AllOf(HasSubstr("AZURE_AUTHORITY_HOST"), HasSubstr("https")));
}

}  // namespace
}  // namespace rayhistory
