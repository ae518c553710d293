// A URL that parses is written and read again as the same; what is decoded, encodes to what decodes to the
// same.
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "http/url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rayhistory;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const Scheme scheme : {Scheme::http, Scheme::https}) {
    const Result<Url> url = parse_url(text, scheme);
    if (!url) continue;
    CHECK(url->encoded_path.starts_with('/'));
    const std::string written = url->str();
    CHECK(written.find('\n') == std::string::npos && written.find('\r') == std::string::npos);
    const Result<Url> again = parse_url(written, scheme);
    CHECK(again.has_value());
    CHECK(again->str() == written);
    CHECK(again->host == url->host);
    CHECK(again->host_header() == url->host_header());
  }
  CHECK(*decode_percent(encode_path(text)) == text);
  CHECK(*decode_percent(encode_query_component(text)) == text);
  if (const Result<std::string> raw = decode_percent(text); raw) {
    CHECK(*decode_percent(encode_path(*raw)) == *raw);
  }
  return 0;
}
