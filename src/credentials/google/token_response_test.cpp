#include "credentials/google/token_response.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace rayhistory {
namespace {

constexpr int64_t kNow = 1'795'400'840'000'000'000;
constexpr int64_t kSecond = Nanoseconds(Seconds(1)).count();

TEST(GoogleTokenResponse, ReadsAToken) {
  for (const char* body : {R"({"access_token":"ya29.x","expires_in":3599,"token_type":"Bearer"})",
                           R"({"access_token":"ya29.x","expires_in":"3599"})"}) {
    const auto token = read_token_response(body, kNow);
    ASSERT_TRUE(token) << body;
    EXPECT_EQ(token->credentials.value, "ya29.x");
    EXPECT_EQ(token->expires_unix_nanoseconds, kNow + 3599 * kSecond);
  }
  // Longer than a day is taken for that.
  EXPECT_EQ(read_token_response(R"({"access_token":"x","expires_in":9223372036854775807})", kNow)
                ->expires_unix_nanoseconds,
            kNow + 86'400 * kSecond);
}

TEST(GoogleTokenResponse, AnythingElseIsNoToken) {
  for (const char* body :
       {"", "{}", "[]", R"({"access_token":"x"})", R"({"expires_in":3599})",
        R"({"access_token":"","expires_in":1})", R"({"access_token":"a\r\nb","expires_in":1})",
        R"({"access_token":"x","expires_in":-1})", R"({"access_token":"x","expires_in":"1h"})",
        R"({"access_token":5,"expires_in":1})", R"({"access_token":"x","expires_in":3599)"})
    EXPECT_FALSE(read_token_response(body, kNow)) << body;
}

TEST(GoogleTokenResponse, ReadsAnImpersonatedToken) {
  const auto token =
      read_impersonation_response(R"({"accessToken":"x","expireTime":"2026-11-23T02:27:20Z"})");
  ASSERT_TRUE(token);
  EXPECT_EQ(token->expires_unix_nanoseconds, kNow);
  for (const char* body : {"{}", R"({"accessToken":"x"})", R"({"accessToken":"x","expireTime":"soon"})"})
    EXPECT_FALSE(read_impersonation_response(body)) << body;
}

TEST(GoogleTokenResponse, ReadsARefusalInEitherForm) {
  EXPECT_EQ(read_token_refusal(R"({"error":"invalid_grant","error_description":"Invalid JWT\nSignature."})"),
            "invalid_grant: Invalid JWT Signature.");
  EXPECT_EQ(read_token_refusal(R"({"error":{"code":403,"status":"PERMISSION_DENIED","message":"No."}})"),
            "PERMISSION_DENIED: No.");
  EXPECT_EQ(read_token_refusal("<html>"), "");
  EXPECT_LE(read_token_refusal(R"({"error":")" + std::string(5000, 'x') + R"("})").size(), 300u);
}

TEST(GoogleTokenResponse, ReadsAFieldOfText) {
  EXPECT_EQ(read_text_field(R"({"a":"b"})", "a"), "b");
  for (const char* body : {R"({"a":1})", R"({"a":""})", "{}", "a"})
    EXPECT_FALSE(read_text_field(body, "a")) << body;
}

}  // namespace
}  // namespace rayhistory
