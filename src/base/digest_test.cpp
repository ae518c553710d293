#include "base/digest.h"

#include <gtest/gtest.h>

namespace rayhistory {
namespace {

// FIPS 180-2, appendix B.
TEST(Sha256, MatchesThePublishedVectors) {
  EXPECT_EQ(to_hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(to_hex(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, OfPiecesIsThatOfTheWhole) {
  Sha256 pieces;
  pieces.update("a");
  pieces.update("");
  Sha256 moved = std::move(pieces);
  moved.update("bc");
  EXPECT_EQ(moved.finish(), sha256("abc"));
}

// RFC 1321, appendix A.5.
TEST(Md5, MatchesThePublishedVectors) {
  EXPECT_EQ(to_hex(md5("")), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(to_hex(md5("message digest")), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(Md5, OfPiecesIsThatOfTheWhole) {
  Md5 pieces;
  pieces.update("message ");
  Md5 moved = std::move(pieces);
  moved.update("digest");
  EXPECT_EQ(moved.finish(), md5("message digest"));
}

// RFC 4231, cases 1, 2 and 6; the empty key and text of Wikipedia's article.
TEST(HmacSha256, MatchesThePublishedVectors) {
  EXPECT_EQ(to_hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(
      to_hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(to_hex(hmac_sha256("", "")), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(Hex, IsLowerCase) {
  EXPECT_EQ(to_hex(std::string_view("\x00\x7f\xff", 3)), "007fff");
}

// RFC 4648, section 10.
TEST(Base64, MatchesThePublishedVectorsBothWays) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
}

TEST(Base64, HasTwoAlphabets) {
  const std::string bytes = "\xfb\xff\xfe\xff";
  EXPECT_EQ(to_base64(bytes), "+//+/w==");
  EXPECT_EQ(to_base64_url(bytes), "-__-_w");
  for (const char* text : {"+//+/w==", "+//+/w", "-__-_w", "-__-_w=="})
    EXPECT_EQ(from_base64(text), bytes) << text;
}

TEST(Base64, RefusesWhatIsNeither) {
  for (const char* text : {"A", "AAAAA", "AB=", "AB=C", "A===", "=", "====", "AAAA====", "AB==CDEF",
                           "A B=", "AB\n=", "+_AA", "AA.A", "\xff\xff\xff\xff"})
    EXPECT_FALSE(from_base64(text)) << text;
}

TEST(RandomHex, HasItsLengthAndIsNotTheSameTwice) {
  EXPECT_EQ(random_hex(16).size(), 32u);
  EXPECT_NE(random_hex(16), random_hex(16));
  EXPECT_EQ(random_hex(0), "");
}

}  // namespace
}  // namespace rayhistory
