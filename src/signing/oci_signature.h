// Oracle Cloud Infrastructure's request signature, version 1: RSA-SHA256 over some of the headers, in the
// Authorization header, as draft-cavage-http-signatures-08 has it.
//
// All requests sign date, (request-target) and host. A POST signs its body too, by content-length,
// content-type and x-content-sha256. PutObject and UploadPart do not ("Special Instructions for Object
// Storage PUT"), so that a body need not be read before it is sent.
//
// Pure: the same request, credentials and time always give the same signature. Any thread.
// Oracle: "Request Signatures" (iaas/Content/API/Concepts/signingrequests.htm); PyPI oci: oci/signer.py.
#pragma once

#include <cstdint>
#include <string>

#include "http/client.h"
#include "signing/oci_credentials.h"

namespace rayhistory {

// The order of the parts and their names are those of Oracle's SDK, which leaves host out where a certificate
// is exchanged for a token (oci/auth/federation_client.py, AuthTokenRequestSigner).
enum class OciSignedHeaders { with_host, without_host };

// The body of a request that signs its body. An empty body has a digest too.
struct OciSignedBody {
  std::string sha256_base64;
  uint64_t size = 0;
};

// Sets date, x-content-sha256 (where the body is signed) and Authorization. A request that signs its body has
// a Content-Type already. Signing a signed request again replaces the signature.
void sign_oci(HttpRequest& request, const OciCredentials& credentials, int64_t unix_nanoseconds,
              const OciSignedBody* body = nullptr, OciSignedHeaders headers = OciSignedHeaders::with_host);

// The digest of all of a body that is in memory.
OciSignedBody oci_signed_body(std::string_view body);

}  // namespace rayhistory
