#include "collector/collector.h"

#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "base/duration.h"
#include "base/log.h"
#include "base/process_figures.h"
#include "base/shared_path.h"
#include "collector/event_folder.h"
#include "collector/last_writes.h"
#include "collector/metrics.h"
#include "collector/stall_report.h"
#include "ray/node_id.h"
#include "ray/session_life.h"
#include "settings/store_of_settings.h"
#include "store/open/open_store.h"

namespace rayhistory::collector {
namespace {

// How often the journal's clockwork runs: sealing by age, compressing, trying again.
constexpr Nanoseconds kTickInterval = Seconds(1);
// A fifth of the shutdown timeout is kept for shipping what came last, should the raylet live on.
constexpr int kShippingShare = 5;

// No session of Ray's has such a name, and no marker makes it visible.
constexpr std::string_view kSurveySession = "collector-check";

// An upload has its file and its connection open; half of the descriptors is for senders, rotated logs and
// all the rest.
constexpr rlim_t kDescriptorsPerUpload = 8;

int upload_workers(int64_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return static_cast<int>(wanted);
  const auto possible =
      static_cast<int64_t>(std::clamp<rlim_t>(limit.rlim_cur / kDescriptorsPerUpload, 1, 1024));
  if (wanted <= possible) return static_cast<int>(wanted);
  log_warning("fewer uploads at the same time than wanted: too few descriptors",
              {{"wanted", wanted},
               {"uploads", possible},
               {"descriptors", limit.rlim_cur},
               {"advice", "raise the limit (ulimit -n), or lower --upload-concurrency"}});
  return static_cast<int>(possible);
}

JournalOptions journal_options(const EventSettings& settings) {
  return {.rotation_interval = settings.rotation_interval,
          .max_file_bytes = settings.max_file_bytes,
          .max_disk_bytes = settings.max_disk_bytes,
          .compression = settings.gzip};
}

SessionWatcherOptions watcher_options(const Settings& settings, const RayFolder& folder) {
  SessionWatcherOptions options{.folder = folder, .pod_ip = settings.node.pod_ip, .nodes = {}, .token = {}};
  if (!settings.node.fq_ray_ip.empty()) {
    auto url = nodes_url(settings.node.fq_ray_ip, settings.node.dashboard_port);
    if (url) {
      options.nodes = std::move(*url);
    } else {
      log_warning("the dashboard will not be asked for the node ID", {{"error", url.error().message}});
    }
  }
  options.token = [auth = settings.dashboard.auth] { return read_auth_token(auth); };
  return options;
}

DashboardPollerOptions poller_options(const DashboardSettings& settings, const RayFolder& folder) {
  return {.address = settings.address,
          .token = [auth = settings.auth] { return read_auth_token(auth); },
          .endpoints = {.poll_interval = settings.poll_interval,
                        .additional_endpoints = settings.additional_endpoints,
                        .life = [&folder](const SessionName& session) { return life_of(folder, session); }}};
}

}  // namespace

Result<std::unique_ptr<Collector>> Collector::start(const Settings& settings) {
  auto meter = std::make_shared<StoreMeter>(system_clock());
  std::stop_source draining;
  TRY_ASSIGN(std::unique_ptr<Store> store, open_store(store_options(settings.storage, settings.network),
                                                      system_clock(), meter, draining.get_token()));
  std::unique_ptr<Collector> collector(
      new Collector(settings, std::move(store), std::move(meter), std::move(draining)));
  if (settings.events.enabled) TRY(collector->start_events());
  collector->prepare_node();
  // Before anything that may take long: prev-logs can hold many files.
  collector->start_status();
  collector->start_survey();
  collector->start_node();
  return collector;
}

Collector::Collector(const Settings& settings, std::unique_ptr<Store> store,
                     std::shared_ptr<StoreMeter> meter, std::stop_source draining)
    : settings_(settings),
      clock_(system_clock()),
      ray_folder_(SharedPath(SharedTree::open(settings.node.ray_folder))),
      journal_folder_(event_folder(ray_folder_.root(), settings.events.data_folder), settings.cluster.cluster,
                      settings.cluster.name_space),
      keys_(settings.storage.root, settings.cluster),
      store_meter_(std::move(meter)),
      draining_(std::move(draining)),
      store_(std::move(store)),
      shipper_(*store_, clock_,
               {.workers = upload_workers(settings.storage.upload_concurrency),
                .push_interval = settings.logs.push_interval,
                .log_batching = static_cast<int>(settings.logs.objects_per_round)}),
      http_(clock_, settings.network.client) {}

Result<void> Collector::start_events() {
  const EventSettings& events = settings_.events;
  journal_ = std::make_unique<Journal>(
      journal_folder_, keys_, journal_options(events), clock_, shipper_,
      [this](const SessionName& session) { return node_id_in_files(ray_folder_, session).node; });
  event_server_ = std::make_unique<EventServer>(
      EventServerOptions{.address = events.address, .port = events.port, .limits = {}}, clock_,
      [this](std::string_view body) { return journal_->append(body); });
  return event_server_->start();
}

void Collector::prepare_node() {
  log_info("storing to", {{"store", store_->description()}, {"root", settings_.storage.root}});
  if (settings_.role == Role::head) {
    marker_ = std::make_unique<SessionMarker>(*store_);
    DashboardPollerOptions options = poller_options(settings_.dashboard, ray_folder_);
    if (journal_) {
      event_silence_ = std::make_unique<EventSilence>(clock_, [this] { return journal_->totals().batches; });
      options.endpoints.answered = [this](std::string_view endpoint, std::string_view body) {
        event_silence_->note(endpoint, body);
      };
    }
    poller_ = std::make_unique<DashboardPoller>(std::move(options), http_, *store_, keys_, clock_);
  }
  if (settings_.logs.enabled) {
    logs_ = std::make_unique<FollowedLogs>(
        ray_folder_, keys_, shipper_, clock_,
        LogTrackerOptions{.scan_interval = settings_.logs.rotated_scan_interval});
  }
  watcher_ = std::make_unique<SessionWatcher>(
      watcher_options(settings_, ray_folder_), http_, clock_,
      [this](const RunningNode& before, const RunningNode& now) { on_change(before, now); });
  Health::Sources sources;
  if (journal_) {
    sources.journal_folder = journal_folder_.root();
    sources.event_loop_turn = [this] { return event_server_->last_turn(); };
  }
  health_ = std::make_unique<Health>(std::move(sources), clock_);
}

// The head writes: one object below a fixed name, and no two processes at once. A worker only looks, and
// finds out the rest when it needs it.
void Collector::start_survey() {
  survey_ = std::jthread([this](const std::stop_token& stop) {
    const std::string prefix = keys_.session_prefix(*SessionName::parse(kSurveySession));
    const SurveyUse use = settings_.role == Role::head ? SurveyUse::write : SurveyUse::read;
    Result<void> surveyed = store_->ensure_bucket(Deadline::never(stop));
    if (surveyed) surveyed = store_->survey(prefix, use, Deadline::never(stop));
    if (stop.stop_requested()) return;
    if (!surveyed) {
      log_warning("the store could not be surveyed: what it cannot do shows when it is needed",
                  {{"error", surveyed.error().message},
                   {"advice", "run `collector --check` in this container to know what works"}});
    }
    log_bucket_warnings(Deadline::never(stop));
    const std::string abilities = store_->abilities();
    log_info("store abilities: " + (abilities.empty() ? "all that this kind of store needs" : abilities));
  });
}

// The log says it, too, and not `collector --check` alone, because some of it ends the history.
void Collector::log_bucket_warnings(const Deadline& deadline) {
  if (settings_.role != Role::head) return;
  const Result<std::vector<std::string>> warnings = store_->bucket_warnings(deadline);
  if (!warnings) return;  // it is no reason to worry, and the check says why
  for (const std::string& warning : *warnings)
    log_info("how the store is set up", {{"note", warning}});
}

void Collector::start_node() {
  if (logs_) logs_->resume();
  watcher_->start();
  ticker_ = std::jthread([this](const std::stop_token& stop) { tick(stop); });
}

void Collector::tick(const std::stop_token& stop) {
  if (journal_) journal_->recover();
  StallReport stall_report;
  SteadyTime last_look = clock_.steady_now();
  while (clock_.sleep_for(kTickInterval, stop)) {
    if (journal_) journal_->tick();
    health_->tick();
    const SteadyTime now = clock_.steady_now();
    if (now - last_look < settings_.logs.push_interval) continue;
    last_look = now;
    stall_report.look(shipper_.stall(), store_meter_->last_failure(), now);
  }
}

void Collector::start_status() {
  status_ticker_ = std::make_unique<StatusTicker>(clock_, [this] { return figures(); });
  if (settings_.program.metrics_port == 0) return;
  status_server_ = std::make_unique<StatusServer>(
      StatusServerOptions{settings_.program.metrics_address, settings_.program.metrics_port, {}},
      StatusAnswers{.metrics = [this] { return render_metrics(figures()); },
                    .alive = [this] { return health_->alive(); },
                    .ready = [this] { return health_->ready(); }});
  if (const Result<void> started = status_server_->start(); !started) {
    // Events and logs matter more than who counts them.
    log_warning("no metrics and health checks: choose another port with --metrics-port or METRICS_PORT",
                {{"error", started.error().message}});
  }
}

Figures Collector::figures() const {
  Figures figures;
  figures.node_is_known = watcher_->running().node.has_value();
  if (journal_) {
    figures.events = EventFigures{.journal = journal_->totals(),
                                  .server = event_server_->totals(),
                                  .unnamed = journal_->recent_backlog(),
                                  .disk_bytes = journal_->disk_bytes(),
                                  .disk_limit_bytes = settings_.events.max_disk_bytes,
                                  .is_full = journal_->is_full()};
  }
  if (logs_) figures.logs = logs_->totals();
  if (poller_) figures.dashboard = poller_->totals();
  figures.shipped = shipper_.totals_by_kind();
  figures.backlog = shipper_.backlogs();
  figures.stall = shipper_.stall();
  figures.store = store_meter_->totals();
  figures.trouble = logged_trouble();
  figures.process = process_figures();
  return figures;
}

void Collector::on_change(const RunningNode& before, const RunningNode& now) {
  if (journal_) journal_->set_running(now.session, now.node);
  if (now.session != before.session) write_marker(now);
  if (poller_ && now.session) poller_->follow(*now.session);
  if (logs_) logs_->follow(before, now);
}

void Collector::write_marker(const RunningNode& node) {
  if (marker_ && node.session) marker_->write(keys_.marker(*node.session));
}

Leftover Collector::drain() {
  const Nanoseconds timeout = settings_.program.shutdown_timeout;
  const Deadline deadline = Deadline::after(clock_, timeout);
  const Deadline last_events = Deadline::at(deadline.time() - timeout / kShippingShare);
  const Backlog backlog = shipper_.backlog();
  log_info("draining",
           {{"files", backlog.files}, {"bytes", backlog.bytes}, {"timeout", format_duration(timeout)}});

  draining_.request_stop();
  survey_ = {};
  write_marker(watcher_->running());
  // The dashboard has had the same SIGTERM, so at once; it goes on beside all else.
  if (poller_) poller_->begin_last_polls(deadline);
  shipper_.begin_drain();
  wait_for(LastWrites{.watcher = *watcher_,
                      .folder = ray_folder_,
                      .shipper = shipper_,
                      .events = event_server_.get(),
                      .logs = logs_.get(),
                      .shutdown_timeout = timeout},
           clock_, last_events);

  health_->stopping();
  if (event_server_) event_server_->stop();
  // Compressing what was sealed last may take longer than there is time.
  const std::jthread at_deadline([&](const std::stop_token& stop) {
    if (clock_.sleep_for(deadline.remaining(clock_.steady_now(), timeout), stop) && journal_)
      journal_->cancel();
  });
  watcher_->stop();
  ticker_ = {};
  if (journal_) journal_->seal_all();
  if (logs_) logs_->scan_now();
  shipper_.wait_until_stored(deadline);
  const uint64_t answers = poller_ ? poller_->end_last_polls(deadline) : 0;
  const bool marker_missing = marker_ && !marker_->wait_until_written(deadline);
  return {.backlog = what_is_left(), .dashboard_answers = answers, .marker_missing = marker_missing};
}

Backlog Collector::what_is_left() const {
  Backlog left = shipper_.backlog();
  if (journal_) {
    const JournalBacklog unnamed = journal_->backlog();
    left.files += unnamed.waiting_files + unnamed.uncompressed_files;
    left.bytes += unnamed.waiting_bytes + unnamed.uncompressed_bytes;
  }
  return left;
}

}  // namespace rayhistory::collector
