// The JSON of a head's answer, masked while it comes, is the same as the JSON of a stored answer, which is
// masked whole; wherever the pieces end.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <simdjson.h>

#include "base/check.h"
#include "historyserver/api/redaction.h"
#include "historyserver/live/masked_json_filter.h"

namespace {

using namespace rayhistory;
using namespace rayhistory::historyserver;

std::string filtered(std::string_view text, size_t piece) {
  MaskedJsonFilter filter;
  std::string out;
  for (size_t place = 0; place < text.size(); place += piece)
    out += filter.take(text.substr(place, piece));
  return out + filter.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string whole = filtered(text, text.size() + 1);
  CHECK(filtered(text, 1) == whole);
  CHECK(filtered(text, 7) == whole);

  simdjson::dom::parser parser;
  simdjson::dom::parser other_parser;
  simdjson::dom::element given;
  const bool is_array_or_object =
      parser.parse(text).get(given) == simdjson::SUCCESS && (given.is_array() || given.is_object());
  if (!is_array_or_object) return 0;
  simdjson::dom::element mine;
  simdjson::dom::element stored;
  CHECK(parser.parse(whole).get(mine) == simdjson::SUCCESS);
  CHECK(other_parser.parse(with_secrets_masked(text)).get(stored) == simdjson::SUCCESS);
  CHECK(simdjson::minify(mine) == simdjson::minify(stored));
  return 0;
}
