#include "credentials/oci/oci_issuer_request.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "credentials/issuer_request.h"
#include "credentials/oci/token.h"

namespace rayhistory {
namespace {

// A reply explains itself in a sentence or two; a proxy's page must not fill the log. With the blank before
// it, 300.
constexpr size_t kReasonBytes = 299;

// On one line; empty where the body is no error of Oracle's.
std::string reason_in(const std::string& body) {
  const std::optional<OciErrorResponse> told = read_oci_error(body);
  if (!told) return {};
  std::string reason = fmt::format("{}: {}", told->code, told->message);
  reason.resize(std::min(reason.size(), kReasonBytes));
  std::replace_if(
      reason.begin(), reason.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return reason;
}

}  // namespace

Result<std::string> ask_oci_issuer(HttpClient& client, HttpRequest request, std::string_view whom,
                                   const Deadline& deadline) {
  return ask_issuer(client, std::move(request), whom, reason_in, deadline);
}

}  // namespace rayhistory
