// Signs what it is told, for test_sigv4_against_botocore.py (request_lines.h). The fields, those marked * in
// hex: method, host, *path (raw), *query, *headers, *access key, *secret key, *session token, region,
// service, unix seconds, payload hash.
#include "request_lines.h"
#include "signing/aws_sigv4.h"

namespace rayhistory {
namespace {

HttpRequest signed_request(const Fields& fields) {
  HttpRequest request =
      request_of(fields[0], fields[1], encode_path(from_hex(fields[2])), fields[3], fields[4]);
  const AwsCredentials credentials{from_hex(fields[5]), from_hex(fields[6]), from_hex(fields[7])};
  const AwsSigningScope scope{fields[8], fields[9], nanoseconds_from(fields[10])};
  sign_aws_v4(request, credentials, scope, fields[11]);
  return request;
}

}  // namespace
}  // namespace rayhistory

int main() {
  rayhistory::answer_all(12, rayhistory::signed_request);
  return 0;
}
