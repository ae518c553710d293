// Signs what it is told, for test_oss_v4_against_sdk.py (request_lines.h). The fields, those marked * in hex:
// method, endpoint, bucket, *key (raw), *query, *headers, *access key, *secret key, *session token, region,
// unix seconds.
#include "request_lines.h"
#include "signing/oss_v4.h"

namespace rayhistory {
namespace {

HttpRequest signed_request(const Fields& fields) {
  const std::string key = from_hex(fields[3]);
  HttpRequest request = request_of(fields[0], fields[1], "/" + encode_path(key), fields[4], fields[5]);
  const AwsCredentials credentials{from_hex(fields[6]), from_hex(fields[7]), from_hex(fields[8])};
  const OssSigningScope scope{fields[9], nanoseconds_from(fields[10])};
  sign_oss_v4(request, credentials, scope, {fields[2], key});
  return request;
}

}  // namespace
}  // namespace rayhistory

int main() {
  rayhistory::answer_all(11, rayhistory::signed_request);
  return 0;
}
