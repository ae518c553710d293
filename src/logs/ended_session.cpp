#include "logs/ended_session.h"

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/shared_path.h"
#include "layout/rotated_log.h"
#include "logs/log_place.h"
#include "store/store.h"

namespace rayhistory::collector {
namespace {

struct EndedFile {
  std::string path;  // below the logs folder
  FileStatus status;
};

// False, for what cannot be looked at is left.
bool tell_left(const Error& error) {
  log_warning("some of an ended session's logs cannot be read; they stay where they are",
              {{"error", error.message}});
  return false;
}

// The regular files below a folder. False when something in it could not be looked at.
bool find_files(const OpenFolder& folder, const std::string& prefix, int depth,
                std::vector<EndedFile>& files) {
  if (depth > kFolderDepthLimit) {
    log_warning("folders too deep, their logs stay where they are", {{"path", folder.path()}});
    return false;
  }
  bool complete = true;
  std::vector<std::string> names;
  if (auto listed = folder.for_each([&](std::string_view name, FileType) { names.emplace_back(name); });
      !listed) {
    log_warning("ended session's logs cannot be listed", {{"error", listed.error().message}});
    return false;
  }
  for (const std::string& name : names) {
    auto status = folder.status_of(name);
    if (!status) {
      if (status.error().kind != ErrorKind::not_found) complete = tell_left(status.error());
      continue;
    }
    if (status->type == FileType::regular) files.push_back({prefix + name, *status});
    if (status->type != FileType::directory) continue;
    const auto below = folder.open_below(name);
    const bool all_below =
        below ? find_files(*below, prefix + name + "/", depth + 1, files) : tell_left(below.error());
    complete = all_below && complete;
  }
  return complete;
}

// One node's logs of one session, on their way. Kept alive by the shipments that report to it.
class EndedLogs : public std::enable_shared_from_this<EndedLogs> {
 public:
  // `place.folder` is the logs folder. Without a way to go the files stay.
  EndedLogs(LogPlace place, std::optional<EndedLogsWay> way, ShipmentConsumer& consumer)
      : place_(std::move(place)), way_(std::move(way)), consumer_(consumer) {}

  void offer_all() {
    if (!offer_what_is_there() && complete_ && !stay()) end();
  }

 private:
  bool stay() const { return !way_; }

  // Whether there is anything.
  bool offer_what_is_there() {
    std::vector<EndedFile> files;
    if (const auto folder = open_folder(place_.folder); folder) {
      complete_ = find_files(*folder, "", 0, files);
    } else {
      complete_ = folder.error().kind == ErrorKind::not_found || tell_left(folder.error());
    }
    left_ = files.size();
    for (const EndedFile& file : files)
      offer(file);
    return !files.empty();
  }

  void offer(const EndedFile& file) {
    const size_t node = place_.node_at(file.status.modified_nanoseconds);
    Shipment shipment;
    shipment.prefix_length = place_.nodes[node].prefix.size();
    shipment.content_type = kTextContent;
    shipment.path = place_.folder / file.path;
    shipment.identity = file.status.identity;
    shipment.size = file.status.size;
    shipment.final = true;
    if (const auto backup = parse_rotated_backup(file.path)) {
      shipment.kind = ShipmentKind::rotated_log;
      shipment.urgency = backup->number;
      shipment.moved_from = place_.key_of(node, backup->live_path);
      shipment.key = place_.key_of(node, rotated_log_path(backup->live_path, file.status.modified_nanoseconds,
                                                          file.status.identity.inode));
    } else {
      shipment.key = place_.key_of(node, file.path);
    }
    if (!stay()) {
      shipment.on_stored = [self = shared_from_this(), path = file.path, size = file.status.size] {
        self->stored(path, size);
      };
    }
    consumer_.offer(std::move(shipment));
  }

  void stored(const std::string& path, uint64_t size) {
    const SharedPath from = place_.folder / path;
    const auto status = status_of(from);
    if (status && status->type == FileType::regular && status->size != size) {
      // Somebody still writes it.
      offer({path, *status});
      return;
    }
    const SharedPath to = way_->done / path;
    Result<void> moved = make_folders(to.parent());
    if (moved) moved = rename_file(from, to);
    // A file that is gone needs no mark. One that is there and cannot be moved would be stored without end.
    if (!moved && (moved.error().kind != ErrorKind::not_found || status_of(from))) {
      log_warning("stored log cannot be moved out of prev-logs; it will be looked at again at the next start",
                  {{"error", moved.error().message}});
      complete_ = false;
    }
    // The last one looks whether anything has come meanwhile, and clears up.
    if (--left_ == 0 && complete_) offer_all();
  }

  // The folder stays until all nodes' keys are done with: it is what brings a successor back to them.
  void end() {
    nodes_left_ = place_.nodes.size();
    for (const NodeLogs& node : place_.nodes) {
      consumer_.prefix_ended(node.prefix, [self = shared_from_this()] {
        if (--self->nodes_left_ == 0 && !self->offer_what_is_there() && self->complete_) self->remove_rest();
      });
    }
  }

  void remove_rest() {
    if (const Result<void> removed = remove_tree(way_->node_folder); !removed) {
      log_warning("an ended session's logs are stored, but its folder in prev-logs cannot be removed",
                  {{"error", removed.error().message},
                   {"advice", "nothing is to be done now: the next start looks at it again"}});
      return;
    }
    log_info("ended session's logs are stored", {{"logs", place_.folder.str()}});
  }

  const LogPlace place_;
  const std::optional<EndedLogsWay> way_;
  ShipmentConsumer& consumer_;
  std::atomic<uint64_t> left_ = 0;
  std::atomic<size_t> nodes_left_ = 0;
  std::atomic<bool> complete_ = true;
};

SharedPath below(const SharedPath& folder, const SessionName& session, const NodeId& node) {
  return folder / session.str() / node.str();
}

// A session's empty folder stays so long in prev-logs: people and KubeRay's tests look there after a
// session's end to see whether its logs have gone.
constexpr int64_t kEmptyFolderStaysNanoseconds = 5LL * 60 * 1'000'000'000;

// The checked names of the folders in a folder; what is no such name is none of ours.
template <typename Name>
std::vector<Name> names_below(const SharedPath& path) {
  std::vector<Name> found;
  const auto folder = open_folder(path);
  if (!folder) {
    if (folder.error().kind != ErrorKind::not_found)
      log_warning("folder cannot be listed", {{"error", folder.error().message}});
    return found;
  }
  const auto listed = folder->for_each([&](std::string_view name, FileType) {
    const auto status = folder->status_of(std::string(name));
    if (!status || status->type != FileType::directory) return;
    if (auto parsed = Name::parse(name)) found.push_back(std::move(*parsed));
  });
  if (!listed) log_warning("folder cannot be listed", {{"error", listed.error().message}});
  return found;
}

}  // namespace

EndedSessions::EndedSessions(RayFolder folder, ObjectKeys keys, NodesOf nodes_of, ShipmentConsumer& consumer)
    : folder_(std::move(folder)),
      keys_(std::move(keys)),
      nodes_of_(std::move(nodes_of)),
      consumer_(consumer) {}

void EndedSessions::offer_all(const SessionName& session, const NodeId& node, SharedPath logs,
                              std::optional<EndedLogsWay> way) {
  std::make_shared<EndedLogs>(log_place(std::move(logs), keys_, session, nodes_of_(session, node)),
                              std::move(way), consumer_)
      ->offer_all();
}

void EndedSessions::offer_previous(const SessionName& session, const NodeId& node) {
  const SharedPath node_folder = below(folder_.previous_logs(), session, node);
  offer_all(session, node, node_folder / "logs",
            EndedLogsWay{.done = below(folder_.stored_previous_logs(), session, node) / "logs",
                         .node_folder = node_folder});
}

void EndedSessions::remove_old_empty_folders() const {
  for (const SessionName& session : names_below<SessionName>(folder_.previous_logs())) {
    const SharedPath path = folder_.previous_logs() / session.str();
    const auto status = status_of(path);
    const int64_t now = system_clock().unix_nanoseconds();
    if (!status || now - status->modified_nanoseconds < kEmptyFolderStaysNanoseconds) continue;
    (void)remove_folder(path);  // one that is not empty stays
  }
}

void EndedSessions::take(const SessionName& session, const NodeId& node) {
  remove_old_empty_folders();
  const SharedPath from = folder_.logs(session);
  if (!status_of(from)) return;  // there are none
  const SharedPath node_folder = below(folder_.previous_logs(), session, node);
  Result<void> moved = make_folders(node_folder);
  if (moved) moved = rename_file(from, node_folder / "logs");
  if (moved) {
    log_info("session ended, storing the rest of its logs",
             {{"session", session.str()}, {"node", node.str()}});
    offer_previous(session, node);
  } else {
    log_warning("ended session's logs cannot be moved to prev-logs; they are stored from where they are",
                {{"error", moved.error().message}});
    offer_all(session, node, from, std::nullopt);
  }
}

void EndedSessions::resume() {
  remove_old_empty_folders();
  for (const SessionName& session : names_below<SessionName>(folder_.previous_logs())) {
    for (const NodeId& node : names_below<NodeId>(folder_.previous_logs() / session.str())) {
      log_info("storing what an earlier run left in prev-logs",
               {{"session", session.str()}, {"node", node.str()}});
      offer_previous(session, node);
    }
  }
}

void EndedSessions::take_left_over(const std::function<bool(const SessionName&)>& is_running,
                                   const std::function<std::optional<NodeId>(const SessionName&)>& node_of) {
  for (const SessionName& session : names_below<SessionName>(folder_.root())) {
    // Only Ray's own: other folders of /tmp/ray are none of ours.
    if (!session.str().starts_with("session_") || is_running(session)) continue;
    if (!status_of(folder_.logs(session))) continue;
    if (const auto node = node_of(session)) {
      take(session, *node);
    } else {
      log_warning("a session of an earlier run has logs, but nothing says which node wrote them; they stay",
                  {{"logs", folder_.logs(session).str()}});
    }
  }
}

}  // namespace rayhistory::collector
