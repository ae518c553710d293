#include "credentials/oci_issuer_request.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "credentials/oci_token.h"

namespace rayhistory {
namespace {

// A certificate or a token has a few KiB.
constexpr uint64_t kReplyLimitBytes = 256 * 1024;
// An issuer answers in a second. One that does not is asked again, while what is kept is still good.
constexpr Seconds kStallTimeout{20};
// A reply explains itself in a sentence or two; a proxy's page must not fill the log.
constexpr size_t kShownMessageBytes = 300;

bool is_passing(int status) {
  return status == 408 || status == 429 || status >= 500;
}

std::string on_one_line(std::string text) {
  text.resize(std::min(text.size(), kShownMessageBytes));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }, ' ');
  return text;
}

}  // namespace

Result<std::string> ask_oci_issuer(HttpClient& client, HttpRequest request, std::string_view whom,
                                   const Deadline& deadline) {
  request.response_limit_bytes = kReplyLimitBytes;
  request.stall_timeout = kStallTimeout;
  Result<HttpResponse> response = client.send(request, deadline);
  if (!response) {
    Error error = std::move(response).error();
    // Issuing twice does no harm.
    if (error.kind != ErrorKind::cancelled) error.kind = ErrorKind::retry;
    return std::move(error).in(whom);
  }
  if (response->status == 200) return std::move(response->body);
  std::string text = fmt::format("{}: status {}", whom, response->status);
  if (const std::optional<OciErrorReply> told = read_oci_error(response->body))
    text += on_one_line(fmt::format(" {}: {}", told->code, told->message));
  return Error{is_passing(response->status) ? ErrorKind::retry : ErrorKind::denied, std::move(text)};
}

}  // namespace rayhistory
