// What is where: the paths that find and choose sessions, those of one session, and the dashboard's files.
//
//   /clusters                                           the sessions there are
//   /enter_cluster/{namespace}/{kind}/{name}[/{session}]  looks at one of them, by cookies
//   /select_cluster                                     the page to choose one
//   /c/{namespace}/{kind}/{name}/{session}/…            the same as …, of that session
//   /, /index.html, /static/…                           the dashboard's files, of which there may be none
//   /livez, /readyz, /readz                             ok
//   everything else                                     the dashboard's API, of the cookies' session
//
// With --enable-live-clusters, a session that runs is answered for by its cluster's head, where Kubernetes
// tells of it; all others, and all without it, out of the store.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "historyserver/cache/session_cache.h"
#include "historyserver/cache/session_index.h"
#include "historyserver/exchange/request.h"
#include "historyserver/exchange/response.h"
#include "historyserver/exchange/web_request.h"
#include "historyserver/live/live_clusters.h"
#include "historyserver/web/allowed_hosts.h"
#include "historyserver/web/dashboard_files.h"
#include "historyserver/web/http_server.h"

namespace rayhistory::historyserver {

struct BasePath;

class HistorySite {
 public:
  // Answers what is asked of a session: every path that is none of the above.
  using AnswerSession =
      std::function<Response(const Request& request, const std::shared_ptr<const LoadedSession>& session)>;

  // `index`, `cache` and `live` must outlive it. `live` is null where running clusters are not
  // shown live: the session `live` is refused then.
  HistorySite(const SessionIndex& index, SessionCache& cache, DashboardFiles files,
              AnswerSession answer_session, AllowedHosts hosts = {}, const LiveClusters* live = nullptr);

  // Health alone; waits for nothing. Any thread.
  std::optional<Response> answer_at_once(const WebRequest& request) const;
  // May wait for the store. Any thread. It refuses what another site's page asks (request_gate.h). What is
  // not there is answered with 404, but with 410 where Ray's dashboard passes a request on (`ray start
  // --proxy-server-url`): it answers a 404 from its own cluster (Ray: dashboard/http_server_head.py
  // proxy_server_middleware).
  Response answer(const WebRequest& request) const;

 private:
  Response answer_as_gone(const WebRequest& request) const;
  Response clusters() const;
  Response enter(const WebRequest& request, std::string_view path) const;
  Response root(const WebRequest& request) const;
  Response below(const WebRequest& request, const BasePath& base) const;
  Response below_live(const WebRequest& request, const BasePath& base, const LiveSession& session) const;
  Response of_cookies(const WebRequest& request) const;
  // Nothing: it does not run.
  Result<std::optional<LiveSession>> find_live(const SessionAddress& address) const;
  // Whether `address` means a running cluster where none is shown live.
  bool is_refused(const SessionAddress& address) const;
  Response of_session(const WebRequest& request, std::string_view path, const StoredSession& session) const;

  const SessionIndex& index_;
  SessionCache& cache_;
  const DashboardFiles files_;
  const AnswerSession answer_session_;
  const AllowedHosts hosts_;
  const LiveClusters* const live_;
};

}  // namespace rayhistory::historyserver
