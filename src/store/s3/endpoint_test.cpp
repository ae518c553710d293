#include "store/s3/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory {
namespace {

using testing::HasSubstr;

std::string url(const S3Options& options, std::string_view key = "a/b c?d",
                std::string_view region = "eu-west-1") {
  Result<S3Endpoint> endpoint = S3Endpoint::from(options);
  EXPECT_TRUE(endpoint) << endpoint.error().message;
  return endpoint ? endpoint->url(key, region).str() : "";
}

TEST(S3Endpoint, IsVirtualHostedAtAws) {
  EXPECT_EQ(url({.bucket = "logs"}), "https://logs.s3.eu-west-1.amazonaws.com/a/b%20c%3Fd");
  EXPECT_EQ(url({.bucket = "logs"}, ""), "https://logs.s3.eu-west-1.amazonaws.com/");
  EXPECT_EQ(url({.bucket = "logs"}, "x", "cn-north-1"), "https://logs.s3.cn-north-1.amazonaws.com.cn/x");
  EXPECT_EQ(url({.bucket = "logs", .disable_ssl = true}, "x"), "http://logs.s3.eu-west-1.amazonaws.com/x");
  EXPECT_EQ(url({.bucket = "logs", .endpoint = "s3.eu-west-1.amazonaws.com"}, "x"),
            "https://logs.s3.eu-west-1.amazonaws.com/x");
}

TEST(S3Endpoint, IsPathStyleWhereTheBucketFitsIntoNoHostName) {
  EXPECT_EQ(url({.bucket = "my.logs"}, "x"), "https://s3.eu-west-1.amazonaws.com/my.logs/x");
  EXPECT_EQ(url({.bucket = "my.logs", .disable_ssl = true}, "x"),
            "http://my.logs.s3.eu-west-1.amazonaws.com/x");
  EXPECT_EQ(url({.bucket = "My_Logs"}, "x"), "https://s3.eu-west-1.amazonaws.com/My_Logs/x");
}

TEST(S3Endpoint, IsPathStyleAtAnyOtherEndpointUnlessToldOtherwise) {
  EXPECT_EQ(url({.bucket = "logs", .endpoint = "minio-service.minio-dev:9000", .disable_ssl = true}),
            "http://minio-service.minio-dev:9000/logs/a/b%20c%3Fd");
  EXPECT_EQ(url({.bucket = "logs", .endpoint = "minio:9000"}, ""), "https://minio:9000/logs");
  EXPECT_EQ(url({.bucket = "logs", .endpoint = "http://storage.example.com", .force_path_style = false}, "x"),
            "http://logs.storage.example.com/x");
  EXPECT_EQ(url({.bucket = "logs", .endpoint = "http://127.0.0.1:9000", .force_path_style = false}, "x"),
            "http://127.0.0.1:9000/logs/x");
  EXPECT_EQ(url({.bucket = "logs", .endpoint = "[::1]:9000", .force_path_style = false}, "x"),
            "https://[::1]:9000/logs/x");
  EXPECT_EQ(url({.bucket = "logs", .force_path_style = true}, "x"),
            "https://s3.eu-west-1.amazonaws.com/logs/x");
}

TEST(S3Endpoint, KeepsTheEndpointsSchemeAndPath) {
  EXPECT_EQ(url({.bucket = "b", .endpoint = "https://h/storage/v1/s3/", .disable_ssl = true}, "x"),
            "https://h/storage/v1/s3/b/x");
}

TEST(S3Endpoint, NamesTheSettingThatIsWrong) {
  const auto error_of = [](const S3Options& options) {
    Result<S3Endpoint> endpoint = S3Endpoint::from(options);
    EXPECT_FALSE(endpoint);
    return endpoint ? "" : endpoint.error().message;
  };
  EXPECT_THAT(error_of({.bucket = ""}), HasSubstr("S3_BUCKET"));
  EXPECT_THAT(error_of({.bucket = "a/b"}), HasSubstr("S3_BUCKET"));
  EXPECT_THAT(error_of({.bucket = ".."}), HasSubstr("S3_BUCKET"));
  EXPECT_THAT(error_of({.endpoint = "ftp://x"}), HasSubstr("S3_ENDPOINT"));
  EXPECT_THAT(error_of({.endpoint = "http://x/?y"}), HasSubstr("S3_ENDPOINT"));
}

}  // namespace
}  // namespace rayhistory
