// Signs what it is told, for test_azure_shared_key.py (request_lines.h). The fields, those marked * in hex:
// method, origin, *path (raw), *query, *headers, account, *key, unix seconds, size of the body.
#include "http/body.h"
#include "request_lines.h"
#include "signing/azure_shared_key.h"

namespace rayhistory {
namespace {

HttpRequest signed_request(const Fields& fields) {
  HttpRequest request =
      request_of(fields[0], fields[1], encode_path(from_hex(fields[2])), fields[3], fields[4]);
  const MemoryBody body(std::string(std::stoul(fields[8]), 'x'));
  request.body = &body;
  sign_azure_shared_key(request, {fields[5], from_hex(fields[6])}, nanoseconds_from(fields[7]));
  request.body = nullptr;
  return request;
}

}  // namespace
}  // namespace rayhistory

int main() {
  rayhistory::answer_all(9, rayhistory::signed_request);
  return 0;
}
