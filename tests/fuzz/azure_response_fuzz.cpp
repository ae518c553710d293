// Whatever a server, or a proxy before it, sends as XML is read or refused, and nothing else. A page that was
// read has keys, and an error's text is one line.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "store/azure/responses.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rayhistory;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto error = read_azure_error(body);
  if (error) {
    CHECK(error->message.find_first_of("\r\n") == std::string::npos);
    CHECK(error->detail.find_first_of("\r\n") == std::string::npos);
  }
  const auto page = read_azure_blobs(body);
  if (page) {
    CHECK(!error.has_value());
    for (const ListedObject& listed : page->objects)
      CHECK(!listed.key.empty());
  }
  const auto policy = read_azure_soft_delete(body);
  CHECK(!policy || (!page && !error));
  return 0;
}
