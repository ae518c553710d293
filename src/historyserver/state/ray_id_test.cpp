#include "historyserver/state/ray_id.h"

#include <string>

#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

std::string hex_of(std::string_view text, size_t bytes) {
  std::string hex = "before ";
  append_hex_id(hex, text, bytes);
  return hex.substr(7);
}

TEST(RayId, IsHexByItsLengthAndElseBase64) {
  EXPECT_EQ(hex_of("04000000", 4), "04000000");
  EXPECT_EQ(hex_of("ABCDEF09", 4), "abcdef09");
  EXPECT_EQ(hex_of("BAAAAA==", 4), "04000000");
  EXPECT_EQ(hex_of("BAAAAA", 4), "04000000");
  // Eight characters of both alphabets: hex where that is the ID's length.
  EXPECT_EQ(hex_of("abcdabcd", 4), "abcdabcd");
  EXPECT_EQ(hex_of("abcdabcd", 6), "69b71d69b71d");
}

TEST(RayId, TakesBothAlphabetsOfBase64AndAnyRest) {
  EXPECT_EQ(hex_of("+/+/", 3), "fbffbf");
  EXPECT_EQ(hex_of("-_-_", 3), "fbffbf");
  EXPECT_EQ(hex_of("/w==", 1), "ff");
  EXPECT_EQ(hex_of("//8=", 2), "ffff");
  EXPECT_EQ(hex_of("AAECAw==", 4), "00010203");
}

TEST(RayId, IsKeptAsItIsWhereItIsNeither) {
  EXPECT_EQ(hex_of("0400000g", 4), "d38d34d34d20");  // base64 of another length
  EXPECT_EQ(hex_of("a.b", 4), "a.b");
  EXPECT_EQ(hex_of("AAAAA", 4), "AAAAA");  // no base64 is one longer than a multiple of 4
  EXPECT_EQ(hex_of("../x", 4), "");
  EXPECT_EQ(hex_of("a/\xff", 4), "");
  EXPECT_EQ(hex_of("", 4), "");
  EXPECT_EQ(hex_of("====", 4), "");
}

TEST(RayId, IsNilWhereAllBitsAreSet) {
  EXPECT_TRUE(is_nil_id("ffffffff"));
  EXPECT_FALSE(is_nil_id("fffffffe"));
}

}  // namespace
}  // namespace rayhistory::historyserver
