#include "ray/dashboard_client.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace rayhistory::collector {
namespace {

// An endpoint from the settings may hold anything; what would end a request's line, or never reach the
// dashboard, is encoded. Everything else is sent as it stands: it is a URL already.
std::string sendable(std::string_view text) {
  std::string sent;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte >= 0x7f || c == '#') {
      sent += fmt::format("%{:02X}", byte);
    } else {
      sent += c;
    }
  }
  return sent;
}

DashboardAnswer answer_of(HttpResponse&& response) {
  if (response.status == 401)
    return {Asked::refused, {}, "status 401: the dashboard wants a token that the collector has not sent"};
  if (response.status == 403)
    return {Asked::refused, {}, "status 403: the dashboard does not take the token that the collector sends"};
  if (response.status != 200) return {Asked::failed, {}, fmt::format("status {}", response.status)};
  // Nothing that Ray answers is empty: a process that ends amid its answer is.
  if (response.body.empty()) return {Asked::failed, {}, "status 200 without a body"};
  return {Asked::answered, std::move(response.body), {}};
}

}  // namespace

DashboardClient::DashboardClient(const Url& address, TokenSource token, HttpClient& http, const Clock& clock)
    : address_(address), token_(std::move(token)), http_(http), clock_(clock) {
  while (address_.encoded_path.ends_with('/'))
    address_.encoded_path.pop_back();
}

DashboardAnswer DashboardClient::get(std::string_view endpoint, const Deadline& deadline,
                                     Nanoseconds timeout) const {
  if (deadline.expired(clock_.steady_now())) return {Asked::interrupted, {}, "no time is left"};
  HttpRequest request;
  request.url = url_of(endpoint);
  request.response_limit_bytes = kAnswerLimitBytes;
  if (token_) {
    auto bearer = token_();
    if (!bearer) return {Asked::no_token, {}, std::move(bearer).error().message};
    if (*bearer) request.headers.set(kRayAuthHeader, "Bearer " + **bearer);
  }
  timeout = std::min(timeout, kRequestTimeout);
  const Deadline in_time =
      Deadline::at(std::min(deadline.time(), clock_.steady_now() + timeout), deadline.stop());
  auto response = http_.send(request, in_time);
  if (response) return answer_of(std::move(*response));
  if (deadline.expired(clock_.steady_now())) return {Asked::interrupted, {}, response.error().message};
  const Asked asked = response.error().kind == ErrorKind::retry ? Asked::unreachable : Asked::no_answer;
  return {asked, {}, std::move(response).error().message};
}

Url DashboardClient::url_of(std::string_view endpoint) const {
  Url url = address_;
  const size_t query = std::min(endpoint.find('?'), endpoint.size());
  url.encoded_path += sendable(endpoint.substr(0, query));
  url.encoded_query = query < endpoint.size() ? sendable(endpoint.substr(query + 1)) : "";
  return url;
}

}  // namespace rayhistory::collector
