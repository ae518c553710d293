// Signs the requests of its input, for test_oci_signature_against_sdk.py (request_lines.h). The fields, those
// marked * in hex: method, endpoint, path up to the key, *key (raw; empty: none), encoded query, *headers,
// *private key (PEM), *key ID, unix seconds, "body" or "" (whether the body is signed), *body.
#include <memory>

#include "request_lines.h"
#include "signing/oci_signature.h"

namespace rayhistory {
namespace {

HttpRequest signed_request(const Fields& fields) {
  const std::string key = from_hex(fields[3]);
  HttpRequest request =
      request_of(fields[0], fields[1], fields[2] + encode_query_component(key), "", fields[5]);
  request.url.encoded_query = fields[4];
  Result<RsaKey> rsa = RsaKey::from_pem(from_hex(fields[6]));
  CHECK(rsa.has_value());
  const OciCredentials credentials{from_hex(fields[7]), std::make_shared<const RsaKey>(*std::move(rsa))};
  const OciSignedBody body = oci_signed_body(from_hex(fields[10]));
  sign_oci(request, credentials, nanoseconds_from(fields[8]), fields[9].empty() ? nullptr : &body);
  return request;
}

}  // namespace
}  // namespace rayhistory

int main() {
  rayhistory::answer_all(11, rayhistory::signed_request);
  return 0;
}
