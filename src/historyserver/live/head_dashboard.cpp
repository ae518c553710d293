#include "historyserver/live/head_dashboard.h"

#include <charconv>
#include <memory>
#include <stop_token>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/digest.h"
#include "base/log.h"
#include "historyserver/exchange/inert_type.h"
#include "historyserver/live/filtered_body.h"
#include "historyserver/live/forwarded_request.h"
#include "historyserver/live/secret_filters.h"

namespace rayhistory::historyserver {
namespace {

// A head is in the same cluster: it takes a connection at once, or nobody is there.
constexpr Seconds kConnectTimeout{5};
// For "who are you": the dashboard knows it without asking anybody. KubeRay waits as long.
constexpr Seconds kVersionTimeout{5};
// A head that begins to run another session is noticed as late. The frontend asks every 4 s.
constexpr RecentValuesLimits kRunning{.keys = 1024, .freshness = Seconds(5), .usable = Seconds(30)};
constexpr uint64_t kVersionLimitBytes = 64 * 1024;
// Until an answer begins. Ray's own state API gives up after 30 s.
constexpr Seconds kHeadTimeout{60};
// Without a byte of a body: a log that is followed may be silent for long; its client is watched meanwhile
// (BodyPieces::cancel).
constexpr std::chrono::hours kSilence{1};
// Answers of heads at the same time. Each may hold a thread while it waits; the rest of the server's 64 are
// for what is stored.
constexpr int kUnderWay = 48;
constexpr Seconds kTokenTimeout{10};
constexpr uint64_t kSecretLimitBytes = 4 * 1024 * 1024;  // a Secret has 1 MiB, in base64
constexpr std::string_view kRayAuthHeader = "x-ray-authorization";
constexpr std::string_view kTokenKey = "auth_token";
constexpr const char* kReadSecret = "read a cluster's Secret";

CurlOptions direct_network(const PeerRule& peers) {
  CurlOptions network;
  // A Service of a tenant can be a name for any host (ExternalName), this one included.
  network.peers = peers;
  network.connect_timeout = kConnectTimeout;
  // Never by a proxy, which would not know the cluster's names.
  return network;
}

// Of "/api/version" (Ray: dashboard/modules/version.py).
std::optional<SessionName> session_in(const std::string& body) {
  simdjson::dom::parser parser;
  std::string_view name;
  if (parser.parse(body)["session_name"].get(name) != simdjson::SUCCESS) return std::nullopt;
  return SessionName::parse(name);
}

Result<std::string> token_in(const std::string& secret) {
  simdjson::dom::parser parser;
  std::string_view encoded;
  if (parser.parse(secret)["data"][kTokenKey].get(encoded) != simdjson::SUCCESS)
    return Error{ErrorKind::not_found, fmt::format("has no key {}", kTokenKey)};
  std::optional<std::string> token = from_base64(encoded);
  if (!token || token->empty()) return Error{ErrorKind::invalid, fmt::format("its {} is empty", kTokenKey)};
  if (token->find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos)
    return Error{ErrorKind::invalid, fmt::format("its {} has a line break in it", kTokenKey)};
  return *std::move(token);
}

std::optional<uint64_t> length_of(const Headers& headers) {
  const auto text = headers.find("Content-Length");
  if (!text) return std::nullopt;
  uint64_t length = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), length);
  if (parsed.ec != std::errc{} || parsed.ptr != text->data() + text->size()) return std::nullopt;
  return length;
}

bool is_redirect(int status) {
  return status / 100 == 3 && status != 304;
}

// 204 and 304 end with their head (RFC 9110, 6.4.1).
bool has_body(int status) {
  return status != 204 && status != 304;
}

// Whether a filter of text sees all of it.
bool is_whole_text(int status, const Headers& headers) {
  const std::string_view encoding = headers.find("Content-Encoding").value_or("identity");
  return status != 206 && is_same_header(encoding, "identity");
}

}  // namespace

// One of kUnderWay.
class HeadDashboard::Place {
 public:
  explicit Place(std::atomic<int>& under_way)
      : under_way_(under_way), is_granted_(++under_way <= kUnderWay) {}
  ~Place() { --under_way_; }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

  bool is_granted() const { return is_granted_; }

 private:
  std::atomic<int>& under_way_;
  const bool is_granted_;
};

class HeadDashboard::Body final : public BodyPieces {
 public:
  Body(std::unique_ptr<HttpResponseStream> answer, std::unique_ptr<Place> place, const std::stop_token& stop)
      : place_(std::move(place)),
        answer_(std::move(answer)),
        end_with_server_(stop, [this] { end_.request_stop(); }) {}

  uint64_t most_bytes() const override { return 2 * HttpResponseStream::kPieceBytes; }
  Result<std::string> next() override { return answer_->next(Deadline::never(end_.get_token())); }
  void cancel() override { end_.request_stop(); }

 private:
  const std::unique_ptr<Place> place_;
  const std::unique_ptr<HttpResponseStream> answer_;
  std::stop_source end_;
  std::stop_callback<std::function<void()>> end_with_server_;
};

HeadDashboard::HeadDashboard(HeadDashboardOptions options, KubernetesClient& kubernetes,
                             KnownClusters& clusters, TroubleLog& trouble, const Clock& clock)
    : options_(std::move(options)),
      kubernetes_(kubernetes),
      clusters_(clusters),
      trouble_(trouble),
      clock_(clock),
      direct_(clock, direct_network(options_.peers)),
      running_(kRunning, clock) {}

Url HeadDashboard::url_of(const RayCluster& cluster, std::string_view target) const {
  const std::string& service = cluster.head_service->str();
  const std::string& name_space = cluster.place.name_space.str();
  Url url;
  if (options_.through_kubernetes) {
    url = kubernetes_.access().server;
    url.encoded_path += fmt::format("/api/v1/namespaces/{}/services/{}:dashboard/proxy", name_space, service);
  } else {
    url.scheme = Scheme::http;
    url.host = fmt::format("{}.{}.svc", service, name_space);
    url.port = cluster.dashboard_port;
  }
  const size_t mark = target.find('?');
  url.encoded_path += target.substr(0, mark);
  if (mark != std::string_view::npos) url.encoded_query = target.substr(mark + 1);
  return url;
}

Result<std::string> HeadDashboard::token_of(const RayCluster& cluster, const Deadline& deadline) {
  const std::string path = fmt::format("/api/v1/namespaces/{}/secrets/{}", cluster.place.name_space.str(),
                                       cluster.auth_secret.str());
  TRY_ASSIGN(const std::string secret, kubernetes_.get(path, {}, kSecretLimitBytes, deadline));
  auto token = token_in(secret);
  if (!token) return std::move(token).error().in("Secret " + path);
  return token;
}

Result<void> HeadDashboard::sign_in(const RayCluster& known, Headers& headers, const Deadline& deadline) {
  if (options_.through_kubernetes) {
    TRY_ASSIGN(const std::optional<std::string> authorization, kubernetes_.access().authorization());
    if (authorization) headers.set("Authorization", *authorization);
  }
  if (!options_.token_mode) return {};
  // Both read anew: a cluster that asks for a token since a second ago, and a token that is new.
  TRY_ASSIGN(const RayCluster cluster, clusters_.read(known.place, deadline));
  switch (cluster.auth_mode) {
    case RayAuthMode::none:
      return {};
    case RayAuthMode::kubernetes_token:
      return Error{ErrorKind::unsupported,
                   "The cluster takes each user's own Kubernetes token (enableK8sTokenAuth), which the "
                   "History Server does not have: this is not supported."};
    case RayAuthMode::token:
      break;
  }
  Result<std::string> token = token_of(cluster, deadline);
  if (!token) {
    trouble_.failed(kReadSecret, token.error());
    return std::move(token).error();
  }
  trouble_.went_well(kReadSecret);
  headers.set(kRayAuthHeader, "Bearer " + *token);
  return {};
}

HeadDashboard::Running HeadDashboard::running(const RayCluster& cluster, const std::stop_token& stop) {
  if (!cluster.head_service) return {};
  const std::string key = url_of(cluster, "").str();
  return running_.get(key, [&](const std::optional<Running>&) { return ask_session(cluster, stop); });
}

HeadDashboard::Running HeadDashboard::ask_session(const RayCluster& cluster, const std::stop_token& stop) {
  const Deadline deadline = Deadline::after(clock_, kVersionTimeout, stop);
  HttpRequest request;
  request.url = url_of(cluster, "/api/version");
  request.response_limit_bytes = kVersionLimitBytes;
  // Whoever it runs for: without a token it says nothing, and then it is asked for what it runs by others.
  if (const Result<void> signed_in = sign_in(cluster, request.headers, deadline); !signed_in) return {};
  const auto response = http().send(request, deadline);
  if (!response) {
    log_debug("a head does not answer",
              {{"cluster", cluster.place.cluster.str()}, {"error", response.error().message}});
    return {};
  }
  // An API server that finds no head behind a service says so itself.
  const bool is_nobody_there = response->status == 502 || response->status == 503 || response->status == 504;
  if (is_nobody_there || (options_.through_kubernetes && response->status == 404)) return {};
  return {true, response->status == 200 ? session_in(response->body) : std::nullopt};
}

Response HeadDashboard::ask(const RayCluster& cluster, const WebRequest& request, std::string_view target,
                            const std::stop_token& stop) {
  if (const Result<void> path = check_forwarded_path(target.substr(0, target.find('?'))); !path)
    return text_response(path.error().kind == ErrorKind::unsupported ? 405 : 400, path.error().message);
  if (!cluster.head_service) return text_response(400, "RayCluster head service not ready");
  auto place = std::make_unique<Place>(under_way_);
  if (!place->is_granted()) {
    Response response = text_response(503, "Too many wait for running clusters; ask again.");
    response.headers.emplace_back("Retry-After", "1");
    return response;
  }

  HttpRequest forwarded;
  forwarded.method = request.method == Method::head ? HttpMethod::head : HttpMethod::get;
  forwarded.url = url_of(cluster, target);
  forwarded.stall_timeout = kSilence;
  forwarded.headers =
      forwarded_headers(request, options_.token_mode ? RayToken::withhold : RayToken::pass_on);
  if (const Result<void> signed_in =
          sign_in(cluster, forwarded.headers, Deadline::after(clock_, kTokenTimeout, stop));
      !signed_in) {
    return text_response(500, signed_in.error().message);
  }

  auto answer = http().open(std::move(forwarded), Deadline::after(clock_, kHeadTimeout, stop));
  if (!answer) {
    log_warning(
        "a head cannot be asked",
        {{"cluster", fmt::format("{}/{}", cluster.place.name_space.str(), cluster.place.cluster.str())},
         {"error", answer.error().message}});
    const int status = answer.error().kind == ErrorKind::cancelled ? 504 : 502;
    return text_response(
        status, fmt::format("The cluster's dashboard cannot be reached: {}", answer.error().message));
  }
  const int status = (*answer)->status();
  if (status < 200 || status > 599) {
    return text_response(
        502, fmt::format(
                 "The cluster's dashboard answers with the status {}, and an answer has one of 200 to 599.",
                 status));
  }
  if (is_redirect(status)) {
    return text_response(502, fmt::format("The cluster's dashboard answers with a redirect ({}), which the "
                                          "History Server does not pass on.",
                                          status));
  }
  const Headers& headers = (*answer)->headers();
  const std::string_view type = headers.find("Content-Type").value_or("application/octet-stream");
  std::unique_ptr<TextFilter> filter = secret_filter_of(target, type);
  if (filter && !is_whole_text(status, headers)) {
    return text_response(
        502,
        "The cluster's dashboard answers with a part of a text, or with a compressed one. Secrets in "
        "it cannot be hidden, so it is not passed on. Ask without the header Range.");
  }
  const std::optional<uint64_t> length = length_of(headers);
  Response response;
  response.status = status;
  response.content_type = inert_type(type);
  response.headers = returned_headers(headers);
  if (!has_body(status)) return response;
  response.pieces = std::make_unique<Body>(*std::move(answer), std::move(place), stop);
  if (filter) {
    response.pieces = filtered_body(std::move(response.pieces), std::move(filter));
  } else {
    response.pieces_size = length;
  }
  return response;
}

}  // namespace rayhistory::historyserver
