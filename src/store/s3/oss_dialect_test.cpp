#include "store/s3/oss_dialect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory {
namespace {

using testing::AllOf;
using testing::HasSubstr;

// The region, and the URL of an object.
std::string place_of(const OssOptions& options) {
  const Result<S3Place> place = oss_place(options);
  return place ? place->region + " " + place->endpoint.url("a/b c", place->region).str()
               : place.error().message;
}

std::string why_not(const OssOptions& options) {
  const Result<S3Place> place = oss_place(options);
  EXPECT_FALSE(place);
  if (place) return "";
  EXPECT_EQ(place.error().kind, ErrorKind::invalid);
  return place.error().message;
}

TEST(OssPlace, HasTheBucketInTheHostsName) {
  EXPECT_EQ(place_of({.bucket = "b-1", .region = "cn-hangzhou"}),
            "cn-hangzhou https://b-1.oss-cn-hangzhou.aliyuncs.com/a/b%20c");
  EXPECT_EQ(place_of({.bucket = "b-1", .endpoint = "oss-cn-beijing-internal.aliyuncs.com"}),
            "cn-beijing https://b-1.oss-cn-beijing-internal.aliyuncs.com/a/b%20c");
  EXPECT_EQ(place_of({.bucket = "b-1", .endpoint = "http://oss.corp.example:8080/", .region = "oss-corp"}),
            "corp http://b-1.oss.corp.example:8080/a/b%20c");
  EXPECT_EQ(place_of({.bucket = "b-1", .endpoint = "10.1.2.3", .region = "x"}),
            "x https://10.1.2.3/b-1/a/b%20c")
      << "an IP address has no subdomains";
}

TEST(OssPlace, NamesTheSettingThatIsWrong) {
  for (const char* bucket : {"", "ab", "Bucket", "a_b", "-ab", "ab-", "a.b"})
    EXPECT_THAT(why_not({.bucket = bucket, .region = "cn-hangzhou"}), HasSubstr("OSS_BUCKET")) << bucket;
  EXPECT_THAT(why_not({}), AllOf(HasSubstr("OSS_ENDPOINT"), HasSubstr("OSS_REGION")));
  EXPECT_THAT(why_not({.region = "cn hangzhou"}), HasSubstr("OSS_REGION"));
  EXPECT_THAT(why_not({.endpoint = "ftp://x"}), HasSubstr("OSS_ENDPOINT"));
  EXPECT_THAT(why_not({.endpoint = "oss-cn-hangzhou.aliyuncs.com/folder"}), HasSubstr("a path"));
  EXPECT_THAT(why_not({.bucket = "logs", .endpoint = "logs.oss-cn-hangzhou.aliyuncs.com"}),
              HasSubstr("without the bucket"));
  for (const char* endpoint : {"oss-accelerate.aliyuncs.com", "oss.corp.example", "10.1.2.3"})
    EXPECT_THAT(why_not({.endpoint = endpoint}), HasSubstr("OSS_REGION must be set")) << endpoint;
}

TEST(OssPlace, KnowsTheEndpointsThatAreReachedFromInsideOnly) {
  EXPECT_TRUE(is_oss_internal({.endpoint = "http://oss-cn-hangzhou-internal.aliyuncs.com"}));
  EXPECT_FALSE(is_oss_internal({.endpoint = "oss-cn-hangzhou.aliyuncs.com"}));
  EXPECT_FALSE(is_oss_internal({.region = "cn-hangzhou"}));
}

}  // namespace
}  // namespace rayhistory
