#include "historyserver/app/history_server.h"

#include <algorithm>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "historyserver/api/dashboard_api.h"
#include "historyserver/app/metrics.h"
#include "historyserver/cache/session_cache.h"
#include "historyserver/cache/session_index.h"
#include "historyserver/live/live_clusters.h"
#include "historyserver/logs/log_answer.h"
#include "historyserver/sessions/reading_store.h"
#include "historyserver/state/load_state.h"
#include "historyserver/web/dashboard_files.h"
#include "historyserver/web/history_site.h"
#include "historyserver/web/http_server.h"
#include "status/status_server.h"

namespace rayhistory::historyserver {
namespace {

// KubeRay gives answers under way as much.
constexpr Seconds kShutdownGrace{1};
// Of what is read from the store for one answer. Ray's dashboard in front of us waits 30 s.
constexpr Seconds kAnswerTimeout{25};
// Of one session's event files: parsing is on several cores, and a store answers several calls in the time of
// one.
constexpr unsigned kReadsAtOnce = 4;
// Everyone needs the list of sessions.
constexpr size_t kIndexWaiters = 48;
// Answers get this share of --memory-limit, but no more than a few dozen clients need.
constexpr uint64_t kAnswerPercent = 15;
constexpr uint64_t kMostAnswerBytes = 128ULL << 20U;
// No load may use so much, beside the answers' share: a load looks at the heap after each MiB that each of
// its threads reads, the heap has gaps, and the kernel counts the buffers of sockets.
constexpr uint64_t kLeastSpareBytes = 64ULL << 20U;
constexpr uint64_t kSpareShare = 16;  // or one of these parts, if that is more
constexpr Seconds kEnsureBucketTimeout{30};
constexpr Seconds kEnsureBucketPause{60};

uint64_t answer_bytes(uint64_t memory_bytes) {
  return std::min(memory_bytes * kAnswerPercent / 100, kMostAnswerBytes);
}

// At least one byte, for 0 is without a limit.
uint64_t heap_bytes(uint64_t memory_bytes) {
  const uint64_t others = answer_bytes(memory_bytes) + std::max(kLeastSpareBytes, memory_bytes / kSpareShare);
  return memory_bytes == 0 ? 0 : std::max(memory_bytes, others + 1) - others;
}

SessionCacheLimits limits_of(const ServingSettings& settings) {
  SessionCacheLimits limits;
  limits.sessions = settings.cache_sessions;
  limits.bytes = settings.cache_bytes;
  limits.lifetime = settings.cache_lifetime;
  limits.reload.load_time = settings.load_time;
  limits.heap_bytes = heap_bytes(settings.memory_bytes);
  return limits;
}

HttpServerLimits web_limits(const ServingSettings& settings) {
  HttpServerLimits limits;
  if (settings.memory_bytes > 0) limits.answer_bytes = answer_bytes(settings.memory_bytes);
  return limits;
}

std::unique_ptr<LiveClusters> clusters_of(const ServingSettings& settings,
                                          std::optional<KubernetesAccess> kubernetes, const Clock& clock) {
  if (!settings.live_clusters) {
    log_info("running clusters are shown as far as they are stored (--enable-live-clusters shows them live)");
    return nullptr;
  }
  if (!kubernetes) {
    log_info("no Kubernetes: what is stored is shown alone");
    return nullptr;
  }
  log_info("running clusters are shown, too",
           {{"kubernetes", kubernetes->server.str()}, {"access", kubernetes->origin}});
  if (settings.heads.token_mode && settings.listen_address.empty()) {
    log_warning(
        "whoever reaches this port sees what the clusters' tokens protect: let only those reach it who may, "
        "or "
        "set --listen-address (--use-auth-token-mode)");
  }
  return std::make_unique<LiveClusters>(*std::move(kubernetes), settings.kubernetes_rate, settings.heads,
                                        clock);
}

DashboardFiles files_of(const std::string& folder) {
  if (Result<DashboardFiles> found = DashboardFiles::open(folder)) {
    return *std::move(found);
  } else {
    log_warning("the dashboard's files are not here: its API is served alone (--dashboard-dir)",
                {{"error", found.error().message}});
  }
  return {};
}

}  // namespace

class HistoryServer::State {
 public:
  State(const ServingSettings& settings, std::unique_ptr<Store> store, std::shared_ptr<StoreMeter> meter,
        std::optional<KubernetesAccess> kubernetes)
      : clock_(system_clock()),
        cache_limit_bytes_(settings.cache_bytes),
        meter_(std::move(meter)),
        store_(std::make_unique<ReadingStore>(std::move(store), clock_)),
        index_(*store_, settings.root, ReloadLimits{.waiters = kIndexWaiters}, clock_),
        cache_(
            *store_,
            [this](const SessionListing& listing, const Deadline& deadline, const MemoryCheck& check_memory) {
              return load_state(*store_, listing, deadline, kReadsAtOnce, check_memory);
            },
            limits_of(settings), clock_),
        live_(clusters_of(settings, std::move(kubernetes), clock_)),
        site_(
            index_, cache_, files_of(settings.dashboard_folder),
            [this](const Request& request, const std::shared_ptr<const LoadedSession>& session) {
              return answer_session(request, session);
            },
            settings.allowed_hosts, live_.get()),
        server_({settings.listen_address, settings.listen_port, web_limits(settings)},
                {[this](const WebRequest& request) { return site_.answer_at_once(request); },
                 [this](const WebRequest& request) { return site_.answer(request); }},
                clock_) {
    if (settings.metrics_port == 0) return;
    StatusAnswers answers;
    answers.metrics = [this] { return render_history_metrics(figures()); };
    status_ = std::make_unique<StatusServer>(
        StatusServerOptions{settings.metrics_address, settings.metrics_port, {}}, std::move(answers));
  }

  Result<void> start() {
    // First: whoever finds the port of answers open finds this one open, too.
    start_status();
    TRY(server_.start());
    log_info("serving", {{"store", store_->description()}, {"port", server_.port()}});
    if (live_) live_->start();
    bucket_ = std::jthread([this](const std::stop_token& stop) { ensure_bucket(stop); });
    return {};
  }

  void stop() {
    if (status_) status_->stop();
    bucket_.request_stop();
    index_.stop();
    cache_.stop();
    stop_.request_stop();
    if (live_) live_->stop();
    server_.stop(kShutdownGrace);
  }

  uint16_t port() const { return server_.port(); }

 private:
  // Without it all is served as well.
  void start_status() {
    if (!status_) return;
    if (const Result<void> started = status_->start(); !started) {
      log_warning("no metrics: choose another port with --metrics-port or METRICS_PORT",
                  {{"error", started.error().message}});
    }
  }

  HistoryFigures figures() const {
    HistoryFigures figures;
    figures.web = server_.figures();
    figures.index = index_.figures();
    if (figures.index.listed_at) {
      figures.listed_at_unix_nanoseconds =
          clock_.unix_nanoseconds() - (clock_.steady_now() - *figures.index.listed_at).count();
    }
    figures.cache = cache_.figures();
    figures.cache_limit_bytes = cache_limit_bytes_;
    figures.store = meter_->totals();
    figures.trouble = logged_trouble();
    figures.process = process_figures();
    return figures;
  }

  Response answer_session(const Request& request, const std::shared_ptr<const LoadedSession>& session) {
    const Deadline deadline = Deadline::after(clock_, kAnswerTimeout, stop_.get_token());
    if (auto logs = answer_logs(request, {*session->listing, *session->state, *store_, clock_}, deadline))
      return *std::move(logs);
    Response response = historyserver::answer(
        request, {*session->state, *session->listing, *session->texts, clock_.unix_nanoseconds(), deadline});
    // A long answer is written while it is sent, and the session may be evicted meanwhile.
    if (response.pieces) response.keeps = session;
    return response;
  }

  void ensure_bucket(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const Result<void> outcome = store_->ensure_bucket(Deadline::after(clock_, kEnsureBucketTimeout, stop));
      if (outcome || stop.stop_requested()) return;
      log_warning("the store is not there", {{"error", outcome.error().message}});
      clock_.sleep_for(kEnsureBucketPause, stop);
    }
  }

  const Clock& clock_;
  const uint64_t cache_limit_bytes_;
  std::stop_source stop_;  // of what waits for the store on behalf of a request
  // In the order in which they are used: each by those below it.
  const std::shared_ptr<StoreMeter> meter_;
  const std::unique_ptr<Store> store_;
  SessionIndex index_;
  SessionCache cache_;
  const std::unique_ptr<LiveClusters> live_;  // null without Kubernetes
  const HistorySite site_;
  HttpServer server_;
  std::unique_ptr<StatusServer> status_;  // unless --metrics-port is 0
  std::jthread bucket_;
};

Result<std::unique_ptr<HistoryServer>> HistoryServer::start(const ServingSettings& settings,
                                                            std::unique_ptr<Store> store,
                                                            std::shared_ptr<StoreMeter> meter,
                                                            std::optional<KubernetesAccess> kubernetes) {
  auto state = std::make_unique<State>(settings, std::move(store), std::move(meter), std::move(kubernetes));
  TRY(state->start());
  return std::unique_ptr<HistoryServer>(new HistoryServer(std::move(state)));
}

HistoryServer::HistoryServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

HistoryServer::~HistoryServer() {
  stop();
}

void HistoryServer::stop() {
  state_->stop();
}
uint16_t HistoryServer::port() const {
  return state_->port();
}

}  // namespace rayhistory::historyserver
