#include "credentials/azure/token_exchange.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "credentials/azure/token_response.h"

namespace rayhistory {
namespace {

// Token services answer within a second or two; the metadata service of a busy machine within some more.
constexpr Seconds kStallTimeout{20};
// A service that asks for more is not obeyed to the letter: it may be back long before.
constexpr int64_t kRetryAfterLimitSeconds = 300;

std::optional<Nanoseconds> retry_after_of(const Headers& headers) {
  const std::string_view text = headers.find("Retry-After").value_or("");
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || seconds < 0)
    return std::nullopt;
  return Seconds(std::min(seconds, kRetryAfterLimitSeconds));
}

// 404 and 410: the metadata service while it is being updated
// (https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token).
bool is_passing(int status) {
  return status == 404 || status == 408 || status == 410 || status == 429 || status >= 500;
}

}  // namespace

Result<Issued<AccessToken>> exchange_for_azure_token(HttpClient& client, HttpRequest& request,
                                                     const Clock& clock, const Deadline& deadline) {
  request.response_limit_bytes = kAzureTokenResponseLimitBytes;
  request.stall_timeout = kStallTimeout;
  const int64_t asked_at = clock.unix_nanoseconds();
  Result<HttpResponse> response = client.send(request, deadline);
  if (!response) {
    Error error = std::move(response).error();
    if (error.kind == ErrorKind::unknown_outcome) error.kind = ErrorKind::retry;
    return error;
  }
  if (response->status == 200) {
    if (std::optional<Issued<AccessToken>> issued = read_azure_token(response->body, asked_at))
      return *std::move(issued);
    return Error{ErrorKind::retry, fmt::format("{} answered without a token", request.url.origin())};
  }
  std::string refusal = read_azure_token_refusal(response->body);
  if (refusal.empty()) refusal = "no reason given";
  return Error{is_passing(response->status) ? ErrorKind::retry : ErrorKind::denied,
               fmt::format("{} answered {}: {}", request.url.origin(), response->status, refusal),
               retry_after_of(response->headers)};
}

}  // namespace rayhistory
