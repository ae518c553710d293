#include "credentials/issuer_request.h"

#include <utility>

#include <fmt/format.h>

namespace rayhistory {
namespace {

// A certificate or a token has a few KiB, with what is around it.
constexpr uint64_t kResponseLimitBytes = 256 * 1024;
// An issuer answers in a second. One that does not is asked again, while what is kept is still good.
constexpr Seconds kStallTimeout{20};

bool is_passing(int status) {
  return status == 408 || status == 429 || status >= 500;
}

}  // namespace

Result<std::string> ask_issuer(HttpClient& client, HttpRequest request, std::string_view whom,
                               const RefusalReader& reason_in, const Deadline& deadline) {
  request.response_limit_bytes = kResponseLimitBytes;
  request.stall_timeout = kStallTimeout;
  Result<HttpResponse> response = client.send(request, deadline);
  if (!response) {
    Error error = std::move(response).error();
    if (error.kind != ErrorKind::cancelled) error.kind = ErrorKind::retry;
    return std::move(error).in(whom);
  }
  if (response->status == 200) return std::move(response->body);
  std::string text = fmt::format("{}: status {}", whom, response->status);
  if (const std::string reason = reason_in(response->body); !reason.empty()) text += " " + reason;
  return Error{is_passing(response->status) ? ErrorKind::retry : ErrorKind::denied, std::move(text)};
}

}  // namespace rayhistory
