#include "base/rsa_key.h"

#include <algorithm>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/check.h"

namespace rayhistory {
namespace {

// RFC 7518, section 3.3. Google's own have 2048.
constexpr int kLeastBits = 2048;
// A PEM of 16,384 bits, OpenSSL's longest, is below 13 KiB.
constexpr size_t kLongestPemBytes = 64 * 1024;

// The pass phrase that OpenSSL may ask for, and whether it did.
struct PassPhrase {
  std::string_view text;
  bool was_asked = false;
};

// OpenSSL's own would ask at the terminal.
int give_pass_phrase(char* buffer, int size, int, void* data) {
  auto& pass_phrase = *static_cast<PassPhrase*>(data);
  pass_phrase.was_asked = true;
  const std::string_view text = pass_phrase.text;
  if (text.empty() || text.size() > static_cast<size_t>(size)) return -1;
  std::copy(text.begin(), text.end(), buffer);
  return static_cast<int>(text.size());
}

Error refused(std::string_view why) {
  ::ERR_clear_error();
  return Error{ErrorKind::invalid, std::string(why)};
}

}  // namespace

struct RsaKey::State {
  explicit State(EVP_PKEY* loaded) : key(loaded) {}
  ~State() { ::EVP_PKEY_free(key); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  EVP_PKEY* const key;
};

RsaKey::RsaKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
RsaKey::RsaKey(RsaKey&&) noexcept = default;
RsaKey& RsaKey::operator=(RsaKey&&) noexcept = default;
RsaKey::~RsaKey() = default;

Result<RsaKey> RsaKey::from_pem(std::string_view pem) {
  return from_pem(pem, "");
}

Result<RsaKey> RsaKey::from_pem(std::string_view pem, std::string_view pass_phrase) {
  if (pem.size() > kLongestPemBytes) return refused("the private key is longer than any");
  BIO* const bytes = ::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  CHECK(bytes != nullptr);  // fails for want of memory only
  PassPhrase asked{pass_phrase};
  EVP_PKEY* const loaded = ::PEM_read_bio_PrivateKey(bytes, nullptr, give_pass_phrase, &asked);
  ::BIO_free(bytes);
  if (loaded == nullptr) {
    if (!asked.was_asked) return refused("the private key is no PEM of a private key");
    return refused(pass_phrase.empty() ? "the private key is encrypted, and no pass phrase is given"
                                       : "the private key is encrypted, and the pass phrase is wrong");
  }
  auto state = std::make_unique<State>(loaded);
  if (::EVP_PKEY_get_base_id(loaded) != EVP_PKEY_RSA) return refused("the private key is not of RSA");
  if (::EVP_PKEY_get_bits(loaded) < kLeastBits) return refused("the private key has less than 2048 bits");
  return RsaKey(std::move(state));
}

RsaKey RsaKey::generate() {
  EVP_PKEY* const key = EVP_RSA_gen(static_cast<unsigned>(kLeastBits));
  CHECK(key != nullptr);  // fails for want of memory or randomness only
  return RsaKey(std::make_unique<State>(key));
}

std::string RsaKey::public_der() const {
  unsigned char* bytes = nullptr;
  const int size = ::i2d_PUBKEY(state_->key, &bytes);
  CHECK(size > 0);
  std::string der(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  ::OPENSSL_free(bytes);
  return der;
}

std::string RsaKey::sign_sha256(std::string_view message) const {
  EVP_MD_CTX* const context = ::EVP_MD_CTX_new();
  CHECK(context != nullptr);
  CHECK(::EVP_DigestSignInit(context, nullptr, ::EVP_sha256(), nullptr, state_->key) == 1);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(message.data());
  size_t size = 0;
  CHECK(::EVP_DigestSign(context, nullptr, &size, bytes, message.size()) == 1);
  std::string signature(size, '\0');
  CHECK(::EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size, bytes,
                         message.size()) == 1);
  signature.resize(size);
  ::EVP_MD_CTX_free(context);
  return signature;
}

}  // namespace rayhistory
