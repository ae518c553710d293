#include "base/x509_certificate.h"

#include <array>
#include <memory>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/check.h"

namespace rayhistory {
namespace {

// A certificate is a few KiB.
constexpr size_t kLongestPemBytes = 64 * 1024;

struct FreeCertificate {
  void operator()(X509* certificate) const { ::X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, FreeCertificate>;

// A PEM of a certificate is never encrypted; OpenSSL's own would ask at the terminal.
int no_password(char*, int, int, void*) {
  return -1;
}

std::vector<std::string> values_of(const X509_NAME* subject) {
  std::vector<std::string> values;
  for (int i = 0; i < ::X509_NAME_entry_count(subject); ++i) {
    unsigned char* utf8 = nullptr;
    const int size =
        ::ASN1_STRING_to_UTF8(&utf8, ::X509_NAME_ENTRY_get_data(::X509_NAME_get_entry(subject, i)));
    if (size < 0) continue;
    values.emplace_back(reinterpret_cast<const char*>(utf8), static_cast<size_t>(size));
    ::OPENSSL_free(utf8);
  }
  return values;
}

std::string fingerprint_of(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  CHECK(::X509_digest(certificate, ::EVP_sha1(), digest.data(), &size) == 1);
  std::string text;
  for (unsigned i = 0; i < size; ++i)
    text += fmt::format("{}{:02X}", i == 0 ? "" : ":", digest[i]);
  return text;
}

}  // namespace

Result<X509Certificate> read_x509_certificate(std::string_view pem) {
  if (pem.size() > kLongestPemBytes) return Error{ErrorKind::invalid, "the certificate is longer than any"};
  BIO* const bytes = ::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  CHECK(bytes != nullptr);  // fails for want of memory only
  const Certificate loaded(::PEM_read_bio_X509(bytes, nullptr, no_password, nullptr));
  ::BIO_free(bytes);
  if (!loaded) {
    ::ERR_clear_error();
    return Error{ErrorKind::invalid, "the certificate is no PEM of one"};
  }
  X509Certificate certificate;
  certificate.subject_values = values_of(::X509_get_subject_name(loaded.get()));
  certificate.sha1_fingerprint = fingerprint_of(loaded.get());
  unsigned char* der = nullptr;
  const int size = ::i2d_X509(loaded.get(), &der);
  CHECK(size > 0);
  certificate.der.assign(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  ::OPENSSL_free(der);
  return certificate;
}

}  // namespace rayhistory
