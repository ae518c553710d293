#include "historyserver/web/security_headers.h"

#include <algorithm>

#include "historyserver/exchange/web_request.h"

namespace rayhistory::historyserver {
namespace {

// Ray's dashboard sets styles from its scripts, embeds Grafana's panels, and shows pictures and fonts from
// data.
constexpr std::string_view kPagePolicy =
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; worker-src 'self' blob:; frame-src http: https:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'";
constexpr std::string_view kContentPolicy =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

void add_if_missing(Response& response, std::string_view name, std::string_view value) {
  const bool is_there =
      std::any_of(response.headers.begin(), response.headers.end(),
                  [name](const auto& header) { return is_same_header(header.first, name); });
  if (!is_there) response.headers.emplace_back(name, value);
}

}  // namespace

void add_security_headers(Response& response) {
  const bool is_page = response.content_type.starts_with("text/html");
  add_if_missing(response, "Content-Security-Policy", is_page ? kPagePolicy : kContentPolicy);
  add_if_missing(response, "X-Frame-Options", "SAMEORIGIN");
  add_if_missing(response, "Cross-Origin-Resource-Policy", "same-origin");
  add_if_missing(response, "Referrer-Policy", "same-origin");
}

}  // namespace rayhistory::historyserver
