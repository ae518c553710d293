// An RSA private key, over OpenSSL: what a service account signs with.
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
  RsaKey(RsaKey&&) noexcept;
  RsaKey& operator=(RsaKey&&) noexcept;
  ~RsaKey();

  std::string sign_sha256(std::string_view message) const;

 private:
  struct State;
  explicit RsaKey(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace rayhistory
