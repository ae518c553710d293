#include "base/rsa_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/rsa_test_key.h"

namespace rayhistory {
namespace {

TEST(RsaKey, SignsAsRs256) {
  const Result<RsaKey> key = RsaKey::from_pem(rsa_test_key_pem());
  ASSERT_TRUE(key) << key.error().message;
  for (const std::string& message :
       {std::string(), std::string("header.claims"), std::string(100'000, 'x')}) {
    const std::string signature = key->sign_sha256(message);
    EXPECT_TRUE(is_rs256_signature(rsa_test_key_pem(), message, signature));
    EXPECT_FALSE(is_rs256_signature(rsa_test_key_pem(), message + "x", signature));
  }
}

TEST(RsaKey, RefusesWhatIsNoneAndShowsNothingOfIt) {
  const std::string cut = rsa_test_key_pem().substr(0, 400);
  for (const std::string& pem : {std::string(), std::string("secret"), cut, new_test_key_pem(0),
                                 new_test_key_pem(1024), std::string(70'000, 'x')}) {
    const Result<RsaKey> key = RsaKey::from_pem(pem);
    ASSERT_FALSE(key);
    EXPECT_EQ(key.error().kind, ErrorKind::invalid);
    EXPECT_THAT(key.error().message, testing::StartsWith("the private key "));
    EXPECT_THAT(key.error().message, testing::Not(testing::HasSubstr("secret")));
  }
}

TEST(RsaKey, ReadsAnEncryptedPemWithItsPassPhraseAlone) {
  const std::string pem = encrypted_test_key_pem("open sesame");
  const Result<RsaKey> key = RsaKey::from_pem(pem, "open sesame");
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_TRUE(is_rs256_signature(rsa_test_key_pem(), "text", key->sign_sha256("text")));
  EXPECT_EQ(RsaKey::from_pem(pem).error().message,
            "the private key is encrypted, and no pass phrase is given");
  EXPECT_EQ(RsaKey::from_pem(pem, "close").error().message,
            "the private key is encrypted, and the pass phrase is wrong");
  EXPECT_EQ(RsaKey::from_pem(pem, std::string(5000, 'x')).error().message,
            "the private key is encrypted, and the pass phrase is wrong");
  EXPECT_TRUE(RsaKey::from_pem(rsa_test_key_pem(), "of no use")) << "a pass phrase that no key needs";
  EXPECT_TRUE(RsaKey::from_pem(rsa_test_key_pem() + "\nOCI_API_KEY\n")) << "the console's label after it";
}

TEST(RsaKey, GeneratesOneThatIsNewEachTime) {
  const RsaKey first = RsaKey::generate();
  const RsaKey second = RsaKey::generate();
  EXPECT_NE(first.public_der(), second.public_der());
  EXPECT_EQ(first.public_der().size(), 294u) << "a SubjectPublicKeyInfo of 2048 bits";
}

TEST(RsaKey, DoesNotAskForAPassword) {
  const std::string encrypted =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
      "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhzb21lc2FsdAICCAAwDAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoE\n"
      "EGFhYWFhYWFhYWFhYWFhYWEEQGFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh\n"
      "YWFhYWFhYWE=\n"
      "-----END ENCRYPTED PRIVATE KEY-----\n";
  EXPECT_FALSE(RsaKey::from_pem(encrypted));
}

}  // namespace
}  // namespace rayhistory
