#include "store/open/open_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory {
namespace {

using testing::HasSubstr;

std::string error_of(const StoreOptions& options) {
  Result<std::unique_ptr<Store>> store = open_store(options, system_clock());
  EXPECT_FALSE(store);
  if (store) return "";
  EXPECT_EQ(store.error().kind, ErrorKind::invalid);
  return store.error().message;
}

TEST(OpenStore, KnowsTheNamesOfAllBackends) {
  EXPECT_EQ(parse_store_backend("local"), StoreBackend::local);
  EXPECT_EQ(parse_store_backend("s3"), StoreBackend::s3);
  EXPECT_EQ(parse_store_backend("azureblob"), StoreBackend::azureblob);
  EXPECT_EQ(parse_store_backend("gcs"), StoreBackend::gcs);
  EXPECT_EQ(parse_store_backend("aliyunoss"), StoreBackend::aliyunoss);
  EXPECT_EQ(parse_store_backend("oci"), StoreBackend::oci);
  EXPECT_EQ(parse_store_backend(""), std::nullopt);
  EXPECT_EQ(parse_store_backend("S3 "), std::nullopt);
}

TEST(OpenStore, OpensWhatTheOptionsName) {
  StoreOptions options;
  options.local_folder = "/somewhere/logs";
  EXPECT_EQ((*open_store(options, system_clock()))->description(), "local folder /somewhere/logs");
  options.backend = StoreBackend::s3;
  options.s3.endpoint = "minio-service.minio-dev:9000";
  options.s3.disable_ssl = true;
  options.aws.keys = {"id", "secret", ""};
  EXPECT_EQ((*open_store(options, system_clock()))->description(),
            "s3 bucket ray-historyserver at http://minio-service.minio-dev:9000");
  options.backend = StoreBackend::gcs;
  options.gcs.bucket = "b";
  EXPECT_EQ((*open_store(options, system_clock()))->description(),
            "gcs bucket b at https://storage.googleapis.com");
  options.backend = StoreBackend::aliyunoss;
  options.oss.region = "cn-hangzhou";
  options.alibaba.oss_keys = {"id", "secret", ""};
  EXPECT_EQ((*open_store(options, system_clock()))->description(),
            "aliyunoss bucket ray-historyserver at https://oss-cn-hangzhou.aliyuncs.com");
  options.backend = StoreBackend::oci;
  options.oci.bucket = "b";
  options.oci.region = "FRA";
  EXPECT_EQ((*open_store(options, system_clock()))->description(),
            "oci bucket b at https://objectstorage.eu-frankfurt-1.oraclecloud.com");
}

TEST(OpenStore, NamesAuthoritiesThatAreNotThere) {
  StoreOptions options;
  options.network.ca_file = "/no/such/bundle.pem";
  EXPECT_THAT(error_of(options), HasSubstr("/no/such/bundle.pem: No such file"));
}

TEST(OpenStore, NamesWhatIsMissing) {
  StoreOptions options;
  options.local_folder = "";
  EXPECT_THAT(error_of(options), HasSubstr("--local-dir"));
  options.backend = StoreBackend::s3;
  options.aws.metadata_disabled = "true";
  EXPECT_THAT(error_of(options), HasSubstr("AWS_ACCESS_KEY_ID"));
  options.aws.keys = {"id", "", ""};
  EXPECT_THAT(error_of(options), HasSubstr("AWS_SECRET_ACCESS_KEY"));
  options.aws.keys = {"id", "secret", ""};
  options.s3.endpoint = "ftp://x";
  EXPECT_THAT(error_of(options), HasSubstr("S3_ENDPOINT"));
  options.backend = StoreBackend::gcs;
  EXPECT_THAT(error_of(options), HasSubstr("GCS_BUCKET"));
  options.gcs.bucket = "gs://bucket/folder";
  EXPECT_THAT(error_of(options), HasSubstr("without gs://"));
  options.gcs.bucket = "bucket";
  options.gcs.emulator_host = "ftp://x";
  EXPECT_THAT(error_of(options), HasSubstr("STORAGE_EMULATOR_HOST"));
  options.gcs.emulator_host = "x:4443/storage/v1/";
  EXPECT_THAT(error_of(options), HasSubstr("STORAGE_EMULATOR_HOST"));
  options.backend = StoreBackend::aliyunoss;
  EXPECT_THAT(error_of(options), HasSubstr("neither OSS_ENDPOINT nor OSS_REGION"));
  options.oss.region = "cn-hangzhou";
  EXPECT_THAT(error_of(options), HasSubstr("OSS_ACCESS_KEY_ID"));
  options.backend = StoreBackend::oci;
  EXPECT_THAT(error_of(options), HasSubstr("OCI_BUCKET"));
  options.oci.bucket = "namespace/bucket";
  EXPECT_THAT(error_of(options), HasSubstr("without the namespace"));
  options.oci.bucket = "bucket";
  options.oci.name_space = "a/b";
  EXPECT_THAT(error_of(options), HasSubstr("OCI_NAMESPACE"));
  options.oci.name_space = "";
  options.oci.region = "eu frankfurt";
  EXPECT_THAT(error_of(options), HasSubstr("OCI_REGION"));
  options.oci.region = "";
  options.oci.endpoint = "https://host/p/";
  EXPECT_THAT(error_of(options), HasSubstr("OCI_ENDPOINT"));
  options.oci.endpoint = "";
  options.oracle.auth_type = "user_principal";
  EXPECT_THAT(error_of(options),
              HasSubstr("OCI_AUTH_TYPE (ociAuthType): \"user_principal\" is none: one of api_key"));
  options.oracle.auth_type = "OKE_WORKLOAD_IDENTITY";
  EXPECT_THAT(error_of(options), HasSubstr("KUBERNETES_SERVICE_HOST"));
  options.oracle.auth_type = "";
  options.oracle.resource_principal_version = "1.1";
  EXPECT_THAT(error_of(options), HasSubstr("\"1.1\" is given, and 2.2 alone"));
}

TEST(OpenStore, AsksTheTokenServiceFromWhereOssIsReached) {
  StoreOptions options;
  options.backend = StoreBackend::aliyunoss;
  options.alibaba = {.role_arn = "r", .oidc_provider_arn = "p", .oidc_token_file = "/token"};
  options.oss.endpoint = "oss-cn-hangzhou.aliyuncs.com";
  EXPECT_THAT((*open_store(options, system_clock()))->credentials_origin(),
              HasSubstr("https://sts.cn-hangzhou.aliyuncs.com"));
  options.oss.endpoint = "oss-cn-hangzhou-internal.aliyuncs.com";
  EXPECT_THAT((*open_store(options, system_clock()))->credentials_origin(),
              HasSubstr("https://sts-vpc.cn-hangzhou.aliyuncs.com"));
}

}  // namespace
}  // namespace rayhistory
