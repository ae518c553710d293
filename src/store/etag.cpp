#include "store/etag.h"

namespace rayhistory {

std::string without_quotes(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

std::string with_quotes(std::string_view etag) {
  return "\"" + std::string(etag) + "\"";
}

}  // namespace rayhistory
