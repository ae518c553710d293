#include "layout/ids.h"

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

const std::string kNodeHex = "b956a7677f4cf5b7383596242c580429383e9f347e4221780fbed607";

TEST(SafeSegment, IsOneThatNoPathCanBeEscapedWith) {
  for (const char* text : {"a", "session_2026-11-23_02-27-20_324908_14170", "...", ".hidden", "-", "A.b_C-9"})
    EXPECT_TRUE(is_safe_segment(text)) << text;
  for (const std::string& text : {std::string(), std::string("."), std::string(".."), std::string("a/b"),
                                  std::string("a b"), std::string("a\0b", 3), std::string("\xc3\xa9"),
                                  std::string("a%2e"), std::string("a\\b"), std::string(256, 'a')})
    EXPECT_FALSE(is_safe_segment(text)) << text;
  EXPECT_TRUE(is_safe_segment(std::string(255, 'a')));
}

TEST(NodeId, IsLowerCaseHexOfWholeBytes) {
  EXPECT_TRUE(NodeId::parse(kNodeHex));
  EXPECT_TRUE(NodeId::parse("00"));
  EXPECT_TRUE(NodeId::parse(std::string(128, 'f')));
  for (const std::string& text : {std::string(), std::string("abc"), std::string("AB"), std::string("0g"),
                                  std::string(130, 'f'), std::string("fetched_endpoints")})
    EXPECT_FALSE(NodeId::parse(text)) << text;
}

TEST(DnsName, IsADns1123Subdomain) {
  for (const std::string& text : {std::string("a"), std::string("default"), std::string("raycluster-kuberay"),
                                  std::string("a.b-c.9"), std::string("0"), std::string(253, 'a')})
    EXPECT_TRUE(DnsName::parse(text)) << text;
  for (const std::string& text :
       {std::string(), std::string("A"), std::string("a_b"), std::string("-a"), std::string("a-"),
        std::string("a..b"), std::string(".a"), std::string("a."), std::string("a.-b"), std::string("a/b"),
        std::string("a b"), std::string(254, 'a')})
    EXPECT_FALSE(DnsName::parse(text)) << text;
}

TEST(NodeIdFrom, TakesHexInAnyCase) {
  EXPECT_EQ(node_id_from(kNodeHex)->str(), kNodeHex);
  EXPECT_EQ(node_id_from("B956A7677F4CF5B7383596242C580429383E9F347E4221780FBED607")->str(), kNodeHex);
}

TEST(NodeIdFrom, TakesBothAlphabetsOfBase64) {
  for (const char* text :
       {"uVanZ39M9bc4NZYkLFgEKTg+nzR+QiF4D77WBw==", "uVanZ39M9bc4NZYkLFgEKTg-nzR-QiF4D77WBw==",
        "uVanZ39M9bc4NZYkLFgEKTg-nzR-QiF4D77WBw"}) {
    ASSERT_TRUE(node_id_from(text)) << text;
    EXPECT_EQ(node_id_from(text)->str(), kNodeHex);
  }
}

TEST(NodeIdFrom, RefusesWhatIsNeither) {
  for (const char* text :
       {"", "node1", "abc", "../..", "uVanZ39M9b==x", "uVanZ39M9bc4NZYkLFgEKTg+nzR+QiF4D77WBw", "12 34"})
    EXPECT_FALSE(node_id_from(text)) << text;
}

TEST(JobIdFrom, IsHexWhereTheTextIsBase64) {
  EXPECT_EQ(job_id_from("AQAAAA==")->str(), "01000000");
  EXPECT_EQ(job_id_from("AQAAAA")->str(), "01000000");
  EXPECT_EQ(job_id_from("/////w==")->str(), "ffffffff");
  EXPECT_EQ(job_id_from("_____w")->str(), "ffffffff");
}

TEST(JobIdFrom, IsToldFromHexByItsLength) {
  EXPECT_EQ(job_id_from("01000000")->str(), "01000000");
  EXPECT_EQ(job_id_from("0A00000F")->str(), "0a00000f");
  EXPECT_EQ(job_id_from("BAAAAA")->str(), "04000000");
  EXPECT_EQ(job_id_from("BAAAAA==")->str(), "04000000");
}

TEST(JobIdFrom, StaysAsItIsWhereItIsASafeSegmentOfAnotherKind) {
  EXPECT_EQ(job_id_from("job-1")->str(), "job-1");
  EXPECT_EQ(job_id_from("raysubmit_x.y")->str(), "raysubmit_x.y");
  for (const char* text : {"", "..", "a/b", "foo/bar", "../../etc", "a b", "=="})
    EXPECT_FALSE(job_id_from(text)) << text;
}

}  // namespace
}  // namespace rayhistory
