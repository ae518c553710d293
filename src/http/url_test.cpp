#include "http/url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory {
namespace {

using testing::HasSubstr;
using testing::Not;

Url parse(std::string_view text) {
  Result<Url> url = parse_url(text, Scheme::https);
  EXPECT_TRUE(url) << url.error().message;
  return url ? *url : Url{};
}

Error refused(std::string_view text) {
  Result<Url> url = parse_url(text, Scheme::https);
  EXPECT_FALSE(url) << text;
  return url ? Error{ErrorKind::retry, ""} : url.error();
}

TEST(Url, IsTakenApart) {
  const Url url = parse("http://storage.example.com:9000/a/b%20c?x=1&y");
  EXPECT_EQ(url.scheme, Scheme::http);
  EXPECT_EQ(url.host, "storage.example.com");
  EXPECT_EQ(url.port, 9000);
  EXPECT_EQ(url.encoded_path, "/a/b%20c");
  EXPECT_EQ(url.encoded_query, "x=1&y");
  EXPECT_EQ(url.origin(), "http://storage.example.com:9000");
  EXPECT_EQ(url.str(), "http://storage.example.com:9000/a/b%20c?x=1&y");
}

TEST(Url, TakesTheCallersSchemeWhereItHasNone) {
  EXPECT_EQ(parse("minio-service.minio-dev:9000").str(), "https://minio-service.minio-dev:9000/");
  EXPECT_EQ(parse_url("minio:9000", Scheme::http)->str(), "http://minio:9000/");
  EXPECT_EQ(parse_url("10.0.0.1/x?to=http://y", Scheme::http)->str(), "http://10.0.0.1/x?to=http://y");
  EXPECT_EQ(parse_url("https://h", Scheme::http)->scheme, Scheme::https);
}

TEST(Url, LeavesOutTheSchemesOwnPort) {
  EXPECT_EQ(parse("https://h:443/").host_header(), "h");
  EXPECT_EQ(parse("http://h:443/").host_header(), "h:443");
  EXPECT_EQ(parse("http://h:80").origin(), "http://h");
}

TEST(Url, BracketsIpv6) {
  const Url url = parse("http://[FE80::1]:8265/x");
  EXPECT_EQ(url.host, "fe80::1");
  EXPECT_EQ(url.host_header(), "[fe80::1]:8265");
  EXPECT_EQ(parse("http://[::1]").str(), "http://[::1]/");
}

TEST(Url, RefusesWhatIsNone) {
  for (const char* text :
       {"", "http://", "ftp://h/", "http:///x", "http://h:0/", "http://h:65536/", "http://h:x/", "http://h:/",
        "http://[::1/", "http://[x]/", "http://[::1]x/", "http://h o/", "http://h/a b", "http://h/ä",
        "http://h/#f", "http://h\r\nX: y/", "http://h/\n", "h?x#y", "file:///etc"}) {
    EXPECT_EQ(refused(text).kind, ErrorKind::invalid) << text;
  }
}

TEST(Url, NeverRepeatsAPassword) {
  for (const char* text :
       {"http://user:secret@h/", "user:secret@h", "ftp://user:secret@h", "http://secret@h:x/"})
    EXPECT_THAT(refused(text).message, Not(HasSubstr("secret"))) << text;
}

TEST(PathEncoding, LeavesUnreservedAndSlashesOnly) {
  EXPECT_EQ(encode_path("/a-z.A_Z~09/"), "/a-z.A_Z~09/");
  EXPECT_EQ(encode_path("?=&+ %*@:"), "%3F%3D%26%2B%20%25%2A%40%3A");
  EXPECT_EQ(encode_path("é"), "%C3%A9");
  EXPECT_EQ(encode_path(std::string_view("\0\xff", 2)), "%00%FF");
  EXPECT_EQ(encode_path("a//b/../c"), "a//b/../c");
  EXPECT_EQ(encode_query_component("a/b c"), "a%2Fb%20c");
}

TEST(PathEncoding, IsUndone) {
  std::string all;
  for (int i = 0; i < 256; ++i)
    all += static_cast<char>(i);
  EXPECT_EQ(*decode_percent(encode_path(all)), all);
  EXPECT_EQ(*decode_percent("a+b%2b"), "a+b+");
  for (const char* text : {"%", "%4", "%4g", "a%"})
    EXPECT_FALSE(decode_percent(text)) << text;
}

TEST(Query, IsSortedAsItIsEncoded) {
  EXPECT_EQ(encode_query({{"uploads", ""}}), "uploads=");
  EXPECT_EQ(encode_query({{"b", "2"}, {"a", "2"}, {"a", "1"}}), "a=1&a=2&b=2");
  EXPECT_EQ(encode_query({{"a", "1"}, {"{", "1"}}), "%7B=1&a=1");    // raw, '{' is after 'a'
  EXPECT_EQ(encode_query({{"a-b", "1"}, {"a", "1"}}), "a=1&a-b=1");  // joined, "a-b=1" is before "a=1"
  EXPECT_EQ(encode_query({}), "");
}

}  // namespace
}  // namespace rayhistory
