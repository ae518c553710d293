#include "testing/rsa_test_key.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/check.h"

namespace rayhistory {

std::string new_test_key_pem(unsigned bits) {
  EVP_PKEY* const key = bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(bits);
  CHECK(key != nullptr);
  BIO* const out = ::BIO_new(::BIO_s_mem());
  CHECK(::PEM_write_bio_PKCS8PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out, &bytes);
  std::string pem(bytes, static_cast<size_t>(size));
  ::BIO_free(out);
  ::EVP_PKEY_free(key);
  return pem;
}

const std::string& rsa_test_key_pem() {
  static const std::string pem = new_test_key_pem(2048);
  return pem;
}

bool is_rs256_signature(std::string_view pem, std::string_view message, std::string_view signature) {
  BIO* const in = ::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  EVP_PKEY* const key = ::PEM_read_bio_PrivateKey(in, nullptr, nullptr, nullptr);
  ::BIO_free(in);
  CHECK(key != nullptr);
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
