#include "store/s3/responses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/xml.h"

namespace rayhistory {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

TEST(S3Responses, ReadAnError) {
  const auto error = read_s3_error(
      "  \n<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AuthorizationHeaderMalformed</Code>"
      "<Message>the region &apos;a&apos; is wrong</Message><Region>eu-west-1</Region></Error>");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, "AuthorizationHeaderMalformed");
  EXPECT_EQ(error->message, "the region 'a' is wrong");
  EXPECT_EQ(error->region, "eu-west-1");
  EXPECT_FALSE(read_s3_error(""));
  EXPECT_FALSE(read_s3_error("<html>502 Bad Gateway</html>"));
  EXPECT_FALSE(read_s3_error("Bad Gateway"));
}

TEST(S3Responses, ReadWhatALifecycleRemoves) {
  const auto lifecycle = read_s3_lifecycle(R"(<LifecycleConfiguration>
<Rule><ID>a</ID><Status>Enabled</Status><Prefix>old/</Prefix><Expiration><Days>30</Days></Expiration></Rule>
<Rule><ID>b</ID><Status>Enabled</Status><Filter><And><Prefix>x/</Prefix><ObjectSizeGreaterThan>1
</ObjectSizeGreaterThan></And></Filter><Expiration><Date>2027-01-01T00:00:00Z</Date></Expiration></Rule>
<Rule><ID>tagged</ID><Status>Enabled</Status><Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter>
<Expiration><Days>1</Days></Expiration></Rule>
<Rule><ID>off</ID><Status>Disabled</Status><Filter/><Expiration><Days>1</Days></Expiration></Rule>
<Rule><ID>markers</ID><Status>Enabled</Status><Filter><Prefix/></Filter>
<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>
<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays></NoncurrentVersionExpiration></Rule>
</LifecycleConfiguration>)");
  ASSERT_TRUE(lifecycle);
  EXPECT_TRUE(lifecycle->removes_old_versions);
  ASSERT_THAT(lifecycle->expirations, SizeIs(2));
  EXPECT_EQ(lifecycle->expirations[0].prefix, "old/");
  EXPECT_EQ(lifecycle->expirations[0].when, "after 30 days");
  EXPECT_EQ(lifecycle->expirations[1].prefix, "x/");
  EXPECT_EQ(lifecycle->expirations[1].when, "on 2027-01-01T00:00:00Z");
  EXPECT_FALSE(read_s3_lifecycle("<Error/>"));
}

TEST(S3Responses, ReadAPageOfObjects) {
  const auto page = read_s3_objects(R"(<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>true</IsTruncated>
<NextContinuationToken>more==</NextContinuationToken><EncodingType>url</EncodingType>
<Contents><Key>a+b%2Bc/%C3%A9%3F%0A</Key><Size>0</Size><ETag>&quot;0f-2&quot;</ETag></Contents>
<Contents><Key>z</Key><LastModified>2026-11-23T02:27:20.987Z</LastModified><ETag>"1"</ETag>
<Size>18446744073709551615</Size></Contents></ListBucketResult>)",
                                    S3KeyEncoding::as_said);
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->truncated);
  EXPECT_EQ(page->continuation, "more==");
  ASSERT_THAT(page->objects, SizeIs(2));
  EXPECT_TRUE(page->says_encoding);
  EXPECT_FALSE(page->is_undecodable);
  EXPECT_EQ(page->objects[0].key, "a b+c/é?\n");
  EXPECT_THAT(page->undecoded, ElementsAre("a+b%2Bc/%C3%A9%3F%0A", "z"));
  EXPECT_EQ(page->objects[0].object, (StoredObject{0, "0f-2"}));
  EXPECT_EQ(page->objects[0].object.modified_nanoseconds, 0);
  EXPECT_EQ(page->objects[1].object, (StoredObject{UINT64_MAX, "1"}));
  EXPECT_EQ(page->objects[1].object.modified_nanoseconds, 1'795'400'840'999'999'999);
}

TEST(S3Responses, ReadKeysAsTheyAreUnlessTheResponseSaysThatTheyAreEncoded) {
  const auto keys = [](const std::string& encoding, S3KeyEncoding wanted) {
    return *read_s3_objects("<ListBucketResult>" + encoding +
                                "<Contents><Key>50%+%2B</Key><Size>1</Size></Contents></ListBucketResult>",
                            wanted);
  };
  const std::string said = "<EncodingType>url</EncodingType>";
  EXPECT_EQ(keys("", S3KeyEncoding::as_said).objects[0].key, "50%+%2B");
  EXPECT_EQ(keys(said, S3KeyEncoding::none).objects[0].key, "50%+%2B");
  EXPECT_FALSE(keys("", S3KeyEncoding::as_said).is_undecodable);
  EXPECT_TRUE(keys(said, S3KeyEncoding::as_said).is_undecodable) << "a '%' without digits";
}

TEST(S3Responses, RefuseAPageThatIsNotWhole) {
  const std::string page =
      "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>k</Key><Size>1</Size></Contents>"
      "</ListBucketResult>";
  ASSERT_TRUE(read_s3_objects(page, S3KeyEncoding::as_said));
  for (size_t length = 0; length < page.size(); ++length)
    EXPECT_FALSE(read_s3_objects(page.substr(0, length), S3KeyEncoding::as_said));
  for (const char* wrong :
       {"<ListBucketResult><Contents><Key>k</Key><Size>-1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>k</Key></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Size>1</Size></Contents></ListBucketResult>",
        "<ListAllMyBucketsResult/>"}) {
    EXPECT_FALSE(read_s3_objects(wrong, S3KeyEncoding::as_said)) << wrong;
  }
}

TEST(S3Responses, ReadUnfinishedUploads) {
  const auto page = read_s3_uploads(
      "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>a%20b</NextKeyMarker>"
      "<NextUploadIdMarker>u2</NextUploadIdMarker><Upload><Key>a%20b</Key><UploadId>u2</UploadId></Upload>"
      "</ListMultipartUploadsResult>");
  ASSERT_TRUE(page);
  EXPECT_TRUE(page->truncated);
  EXPECT_EQ(page->next.key, "a%20b");
  EXPECT_EQ(page->next.id, "u2");
  ASSERT_THAT(page->uploads, SizeIs(1));
  EXPECT_EQ(page->uploads[0].key, "a%20b");
}

TEST(S3Responses, ReadTheTagOfASuccessOnly) {
  EXPECT_EQ(
      read_s3_etag("  <CompleteMultipartUploadResult><ETag>\"x-2\"</ETag></CompleteMultipartUploadResult>"),
      "x-2");
  EXPECT_EQ(read_s3_etag("<CopyPartResult><ETag>&#34;y&#34;</ETag></CopyPartResult>"), "y");
  for (const char* failed : {"", "   ", "<Error><Code>InternalError</Code></Error>", "<CopyObjectResult/>",
                             "<CompleteMultipartUploadResult><ETag>\"x\"</ETag>", "<ETag>x</ETag>"}) {
    EXPECT_FALSE(read_s3_etag(failed)) << failed;
  }
}

TEST(S3Responses, CountParts) {
  EXPECT_EQ(read_s3_part_count("<ListPartsResult/>"), 0u);
  EXPECT_EQ(read_s3_part_count("<ListPartsResult><Part/><Part/></ListPartsResult>"), 2u);
  EXPECT_FALSE(read_s3_part_count("<Error/>"));
}

TEST(S3Responses, WriteACompletion) {
  EXPECT_EQ(
      write_s3_complete({"a", "b<&>"}, "http://s3.amazonaws.com/doc/2006-03-01/"),
      "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<Part><PartNumber>1</PartNumber><ETag>\"a\"</ETag></Part>"
      "<Part><PartNumber>2</PartNumber><ETag>\"b&lt;&amp;&gt;\"</ETag></Part></CompleteMultipartUpload>");
}

TEST(Xml, HasALimit) {
  EXPECT_TRUE(parse_xml("<a>" + std::string(kXmlLimitBytes - 7, ' ') + "</a>"));
  EXPECT_FALSE(parse_xml("<a>" + std::string(kXmlLimitBytes - 6, ' ') + "</a>"));
}

TEST(Xml, TakesDeepNestingWithoutRecursion) {
  std::string deep;
  for (int i = 0; i < 200'000; ++i)
    deep += "<a>";
  EXPECT_FALSE(parse_xml(deep));
  for (int i = 0; i < 200'000; ++i)
    deep += "</a>";
  EXPECT_TRUE(parse_xml(deep));
}

TEST(Xml, HasOneRoot) {
  EXPECT_TRUE(parse_xml("<?xml version=\"1.0\"?><!-- a proxy's comment --><a/><!-- and after -->\n"));
  EXPECT_FALSE(parse_xml("<ListBucketResult/><ListMultipartUploadsResult/>"));
}

TEST(Xml, ResolvesNoEntitiesOfADocumentType) {
  const auto document = parse_xml("<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>");
  ASSERT_TRUE(document);
  EXPECT_STREQ(document->child_value("a"), "&e;");
}

}  // namespace
}  // namespace rayhistory
