// A profile of the config file: a user's API key, or the token of a session that `oci session authenticate`
// has begun.
//
// The file, the key and the token are read each time, since a Secret that is mounted, and a session that is
// refreshed, are written again. Oracle: "SDK and CLI Configuration File", "Token-based Authentication for the
// CLI".
#pragma once

#include <string>

#include "base/clock.h"
#include "credentials/oci/environment.h"

namespace rayhistory {

enum class OciProfileUse {
  key_or_token,  // the token where the profile names one, and no user
  key,
  token,
};

class OciProfileIssuer final : public Issuer<OciCredentials> {
 public:
  OciProfileIssuer(const OciEnvironment& environment, OciProfileUse use);

  // `denied` names the file, the profile and what it lacks.
  Result<Issued<OciCredentials>> issue(const Deadline& deadline) override;
  std::string origin() const override;

 private:
  const std::string file_;
  const std::string profile_;
  const std::string home_;
  const OciProfileUse use_;
};

// The key in a file's content, with its pass phrase. `denied` says what to do about one that cannot be read;
// `file` is where the key is, and `setting` where its pass phrase would be.
Result<RsaKey> read_oci_key(std::string_view pem, std::string_view pass_phrase, std::string_view file,
                            std::string_view setting);

}  // namespace rayhistory
