#include "historyserver/web/security_headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

TEST(SecurityHeaders, LetAPageRunOnlyFilesOfThisServer) {
  Response page = text_response(200, "<html>");
  page.content_type = "text/html; charset=utf-8";
  add_security_headers(page);
  EXPECT_THAT(page.headers,
              Contains(Pair("Content-Security-Policy",
                            AllOf(HasSubstr("script-src 'self';"), HasSubstr("frame-ancestors 'self'"),
                                  HasSubstr("base-uri 'self'"), Not(HasSubstr("unsafe-eval"))))));
  EXPECT_THAT(page.headers, Contains(Pair("X-Frame-Options", "SAMEORIGIN")));
  EXPECT_THAT(page.headers, Contains(Pair("Referrer-Policy", "same-origin")));
}

TEST(SecurityHeaders, LetContentRunNothing) {
  Response log = text_response(200, "<script>alert(1)</script>");
  add_security_headers(log);
  EXPECT_THAT(log.headers, Contains(Pair("Content-Security-Policy",
                                         AllOf(HasSubstr("sandbox;"), HasSubstr("default-src 'none'")))));
  EXPECT_THAT(log.headers, Contains(Pair("Cross-Origin-Resource-Policy", "same-origin")));
}

TEST(SecurityHeaders, KeepWhatAnAnswerSaysItself) {
  Response page = text_response(200, "");
  page.headers = {{"x-frame-options", "DENY"}, {"content-security-policy", "default-src 'self'"}};
  add_security_headers(page);
  EXPECT_THAT(page.headers, testing::SizeIs(4));
  EXPECT_THAT(page.headers, Contains(Pair("x-frame-options", "DENY")));
}

}  // namespace
}  // namespace rayhistory::historyserver
