// Whatever stands in AZURE_STORAGE_CONNECTION_STRING is taken apart or refused. What was taken can be put
// into a request, and a refusal shows no value.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "credentials/azure/connection_string.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rayhistory;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parts = parse_azure_connection_string(text);
  if (!parts) {
    CHECK(parts.error().kind == ErrorKind::invalid);
    constexpr size_t kLongestOwnText = 300;
    CHECK(parts.error().message.size() < kLongestOwnText);
    return 0;
  }
  CHECK(!parts->blob_endpoint.host.empty() && parts->blob_endpoint.encoded_query.empty());
  CHECK(!parts->blob_endpoint.encoded_path.ends_with('/'));
  if (const auto* key = std::get_if<AzureAccountKey>(&parts->credentials)) {
    CHECK(!key->account.empty() && !key->key.empty());
  } else {
    for (const char c : std::get<AzureSharedAccessSignature>(parts->credentials).encoded_query)
      CHECK(c > ' ' && c < 0x7f && c != '#');
  }
  return 0;
}
