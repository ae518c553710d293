#include "historyserver/live/kubernetes_client.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/log.h"

namespace rayhistory::historyserver {
namespace {

// An API server that is there answers in milliseconds; one that lists thousands of objects begins to answer
// within a few seconds.
constexpr Seconds kStallTimeout{10};
// A watch without changes gets a bookmark each minute (Kubernetes: apiserver/pkg/storage/cacher).
constexpr Seconds kWatchStallTimeout{90};
// It is near: whoever asks for what is stored waits as long for one that does not answer at all.
constexpr Seconds kConnectTimeout{3};
constexpr size_t kShownBytes = 300;  // of what Kubernetes says against it

// Of a Status object (Kubernetes: apimachinery/pkg/apis/meta/v1/types.go); empty where it is none.
std::string message_of(const std::string& body) {
  simdjson::dom::parser parser;
  std::string_view message;
  if (parser.parse(body)["message"].get(message) != simdjson::SUCCESS) return {};
  return std::string(message.substr(0, kShownBytes));
}

ErrorKind kind_of_status(int status) {
  if (status == 404 || status == 410) return ErrorKind::not_found;
  if (status == 401 || status == 403) return ErrorKind::denied;
  if (status == 429 || status >= 500) return ErrorKind::retry;
  return ErrorKind::invalid;
}

CurlOptions network_of(const KubernetesAccess& access) {
  CurlOptions network = access.network;
  network.connect_timeout = kConnectTimeout;
  return network;
}

}  // namespace

KubernetesClient::KubernetesClient(KubernetesAccess access, KubernetesRate rate, const Clock& clock)
    : access_(std::move(access)), rate_(rate), clock_(clock), http_(clock, network_of(access_)) {}

Result<void> KubernetesClient::wait_for_turn(const Deadline& deadline) {
  const Nanoseconds each = Nanoseconds(Seconds(1)) / rate_.per_second;
  Nanoseconds wait{};
  {
    const std::lock_guard lock(mutex_);
    const SteadyTime now = clock_.steady_now();
    used_until_ = std::max(used_until_, now - each * rate_.burst) + each;
    wait = used_until_ - now;
  }
  if (wait <= Nanoseconds::zero()) return {};
  const Nanoseconds granted = deadline.remaining(clock_.steady_now(), wait);
  if (clock_.sleep_for(granted, deadline.stop()) && granted == wait) return {};
  return Error{ErrorKind::cancelled, "too many questions to Kubernetes at once (--kube-api-qps)"};
}

Result<HttpRequest> KubernetesClient::request_for(std::string_view path, const QueryParameters& query) const {
  HttpRequest request;
  request.url = access_.server;
  request.url.encoded_path += path;
  request.url.encoded_query = encode_query(query);
  request.headers.set("Accept", "application/json");
  TRY_ASSIGN(const std::optional<std::string> authorization, access_.authorization());
  if (authorization) request.headers.set("Authorization", *authorization);
  return request;
}

Result<HttpResponse> KubernetesClient::send(const HttpRequest& request, const Deadline& deadline) {
  TRY(wait_for_turn(deadline));
  auto response = http_.send(request, deadline);
  if (response) return response;
  Error error = std::move(response).error();
  // A question changes nothing: it may be asked again.
  if (error.kind == ErrorKind::unknown_outcome) error.kind = ErrorKind::retry;
  return std::move(error).in("Kubernetes");
}

Error KubernetesClient::refusal(std::string_view path, const HttpResponse& response) const {
  const std::string message = message_of(response.body);
  return Error{kind_of_status(response.status),
               fmt::format("Kubernetes ({}): GET {}: {}{}{}", access_.origin, path, response.status,
                           message.empty() ? "" : ": ", message)};
}

Result<std::string> KubernetesClient::get(std::string_view path, const QueryParameters& query,
                                          uint64_t limit_bytes, const Deadline& deadline) {
  TRY_ASSIGN(HttpRequest request, request_for(path, query));
  request.response_limit_bytes = limit_bytes;
  request.stall_timeout = kStallTimeout;
  TRY_ASSIGN(HttpResponse response, send(request, deadline));
  if (response.status != 200) return refusal(path, response);
  return std::move(response.body);
}

Result<void> KubernetesClient::watch(std::string_view path, const QueryParameters& query,
                                     uint64_t limit_bytes,
                                     const std::function<Result<void>(std::string_view line)>& on_line,
                                     const Deadline& deadline) {
  TRY_ASSIGN(HttpRequest request, request_for(path, query));
  request.stall_timeout = kWatchStallTimeout;
  std::string rest;  // of the last line that came
  request.on_body = [&](const HttpResponse&, std::string_view piece) -> Result<void> {
    rest += piece;
    size_t begin = 0;
    for (size_t end = rest.find('\n'); end != std::string::npos; end = rest.find('\n', begin)) {
      const std::string_view line = std::string_view(rest).substr(begin, end - begin);
      if (!line.empty()) TRY(on_line(line));
      begin = end + 1;
    }
    rest.erase(0, begin);
    if (rest.size() > limit_bytes) {
      return Error{ErrorKind::invalid,
                   fmt::format("Kubernetes: a change of more than {} bytes", limit_bytes)};
    }
    return {};
  };
  TRY_ASSIGN(const HttpResponse response, send(request, deadline));
  if (response.status != 200) return refusal(path, response);
  return {};
}

void TroubleLog::failed(const std::string& what, const Error& error) {
  failed(what, error, "Kubernetes cannot be asked: what is stored is shown all the same");
}

void TroubleLog::failed(const std::string& what, const Error& error, std::string_view message) {
  const std::lock_guard lock(mutex_);
  if (!failing_.insert(what).second) return;
  log_warning(message, {{"what", what}, {"error", error.message}});
}

void TroubleLog::went_well(const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (failing_.erase(what) > 0) log_info("Kubernetes answers again", {{"what", what}});
}

}  // namespace rayhistory::historyserver
