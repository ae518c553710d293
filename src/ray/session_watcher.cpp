#include "ray/session_watcher.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/shared_path.h"

namespace rayhistory::collector {
namespace {

constexpr Nanoseconds kWatchInterval = Seconds(5);
// While something is missing: a look is a handful of system calls, and every event that comes before the
// names are known has to be renamed later. Ray needs some seconds to start, so it is the first half minute
// that counts.
constexpr Nanoseconds kSearchInterval = Milliseconds(200);
constexpr Nanoseconds kLongSearchInterval = Seconds(1);
constexpr Nanoseconds kSearchLength = Seconds(30);

// A raylet_node_id file that may be the last session's is taken when nothing else has turned up for so long.
// Ray's own start takes less, and the hook that rewrites the file waits for it.
constexpr Nanoseconds kDoubtfulPatience = Seconds(15);

// All nodes of a cluster ask one dashboard, whose answer has 650 bytes a node.
constexpr Nanoseconds kAskPause = Seconds(2);
constexpr Nanoseconds kLongestAskPause = Seconds(5);
// A restarted raylet binds its socket anew; while that stays the same, asking is only insurance.
constexpr Nanoseconds kAskPauseWhileSocketStays = Seconds(60);
constexpr Nanoseconds kAskTimeout = Seconds(5);

std::string last_segment(std::string_view path) {
  while (path.ends_with('/'))
    path.remove_suffix(1);
  return std::string(path.substr(path.rfind('/') + 1));
}

FileIdentity identity_at(const SharedPath& path) {
  const auto status = status_of(path);
  return status ? status->identity : FileIdentity{};
}

}  // namespace

SessionWatcher::SessionWatcher(SessionWatcherOptions options, HttpClient& http, const Clock& clock,
                               OnChange on_change)
    : options_(std::move(options)), http_(http), clock_(clock), on_change_(std::move(on_change)) {}

SessionWatcher::~SessionWatcher() {
  stop();
}

void SessionWatcher::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { watch(stop); });
}

void SessionWatcher::stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

RunningNode SessionWatcher::running() const {
  const std::lock_guard lock(running_mutex_);
  return running_;
}

RunningNode SessionWatcher::look_now() {
  return look({});
}

void SessionWatcher::watch(const std::stop_token& stop) {
  SteadyTime last_known = clock_.steady_now();
  do {
    const RunningNode now = look(stop);
    if (now.node) last_known = clock_.steady_now();
    const bool long_missing = clock_.steady_now() - last_known > kSearchLength;
    const Nanoseconds search_interval = long_missing ? kLongSearchInterval : kSearchInterval;
    if (!clock_.sleep_for(now.node ? kWatchInterval : search_interval, stop)) return;
  } while (!stop.stop_requested());
}

RunningNode SessionWatcher::look(const std::stop_token& stop) {
  const std::lock_guard lock(look_mutex_);
  const RunningNode before = running();
  RunningNode now = before;

  auto session = find_session();
  if (session && session.value() != before.session) {
    log_info(before.session ? "session changed" : "session found",
             {{"session", session->str()}, {"before", before.session ? before.session->str() : "none"}});
    now = {std::move(*session), std::nullopt};
    session_since_ = clock_.steady_now();
    session_missing_.reset();
    asked_.reset();
    answered_ = false;
    asks_in_vain_ = 0;
  } else if (!session && !before.session && session_missing_.due(clock_.steady_now())) {
    log_warning(
        "read session_latest file error",
        {{"path", options_.folder.session_latest().str()},
         {"error", session.error().message},
         {"advice", "start Ray in this pod, and share its --temp-dir with the collector as RAY_TMP_ROOT"}});
  }
  if (now.session) find_node(now, stop);

  if (now != before) {
    {
      const std::lock_guard running_lock(running_mutex_);
      running_ = now;
    }
    on_change_(before, now);
  }
  return now;
}

Result<SessionName> SessionWatcher::find_session() const {
  TRY_ASSIGN(const std::string target, read_symlink(options_.folder.session_latest()));
  // Only the name counts: the Ray container may have mounted the folder at another place.
  auto name = SessionName::parse(last_segment(target));
  if (!name)
    return Error{ErrorKind::invalid, "it points to \"" + target + "\", which ends in no session's name"};
  TRY_ASSIGN(const FileStatus status, status_of(options_.folder.session(*name)));
  if (status.type != FileType::directory)
    return Error{ErrorKind::invalid, options_.folder.session(*name).str() + " is no folder"};
  return std::move(*name);
}

void SessionWatcher::find_node(RunningNode& now, const std::stop_token& stop) {
  const NodeIdInFiles files = node_id_in_files(options_.folder, *now.session);
  if (files.node && !files.doubtful) return take_node(now, *files.node, files.source);

  ask_dashboard(now, stop);
  if (now.node) return;
  const SteadyTime time = clock_.steady_now();
  if (files.node && time - session_since_ >= kDoubtfulPatience) {
    log_warning(
        "raylet_node_id is older than the session and may name the raylet before; taken, as nothing else "
        "does",
        {{"path", files.source}, {"node", files.node->str()}, {"dashboard", last_answer_}});
    return take_node(now, *files.node, files.source);
  }
  if (!node_missing_.due(time)) return;
  log_warning("read nodeid file error",
              {{"session", now.session->str()},
               {"files", files.node ? files.source + " is older than the session" : files.reason},
               {"dashboard", last_answer_},
               {"advice", "set FQ_RAY_IP and POD_IP, or let the Ray container write raylet_node_id"}});
}

void SessionWatcher::ask_dashboard(RunningNode& now, const std::stop_token& stop) {
  if (!options_.nodes || options_.pod_ip.empty()) {
    last_answer_ = "not asked: FQ_RAY_IP or POD_IP is not set";
    return;
  }
  const SteadyTime time = clock_.steady_now();
  const FileIdentity socket = identity_at(options_.folder.raylet_socket(*now.session));
  if (asked_) {
    const bool socket_stays = answered_ && socket.inode != 0 && socket == asked_about_;
    const Nanoseconds steady_pause = socket_stays ? kAskPauseWhileSocketStays : kLongestAskPause;
    const Nanoseconds pause =
        answered_ ? steady_pause : std::min(kAskPause * asks_in_vain_, kLongestAskPause);
    if (time - *asked_ < pause) return;
  }
  asked_ = time;
  asked_about_ = socket;
  auto node = ask_dashboard_for_node(http_, *options_.nodes, options_.pod_ip, options_.token,
                                     Deadline::after(clock_, kAskTimeout, stop));
  answered_ = node.has_value();
  if (!node) {
    ++asks_in_vain_;
    last_answer_ = node.error().message;
    return;
  }
  asks_in_vain_ = 0;
  take_node(now, *node, options_.nodes->str());
}

void SessionWatcher::take_node(RunningNode& now, const NodeId& node, std::string_view source) {
  node_missing_.reset();
  if (now.node == node) return;
  log_info(now.node ? "node changed" : "node found",
           {{"node", node.str()}, {"session", now.session->str()}, {"source", source}});
  now.node = node;
}

}  // namespace rayhistory::collector
