#include "credentials/azure/token_response.h"

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kNow = 1'795'400'840 * kSecond + 5;

TEST(AzureTokenResponse, OfEntra) {
  const auto issued =
      read_azure_token(R"({"token_type":"Bearer","expires_in":3599,"access_token":"eyJ.x"})", kNow);
  ASSERT_TRUE(issued);
  EXPECT_EQ(issued->credentials.value, "eyJ.x");
  EXPECT_EQ(issued->expires_unix_nanoseconds, (1'795'400'840 + 3599) * kSecond);
}

TEST(AzureTokenResponse, OfTheMetadataServiceAndOfAppService) {
  const auto imds = read_azure_token(
      R"({"access_token":"t","expires_in":"3600","expires_on":"1","resource":"https://storage.azure.com"})",
      kNow);
  EXPECT_EQ(imds->expires_unix_nanoseconds, (1'795'400'840 + 3600) * kSecond);
  const auto app_service = read_azure_token(R"({"access_token":"t","expires_on":"1795400900"})", kNow);
  EXPECT_EQ(app_service->expires_unix_nanoseconds, 1'795'400'900 * kSecond);
}

TEST(AzureTokenResponse, IsNothingWhereItIsNone) {
  for (const char* body :
       {"", "x", "[]", "{}", R"({"access_token":"t"})", R"({"expires_in":1})",
        R"({"access_token":"","expires_in":1})", R"({"access_token":"a b","expires_in":1})",
        R"({"access_token":"a\nb","expires_in":1})", R"({"access_token":"t","expires_in":"soon"})",
        R"({"access_token":"t","expires_in":-1})", R"({"access_token":"t","expires_in":99999999999})",
        R"({"access_token":"t","expires_on":99999999999999})", R"({"access_token":1,"expires_in":1})",
        R"({"access_token":"t","expires_in":3600)"}) {
    EXPECT_FALSE(read_azure_token(body, kNow)) << body;
  }
  EXPECT_FALSE(read_azure_token(std::string(kAzureTokenResponseLimitBytes + 1, ' '), kNow));
}

TEST(AzureTokenResponse, OfARefusalIsOneLine) {
  EXPECT_EQ(read_azure_token_refusal(
                R"({"error":"invalid_client","error_description":"AADSTS7000215: Invalid.\r\nTrace ID: x"})"),
            "invalid_client: AADSTS7000215: Invalid.");
  EXPECT_EQ(read_azure_token_refusal(R"({"statusCode":500,"message":"no"})"), "no");
  EXPECT_EQ(read_azure_token_refusal("<html>"), "");
  EXPECT_EQ(read_azure_token_refusal(R"({"error":")" + std::string(1000, 'x') + "\"}"),
            std::string(300, 'x'));
}

}  // namespace
}  // namespace rayhistory
