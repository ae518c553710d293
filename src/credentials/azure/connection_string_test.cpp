#include "credentials/azure/connection_string.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string endpoint_of(std::string_view text) {
  const auto parts = parse_azure_connection_string(text);
  return parts ? parts->blob_endpoint.str() : parts.error().message;
}

std::string error_of(std::string_view text) {
  const auto parts = parse_azure_connection_string(text);
  return parts ? "no error" : parts.error().message;
}

TEST(AzureConnectionString, IsTakenApart) {
  const auto parts = parse_azure_connection_string(
      "DefaultEndpointsProtocol=https;AccountName=mine;AccountKey=a2V5;EndpointSuffix=core.windows.net");
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_EQ(parts->blob_endpoint.str(), "https://mine.blob.core.windows.net");
  EXPECT_EQ(std::get<AzureAccountKey>(parts->credentials), (AzureAccountKey{"mine", "key"}));
}

TEST(AzureConnectionString, HasItsEndpointFromWhatIsGiven) {
  EXPECT_EQ(endpoint_of("AccountName=a;AccountKey=a2V5"), "https://a.blob.core.windows.net");
  EXPECT_EQ(endpoint_of("AccountName=a;AccountKey=a2V5;EndpointSuffix=core.chinacloudapi.cn"),
            "https://a.blob.core.chinacloudapi.cn");
  EXPECT_EQ(endpoint_of("DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5"),
            "http://a.blob.core.windows.net");
  EXPECT_EQ(endpoint_of("AccountName=a;AccountKey=a2V5;BlobEndpoint=http://azurite:10000/a/"),
            "http://azurite:10000/a");
  EXPECT_EQ(endpoint_of("BlobEndpoint=https://h.example.com/;SharedAccessSignature=sv=1&sig=x"),
            "https://h.example.com");
}

TEST(AzureConnectionString, NamesHaveNoCaseAndValuesMayHoldAnEqualsSign) {
  EXPECT_EQ(endpoint_of(" accountname=a ;ACCOUNTKEY=a2V5;;"),
            "AZURE_STORAGE_CONNECTION_STRING: AccountName: an "
            "account's name has lower-case letters and "
            "digits only");
  EXPECT_EQ(endpoint_of("accountname=a;\n ACCOUNTKEY=a2V5;;"), "https://a.blob.core.windows.net");
  const auto parts =
      parse_azure_connection_string("BlobEndpoint=https://h;SharedAccessSignature=?sv=1&sig=x%3D&se=y");
  EXPECT_EQ(std::get<AzureSharedAccessSignature>(parts->credentials).encoded_query, "sv=1&sig=x%3D&se=y");
}

TEST(AzureConnectionString, KnowsTheEmulator) {
  const auto parts = parse_azure_connection_string("UseDevelopmentStorage=true");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->blob_endpoint.str(), "http://127.0.0.1:10000/devstoreaccount1");
  EXPECT_EQ(std::get<AzureAccountKey>(parts->credentials).account, "devstoreaccount1");
  EXPECT_THAT(error_of("UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://x"),
              HasSubstr("BlobEndpoint"));
}

TEST(AzureConnectionString, SaysWhatIsWrongAndShowsNoSecret) {
  const std::pair<const char*, const char*> wrong[] = {
      {"", "neither AccountName nor BlobEndpoint"},
      {"s3cret", "a part without '='"},
      {"AccountKey=s3cret", "neither AccountName nor BlobEndpoint"},
      {"AccountName=a", "neither AccountKey nor SharedAccessSignature"},
      {"AccountName=a;AccountKey=s3cret!", "AccountKey is not base64"},
      {"BlobEndpoint=https://h;AccountKey=czNjcmV0", "an AccountKey and no AccountName"},
      {"BlobEndpoint=https://h;SharedAccessSignature=s3cret", "SharedAccessSignature is no signature"},
      {"BlobEndpoint=https://h;SharedAccessSignature=sig=s3cret#x", "SharedAccessSignature is no signature"},
      {"BlobEndpoint=https://h/?sig=s3cret;AccountName=a;AccountKey=a2V5", "BlobEndpoint has a query"},
      {"BlobEndpoint=ftp://s3cret;AccountName=a;AccountKey=a2V5", "is no http or https URL"},
      {"AccountName=a/b;AccountKey=a2V5", "lower-case letters and digits"}};
  for (const auto& [text, what] : wrong) {
    EXPECT_THAT(error_of(text), HasSubstr(what)) << text;
    EXPECT_THAT(error_of(text), HasSubstr("AZURE_STORAGE_CONNECTION_STRING")) << text;
    EXPECT_THAT(error_of(text), Not(HasSubstr("s3cret"))) << text;
  }
}

}  // namespace
}  // namespace rayhistory
