#include "historyserver/exchange/inert_type.h"

#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {
namespace {

// SVG has scripts, too: they do not run where it is an image in a page, and the Content-Security-Policy of
// all answers that are not pages (web/security_headers.h) keeps them from running where it is opened by
// itself.
constexpr std::array<std::string_view, 14> kInert = {
    "application/gzip",     "application/json", "application/octet-stream",
    "application/x-ndjson", "application/zip",  "image/gif",
    "image/jpeg",           "image/png",        "image/svg+xml",
    "image/webp",           "image/x-icon",     "text/csv",
    "text/event-stream",    "text/plain"};
// Another one could make text mean something else to the browser.
constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kUtf8 = "charset=utf-8";

}  // namespace

std::string inert_type(std::string_view given) {
  const size_t end = std::min(given.find(';'), given.size());
  const std::string type = lower_case(trimmed(given.substr(0, end), kBlanks));
  if (std::find(kInert.begin(), kInert.end(), type) == kInert.end()) return std::string(kPlainText);
  const bool is_utf8 = end < given.size() && lower_case(trimmed(given.substr(end + 1), kBlanks)) == kUtf8;
  const bool needs_charset = type.starts_with("text/");
  return is_utf8 || needs_charset ? type + "; " + std::string(kUtf8) : type;
}

}  // namespace rayhistory::historyserver
