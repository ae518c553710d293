#include "credentials/google_token_request.h"

#include <utility>

#include <fmt/format.h>

#include "credentials/google_token_reply.h"

namespace rayhistory {
namespace {

// Tokens are below 4 KiB, with what is around them.
constexpr uint64_t kReplyLimitBytes = 256 * 1024;
// A token service answers in a second. One that does not is asked again, while what is kept is still good.
constexpr Seconds kStallTimeout{20};

bool is_passing(int status) {
  return status == 408 || status == 429 || status >= 500;
}

}  // namespace

Result<std::string> ask_token_service(HttpClient& client, HttpRequest request, std::string_view whom,
                                      const Deadline& deadline) {
  request.response_limit_bytes = kReplyLimitBytes;
  request.stall_timeout = kStallTimeout;
  Result<HttpResponse> response = client.send(request, deadline);
  if (!response) {
    Error error = std::move(response).error();
    if (error.kind != ErrorKind::cancelled) error.kind = ErrorKind::retry;
    return std::move(error).in(whom);
  }
  if (response->status == 200) return std::move(response->body);
  std::string text = fmt::format("{}: status {}", whom, response->status);
  const std::string refusal = read_token_refusal(response->body);
  if (!refusal.empty()) text += " " + refusal;
  return Error{is_passing(response->status) ? ErrorKind::retry : ErrorKind::denied, std::move(text)};
}

Result<std::string> post_token_form(HttpClient& client, const Url& url, const QueryParameters& form,
                                    Headers headers, const Deadline& deadline) {
  const MemoryBody body(encode_query(form));
  HttpRequest request;
  request.method = HttpMethod::post;
  request.url = url;
  request.headers = std::move(headers);
  request.headers.set("Content-Type", "application/x-www-form-urlencoded");
  request.body = &body;
  return ask_token_service(client, std::move(request), "token endpoint " + url.origin(), deadline);
}

Error no_token_in_reply(std::string_view whom) {
  return Error{ErrorKind::retry, fmt::format("{}: its answer holds no token", whom)};
}

}  // namespace rayhistory
