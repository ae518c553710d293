// Whatever a token service (AWS's or Alibaba Cloud's), a metadata server or a credential process answers is
// keys or none, and what is shown of a refusal is one short line.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "credentials/alibaba/oidc_role.h"
#include "credentials/aws/key_response.h"
#include "credentials/aws/token_service.h"

namespace rayhistory {
namespace {

void check_keys(const std::optional<Issued<AwsCredentials>>& issued) {
  CHECK(!issued ||
        (!issued->credentials.access_key_id.empty() && !issued->credentials.secret_access_key.empty()));
}

void check_shown(std::string_view text) {
  CHECK(text.size() <= 300 && text.find_first_of("\r\n") == std::string_view::npos);
}

}  // namespace
}  // namespace rayhistory

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rayhistory;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  check_keys(read_aws_key_response(body));
  check_keys(read_aws_process_output(body));
  check_keys(read_alibaba_token_response(body));
  check_shown(read_aws_key_refusal(body));
  const auto issued = read_token_service_credentials(body);
  check_keys(issued);
  if (const auto refusal = read_token_service_refusal(body)) {
    CHECK(!issued && !refusal->code.empty());
    check_shown(refusal->code);
    check_shown(refusal->message);
  }
  return 0;
}
