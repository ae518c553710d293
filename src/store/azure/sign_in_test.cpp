#include "store/azure/sign_in.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/curl_client.h"

namespace rayhistory {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const AzureOptions kBoth{.connection_string = "AccountName=a;AccountKey=a2V5",
                         .account_url = "https://b.blob.core.windows.net/",
                         .identity = {.tenant_id = "t", .client_id = "c", .federated_token_file = "/f"}};

Result<AzureSignIn> sign_in(AzureOptions options, std::string mode) {
  options.auth_mode = std::move(mode);
  return azure_sign_in(
      options, [] { return std::make_unique<CurlClient>(system_clock()); }, system_clock());
}

std::string outcome(const AzureOptions& options, std::string mode) {
  const Result<AzureSignIn> signed_in = sign_in(options, std::move(mode));
  if (!signed_in) return signed_in.error().message;
  return signed_in->account.str() + " by " + origin_of(signed_in->credentials);
}

TEST(AzureSignIn, GoesByTheMode) {
  const std::string by_key =
      "https://a.blob.core.windows.net by AccountKey of AZURE_STORAGE_CONNECTION_STRING";
  const std::string by_workload =
      "https://b.blob.core.windows.net by workload identity of client c, AZURE_FEDERATED_TOKEN_FILE /f";
  EXPECT_EQ(outcome(kBoth, ""), by_key);
  EXPECT_EQ(outcome(kBoth, "connection_string"), by_key);
  EXPECT_EQ(outcome(kBoth, "Workload_Identity"), by_workload);
  EXPECT_EQ(outcome(kBoth, "default"), by_workload);
  AzureOptions no_string = kBoth;
  no_string.connection_string.clear();
  EXPECT_EQ(outcome(no_string, ""), by_workload);
  no_string.identity = {};
  EXPECT_EQ(outcome(no_string, ""),
            "https://b.blob.core.windows.net by managed identity of the instance metadata service");
}

TEST(AzureSignIn, NamesTheSettingThatIsMissingOrWrong) {
  EXPECT_THAT(outcome(kBoth, "key"),
              AllOf(HasSubstr("AZURE_STORAGE_AUTH_MODE \"key\""), HasSubstr("workload_identity")));
  AzureOptions options;
  EXPECT_THAT(outcome(options, "connection_string"),
              HasSubstr("AZURE_STORAGE_CONNECTION_STRING: is missing"));
  EXPECT_THAT(outcome(options, ""), HasSubstr("AZURE_STORAGE_ACCOUNT_URL: is missing"));
  options.account_url = "https://b.blob.core.windows.net";
  EXPECT_THAT(outcome(options, "workload_identity"), HasSubstr("AZURE_FEDERATED_TOKEN_FILE"));
}

TEST(AzureSignIn, SendsNoTokenInTheClear) {
  AzureOptions options = kBoth;
  options.account_url = "http://b.blob.core.windows.net";
  EXPECT_THAT(outcome(options, "default"), HasSubstr("over https only"));
  options.account_url = "http://127.0.0.1:10000/devstoreaccount1";
  EXPECT_TRUE(sign_in(options, "default"));
}

TEST(AzureSignIn, TakesNoSignatureInTheAccountUrlAndDoesNotShowIt) {
  AzureOptions options = kBoth;
  options.account_url = "https://b.blob.core.windows.net/?sv=1&sig=s3cret";
  EXPECT_THAT(outcome(options, "default"),
              AllOf(HasSubstr("AZURE_STORAGE_ACCOUNT_URL"), Not(HasSubstr("s3cret"))));
}

}  // namespace
}  // namespace rayhistory
