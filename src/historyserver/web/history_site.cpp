#include "historyserver/web/history_site.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/json_text.h"
#include "base/log.h"
#include "base/xml.h"
#include "historyserver/exchange/percent.h"
#include "historyserver/web/base_path.h"
#include "historyserver/web/clusters_answer.h"
#include "historyserver/web/request_gate.h"
#include "historyserver/web/security_headers.h"
#include "historyserver/web/session_cookies.h"
#include "historyserver/web/session_page.h"

namespace rayhistory::historyserver {
namespace {

constexpr int kNotFound = 404;
constexpr int kGone = 410;
constexpr std::string_view kEnter = "/enter_cluster/";
constexpr std::string_view kNoFiles = "The dashboard's files are not here: see --dashboard-dir.";

Response ok() {
  return text_response(200, "ok");
}

// The store's errors: whose fault it is, and whether to ask again.
Response failed(const Error& error) {
  log_warning("not answered", {{"error", error.message}});
  if (error.kind == ErrorKind::no_space) return text_response(503, error.message);
  const int status = error.kind == ErrorKind::cancelled ? 504 : 502;
  return text_response(status, fmt::format("The store cannot be read: {}", error.message));
}

// Kubernetes' errors, where nothing is stored that could be shown instead.
Response unknown(const Error& error) {
  return text_response(
      502, fmt::format("Nothing is stored of this, and whether it runs is not known: {}", error.message));
}

// Ray's dashboard gives each request that it passes on a content type, also a GET, which has no content.
// Browsers and the clients of HTTP do not.
bool is_by_rays_dashboard(const WebRequest& request) {
  return !request.header("Content-Type").empty();
}

bool is_by_person(const WebRequest& request) {
  return request.header("Accept").find("text/html") != std::string_view::npos;
}

Response gone(const SessionAddress& address) {
  return text_response(
      kGone, fmt::format("Session {} of {} is not in the store. /select_cluster shows what there is.",
                         address.session.str(), address.cluster()));
}

// What is not there, for a person: with a way to what is. Relative, for a proxy before us may have a path of
// its own.
Response as_page(const WebRequest& request, Response missing) {
  std::string up;
  for (auto slashes = std::count(request.path().begin(), request.path().end(), '/'); slashes > 1; --slashes)
    up += "../";
  missing.body = fmt::format(
      "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>It is not here</title>"
      "<p>{}</p><p><a href=\"{}select_cluster\">All sessions</a></p></html>",
      escape_xml(missing.body), up);
  missing.content_type = "text/html; charset=utf-8";
  return missing;
}

// 403, as KubeRay's History Server answers it since 1.7.1.
Response live_refused() {
  return text_response(
      403,
      "The session \"live\" is a running cluster's own dashboard, which this History Server does "
      "not pass on: it runs without --enable-live-clusters, or outside of Kubernetes. "
      "/select_cluster shows what is stored, running sessions included.");
}

// A running cluster's pages are as its head has them.
constexpr std::string_view kPageScript = "/api/history/page.js";
Response no_script() {
  Response response = text_response(200, {});
  response.content_type = "text/javascript; charset=utf-8";
  return response;
}

// Behind a proxy that ends TLS. A client that lies about it only makes its own browser stricter.
CookieTransport transport_of(const WebRequest& request) {
  return request.header("X-Forwarded-Proto") == "https" ? CookieTransport::https_only : CookieTransport::any;
}

Response entered(const WebRequest& request, const ClusterPlace& place, const std::string& session) {
  Response response;
  response.body = fmt::format(R"({{"name":"{}","namespace":"{}","result":"success","session":"{}"}})",
                              place.cluster.str(), place.name_space.str(), session);
  response.headers = set_session_cookies(place, session, transport_of(request));
  return response;
}

void renew_cookies(const WebRequest& request, Response& response, const ClusterPlace& place,
                   const std::string& session) {
  for (auto& header : set_session_cookies(place, session, transport_of(request)))
    response.headers.push_back(std::move(header));
}

Response redirect(std::string location) {
  Response response = text_response(307, {});
  response.headers.emplace_back("Location", std::move(location));
  return response;
}

}  // namespace

HistorySite::HistorySite(const SessionIndex& index, SessionCache& cache, DashboardFiles files,
                         AnswerSession answer_session, AllowedHosts hosts, const LiveClusters* live)
    : index_(index),
      cache_(cache),
      files_(std::move(files)),
      answer_session_(std::move(answer_session)),
      hosts_(std::move(hosts)),
      live_(live) {}

std::optional<Response> HistorySite::answer_at_once(const WebRequest& request) const {
  const std::string_view path = request.path();
  if (path == "/livez" || path == "/readyz" || path == "/readz") return ok();
  return std::nullopt;
}

Response HistorySite::answer(const WebRequest& request) const {
  std::optional<Response> refused = refuse_at_gate(request, hosts_);
  Response response = refused ? *std::move(refused) : answer_as_gone(request);
  if (response.status == kGone) {
    // The answer of a running cluster comes piece by piece, and stays as it is.
    if (is_by_person(request) && !response.pieces) response = as_page(request, std::move(response));
    if (!is_by_rays_dashboard(request)) response.status = kNotFound;
  }
  add_security_headers(response);
  return response;
}

Response HistorySite::answer_as_gone(const WebRequest& request) const {
  const std::string_view path = request.path();
  if (path == "/clusters" || path == "/clusters/") return clusters();
  if (auto file = session_page(path)) return *std::move(file);
  if (path.starts_with(kEnter)) return enter(request, path.substr(kEnter.size()));
  if (const auto base = parse_base_path(path)) {
    if (!*base) return text_response(400, base->error().message);
    return below(request, **base);
  }
  if (path == "/") return root(request);
  if (std::optional<Response> file = files_.answer(percent_decoded(path))) return *std::move(file);
  return of_cookies(request);
}

Response HistorySite::clusters() const {
  const auto list = index_.list();
  if (!list) return failed(list.error());
  Response response;
  response.body = clusters_json(live_ == nullptr ? std::vector<RayCluster>() : live_->list(), **list);
  return response;
}

Response HistorySite::enter(const WebRequest& request, std::string_view path) const {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    parts.push_back(percent_decoded(path.substr(0, slash)));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  if (parts.size() == 3) parts.emplace_back(kLatestSession);
  if (parts.size() == 4 && parts[3].empty()) parts[3] = kLatestSession;
  if (parts.size() != 4)
    return text_response(400, "The path is /enter_cluster/{namespace}/{kind}/{name}[/{session}].");
  const auto address = SessionAddress::parse(parts[0], parts[1], parts[2], parts[3]);
  if (!address) return text_response(400, address.error().message);
  if (is_refused(*address)) return live_refused();
  const auto live = find_live(*address);
  if (live && *live) {
    const std::string& session = address->is_latest() ? std::string(kLiveSession) : address->session.str();
    return entered(request, (*live)->cluster.place, session);
  }
  const auto found = index_.find(*address);
  if (!found) return failed(found.error());
  if (!*found && !live) return unknown(live.error());
  if (!*found) {
    return text_response(
        404, fmt::format("cluster {} with session {} not found", address->cluster(), address->session.str()));
  }
  const StoredSession& session = (*found)->session;
  if (Query::parse(request.query()).get("reload") == "true") cache_.forget(session);
  // So that the page that follows finds it loaded, and whoever cannot see it learns it here.
  if (const auto loaded = cache_.get(session); !loaded) return failed(loaded.error());
  return entered(request, session.place, session.name.str());
}

Response HistorySite::root(const WebRequest& request) const {
  // A person who has not chosen a session sees an empty dashboard otherwise; a program that asks for the
  // index gets it.
  const bool is_person = is_by_person(request);
  const bool has_session = has_session_cookies(request.header("Cookie"));
  if (is_person && !has_session) return redirect("select_cluster");
  if (std::optional<Response> index = files_.answer("/")) return *std::move(index);
  if (has_session) return text_response(404, std::string(kNoFiles));
  return redirect("select_cluster");
}

Result<std::optional<LiveSession>> HistorySite::find_live(const SessionAddress& address) const {
  if (live_ == nullptr) return std::optional<LiveSession>();
  return live_->find(address);
}

bool HistorySite::is_refused(const SessionAddress& address) const {
  return live_ == nullptr && address.session.str() == kLiveSession;
}

Response HistorySite::below_live(const WebRequest& request, const BasePath& base,
                                 const LiveSession& session) const {
  // By its own name, so that the address holds when it has ended; "live" is always what runs.
  const bool is_latest = base.address.session.str() == kLatestSession;
  const std::string name = is_latest ? session.session ? session.session->str() : std::string(kLiveSession)
                                     : base.address.session.str();
  if (is_latest || base.rest.empty()) return redirect(relative_location(base, name, request.query()));
  if (std::optional<Response> file = files_.answer(percent_decoded(base.rest))) return *std::move(file);
  if (base.rest == kPageScript) return no_script();
  std::string target(base.rest);
  if (request.target.find('?') != std::string::npos) target.append("?").append(request.query());
  return live_->answer(session, request, target);
}

Response HistorySite::below(const WebRequest& request, const BasePath& base) const {
  if (is_refused(base.address)) return live_refused();
  const auto live = find_live(base.address);
  if (live && *live) return below_live(request, base, **live);
  const auto found = index_.find(base.address);
  if (!found) return failed(found.error());
  if (!*found) return live ? gone(base.address) : unknown(live.error());
  const StoredSession& session = (*found)->session;
  // The newest session may be another one tomorrow, or while its pages are looked at.
  if (base.address.is_latest() || base.rest.empty())
    return redirect(relative_location(base, session.name.str(), request.query()));
  if (std::optional<Response> file = files_.answer(percent_decoded(base.rest))) return *std::move(file);
  // Ray's dashboard in front of us has an index of its own.
  if (base.rest == "/") return text_response(404, std::string(kNoFiles));
  return of_session(request, base.rest, session);
}

Response HistorySite::of_cookies(const WebRequest& request) const {
  const auto address = session_of_cookies(request.header("Cookie"));
  if (!address) {
    Response response = text_response(400, json_string(address.error().message));
    response.content_type = kJsonUtf8;
    return response;
  }
  if (is_refused(*address)) return live_refused();
  const auto live = find_live(*address);
  if (live && *live) {
    if (request.path() == kPageScript) return no_script();
    Response response = live_->answer(**live, request, request.target);
    renew_cookies(request, response, (*live)->cluster.place, address->session.str());
    return response;
  }
  const auto found = index_.find(*address);
  if (!found) return failed(found.error());
  if (!*found) return live ? gone(*address) : unknown(live.error());
  const StoredSession& session = (*found)->session;
  Response response = of_session(request, request.path(), session);
  renew_cookies(request, response, session.place, session.name.str());
  return response;
}

Response HistorySite::of_session(const WebRequest& request, std::string_view path,
                                 const StoredSession& session) const {
  const auto loaded = cache_.get(session);
  if (!loaded) return failed(loaded.error());
  const Request question{request.method, percent_decoded(path), Query::parse(request.query())};
  return answer_session_(question, *loaded);
}

}  // namespace rayhistory::historyserver
