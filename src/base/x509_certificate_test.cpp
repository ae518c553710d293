#include "base/x509_certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/rsa_test_key.h"

namespace rayhistory {
namespace {

TEST(X509Certificate, IsReadFromAPem) {
  const std::string pem = test_certificate_pem({"opc-tenant:ocid1.tenancy", "\xC3\xA9"});
  const Result<X509Certificate> certificate = read_x509_certificate("a line before\n" + pem + pem);
  ASSERT_TRUE(certificate) << certificate.error().message;
  EXPECT_THAT(certificate->subject_values, testing::ElementsAre("opc-tenant:ocid1.tenancy", "\xC3\xA9"));
  EXPECT_THAT(certificate->sha1_fingerprint,
              testing::MatchesRegex("([0-9A-F][0-9A-F]:){19}[0-9A-F][0-9A-F]"));
  EXPECT_EQ(certificate->der.front(), '\x30') << "a SEQUENCE";
}

TEST(X509Certificate, IsRefusedWhereThereIsNone) {
  const std::string pem = test_certificate_pem({"unit"});
  for (const std::string& text :
       {std::string(), rsa_test_key_pem(), pem.substr(0, pem.size() / 2), std::string(70'000, 'x')}) {
    const Result<X509Certificate> certificate = read_x509_certificate(text);
    ASSERT_FALSE(certificate);
    EXPECT_EQ(certificate.error().kind, ErrorKind::invalid);
  }
}

}  // namespace
}  // namespace rayhistory
