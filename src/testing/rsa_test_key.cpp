#include "testing/rsa_test_key.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/check.h"

namespace rayhistory {
namespace {

// The bytes that were written into `out`, which is no more then.
std::string drained(BIO* out) {
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out, &bytes);
  std::string text(bytes, static_cast<size_t>(size));
  ::BIO_free(out);
  return text;
}

EVP_PKEY* loaded(std::string_view pem) {
  BIO* const in = ::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  EVP_PKEY* const key = ::PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
  ::BIO_free(in);
  CHECK(key != nullptr);
  return key;
}

}  // namespace

std::string new_test_key_pem(unsigned bits) {
  EVP_PKEY* const key = bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(bits);
  CHECK(key != nullptr);
  BIO* const out = ::BIO_new(::BIO_s_mem());
  CHECK(::PEM_write_bio_PKCS8PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  ::EVP_PKEY_free(key);
  return drained(out);
}

const std::string& rsa_test_key_pem() {
  static const std::string pem = new_test_key_pem(2048);
  return pem;
}

std::string encrypted_test_key_pem(std::string_view pass_phrase) {
  EVP_PKEY* const key = loaded(rsa_test_key_pem());
  BIO* const out = ::BIO_new(::BIO_s_mem());
  CHECK(::PEM_write_bio_PKCS8PrivateKey(out, key, ::EVP_aes_256_cbc(), pass_phrase.data(),
                                        static_cast<int>(pass_phrase.size()), nullptr, nullptr) == 1);
  ::EVP_PKEY_free(key);
  return drained(out);
}

std::string test_certificate_pem(const std::vector<std::string>& units) {
  EVP_PKEY* const key = loaded(rsa_test_key_pem());
  X509* const certificate = ::X509_new();
  CHECK(certificate != nullptr);
  X509_NAME* const name = ::X509_get_subject_name(certificate);
  for (const std::string& unit : units) {
    CHECK(::X509_NAME_add_entry_by_txt(name, "OU", MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(unit.data()),
                                       static_cast<int>(unit.size()), -1, 0) == 1);
  }
  ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate), 1);
  ::X509_gmtime_adj(::X509_getm_notBefore(certificate), 0);
  ::X509_gmtime_adj(::X509_getm_notAfter(certificate), 3600);
  CHECK(::X509_set_pubkey(certificate, key) == 1);
  CHECK(::X509_sign(certificate, key, ::EVP_sha256()) != 0);
  BIO* const out = ::BIO_new(::BIO_s_mem());
  CHECK(::PEM_write_bio_X509(out, certificate) == 1);
  ::X509_free(certificate);
  ::EVP_PKEY_free(key);
  return drained(out);
}

bool is_rs256_signature(std::string_view pem, std::string_view message, std::string_view signature) {
  EVP_PKEY* const key = loaded(pem);
  EVP_MD_CTX* const context = ::EVP_MD_CTX_new();
  CHECK(::EVP_DigestVerifyInit(context, nullptr, ::EVP_sha256(), nullptr, key) == 1);
  const int verified =
      ::EVP_DigestVerify(context, reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                         reinterpret_cast<const unsigned char*>(message.data()), message.size());
  ::EVP_MD_CTX_free(context);
  ::EVP_PKEY_free(key);
  return verified == 1;
}

}  // namespace rayhistory
