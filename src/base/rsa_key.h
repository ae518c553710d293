// An RSA private key, over OpenSSL: what a service account, or a user of Oracle's cloud, signs with.
//
// The one signature there is: RSASSA-PKCS1-v1_5 with SHA-256, which JSON Web Algorithms call RS256 (RFC 7518,
// section 3.3). Any thread may sign with the same key.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rayhistory {

class RsaKey {
 public:
  // PEM, PKCS #8 or PKCS #1, without a password. `invalid` says what is wrong and shows nothing of it.
  static Result<RsaKey> from_pem(std::string_view pem);
  // The same, or a PEM that `pass_phrase` decrypts. A key without one is read whatever the pass phrase is.
  // `invalid` tells apart a pass phrase that is missing and one that is wrong.
  static Result<RsaKey> from_pem(std::string_view pem, std::string_view pass_phrase);
  // A new one of 2048 bits, for a session that ends with its token.
  static RsaKey generate();
  RsaKey(RsaKey&&) noexcept;
  RsaKey& operator=(RsaKey&&) noexcept;
  ~RsaKey();

  std::string sign_sha256(std::string_view message) const;
  // SubjectPublicKeyInfo (RFC 5280, section 4.1), DER.
  std::string public_der() const;

 private:
  struct State;
  explicit RsaKey(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace rayhistory
