// That others take these tokens is tests/process/test_google_credentials.py's to show, by google-auth.
#include "signing/jwt_rs256.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "testing/rsa_test_key.h"

namespace rayhistory {
namespace {

TEST(JwtRs256, IsHeaderClaimsAndSignature) {
  const Result<RsaKey> key = RsaKey::from_pem(rsa_test_key_pem());
  ASSERT_TRUE(key);
  const std::string token = make_jwt_rs256(*key, "key \"1\"", R"({"iss":"a"})");
  const size_t first = token.find('.');
  const size_t second = token.rfind('.');
  ASSERT_LT(first, second);
  EXPECT_EQ(from_base64(token.substr(0, first)), R"({"alg":"RS256","typ":"JWT","kid":"key \"1\""})");
  EXPECT_EQ(from_base64(token.substr(first + 1, second - first - 1)), R"({"iss":"a"})");
  const std::optional<std::string> signature = from_base64(token.substr(second + 1));
  ASSERT_TRUE(signature);
  EXPECT_TRUE(is_rs256_signature(rsa_test_key_pem(), token.substr(0, second), *signature));
  EXPECT_EQ(token.find_first_of("+/="), std::string::npos);
}

}  // namespace
}  // namespace rayhistory
