#include "historyserver/sessions/session_list.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>
#include <variant>

#include "base/log.h"
#include "layout/object_key.h"

namespace rayhistory::historyserver {
namespace {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
// A session's name has the head's local time, which may be ahead of ours by its zone, and by a clock that is
// wrong.
constexpr int64_t kClockSkewSeconds = 24L * 60 * 60;

std::optional<FoundSession> session_of(std::string_view root, std::string_view key) {
  std::optional<ParsedKey> parsed = parse_object_key(root, key);
  if (!parsed) return std::nullopt;
  auto* marker = std::get_if<MarkerKey>(&*parsed);
  if (marker == nullptr) return std::nullopt;
  const std::optional<int64_t> begin = session_begin(marker->session);
  if (!begin) return std::nullopt;
  std::string prefix = ObjectKeys(root, marker->place).session_prefix(marker->session);
  return FoundSession{{std::move(marker->place), std::move(marker->session), std::move(prefix)}, *begin};
}

}  // namespace

SessionList::SessionList(std::vector<FoundSession> sessions, int64_t latest_begin_seconds)
    : sessions_(std::move(sessions)) {
  const auto is_credible = [latest_begin_seconds](const FoundSession& session) {
    return session.begin_seconds <= latest_begin_seconds;
  };
  std::sort(sessions_.begin(), sessions_.end(), [&](const FoundSession& a, const FoundSession& b) {
    const bool a_is_credible = is_credible(a);
    const bool b_is_credible = is_credible(b);
    return std::tie(b_is_credible, b.begin_seconds, a.session.prefix) <
           std::tie(a_is_credible, a.begin_seconds, b.session.prefix);
  });
  for (size_t i = 0; i < sessions_.size(); ++i) {
    const StoredSession& session = sessions_[i].session;
    const ClusterPlace& place = session.place;
    SessionAddress address{place.name_space, ClusterKind::raycluster, place.cluster, session.name};
    by_cluster_[address.cluster()].push_back(i);
    if (!place.owner) continue;
    address.kind = kind_of(place);
    address.name = place.owner->name;
    by_cluster_[address.cluster()].push_back(i);
  }
}

const FoundSession* SessionList::find(const SessionAddress& address) const {
  const auto cluster = by_cluster_.find(address.cluster());
  if (cluster == by_cluster_.end()) return nullptr;
  if (address.is_latest()) return &sessions_[cluster->second.front()];
  for (const size_t i : cluster->second)
    if (sessions_[i].session.name == address.session) return &sessions_[i];
  return nullptr;
}

Result<SessionList> list_sessions(Store& store, std::string_view root, const Deadline& deadline) {
  const std::string prefix = all_markers_prefix(root);
  std::vector<FoundSession> sessions;
  std::string cursor;
  do {
    TRY_ASSIGN(const ListPage page, store.list(prefix, cursor, deadline));
    for (const ListedObject& object : page.objects) {
      if (std::optional<FoundSession> session = session_of(root, object.key)) {
        sessions.push_back(*std::move(session));
      } else if (!object.key.ends_with('/')) {
        // Folder objects, which some writers leave, are nothing to talk of.
        log_debug("no session's marker", {{"key", object.key}});
      }
    }
    cursor = page.next;
  } while (!cursor.empty());
  const int64_t now = system_clock().unix_nanoseconds() / kNanosecondsPerSecond;
  return SessionList(std::move(sessions), now + kClockSkewSeconds);
}

}  // namespace rayhistory::historyserver
