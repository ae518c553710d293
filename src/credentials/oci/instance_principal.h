// An instance principal: a machine of Oracle's cloud has a certificate, which the instance metadata service
// hands out, and the region's authentication service exchanges it for a token.
//
// The certificate and its key are read each time, as they are replaced several times a day. The key of the
// token is new each time too, and never leaves this process. PyPI oci:
// oci/auth/signers/instance_principals_security_token_signer.py and oci/auth/federation_client.py.
// Oracle: "Calling Services from an Instance".
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "credentials/oci/environment.h"
#include "credentials/oci/region.h"
#include "http/client.h"

namespace rayhistory {

class OciInstancePrincipal final : public Issuer<OciCredentials> {
 public:
  // `clock` must outlive it.
  OciInstancePrincipal(const OciEnvironment& environment, std::unique_ptr<HttpClient> client,
                       const Clock& clock);

  Result<Issued<OciCredentials>> issue(const Deadline& deadline) override;
  std::string origin() const override;

 private:
  Result<std::string> ask_metadata(std::string_view path, const Deadline& deadline);
  Result<OciRegion> region(const Deadline& deadline);

  const std::string metadata_url_;
  const std::string auth_url_;
  const std::string default_realm_domain_;
  const std::unique_ptr<HttpClient> client_;
  const Clock& clock_;
};

}  // namespace rayhistory
