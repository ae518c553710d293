// Whatever a token service, or what stands in its place, answers is a token or none. A token can be put into
// a header, and a refusal's text is one short line.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "credentials/azure/token_response.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rayhistory;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  constexpr int64_t kNow = 1'795'400'840'000'000'000;
  if (const auto issued = read_azure_token(body, kNow)) {
    CHECK(!issued->credentials.value.empty() && issued->expires_unix_nanoseconds >= 0);
    for (const char c : issued->credentials.value)
      CHECK(c > ' ' && c < 0x7f);
  }
  const std::string refusal = read_azure_token_refusal(body);
  CHECK(refusal.size() <= 300 && refusal.find_first_of("\r\n") == std::string::npos);
  return 0;
}
