// A resource principal, version 2.2: Oracle's platform hands a resource (a function, a data science job) a
// token and the key it was issued for, in environment variables, or in files that these name.
//
// PyPI oci: oci/auth/signers/ephemeral_resource_principals_signer.py.
#pragma once

#include <string>

#include "base/clock.h"
#include "credentials/oci/environment.h"

namespace rayhistory {

class OciResourcePrincipal final : public Issuer<OciCredentials> {
 public:
  explicit OciResourcePrincipal(const OciEnvironment& environment);

  // Files are read each time, as the platform renews them.
  Result<Issued<OciCredentials>> issue(const Deadline& deadline) override;
  std::string origin() const override;

 private:
  const std::string token_;
  const std::string key_;
  const std::string pass_phrase_;
  const std::string region_;
};

}  // namespace rayhistory
