// An X.509 certificate (RFC 5280), over OpenSSL: a machine of Oracle's cloud shows one of itself. It is read
// and not verified, which the service does that it is shown to. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rayhistory {

struct X509Certificate {
  // The values of the subject's names, in their order, as UTF-8.
  std::vector<std::string> subject_values;
  std::string der;
  // SHA-1 of the DER, "0A:1B:…".
  std::string sha1_fingerprint;
};

// The first certificate of a PEM. `invalid` where there is none.
Result<X509Certificate> read_x509_certificate(std::string_view pem);

}  // namespace rayhistory
