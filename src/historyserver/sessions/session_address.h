// How a session is asked for: in a URL's path, or by cookies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "layout/ids.h"
#include "layout/object_key.h"

namespace rayhistory::historyserver {

enum class ClusterKind { raycluster, rayjob, rayservice };
// "rayjob".
std::string_view name_of(ClusterKind kind);
// In any case.
std::optional<ClusterKind> parse_cluster_kind(std::string_view text);
ClusterKind kind_of(const ClusterPlace& place);

// Instead of a session's name: the newest one; the one that runs, where it does.
inline constexpr std::string_view kLatestSession = "latest";
inline constexpr std::string_view kLiveSession = "live";

struct SessionAddress {
  DnsName name_space;
  ClusterKind kind;
  DnsName name;         // the cluster's, or its owner's
  SessionName session;  // or kLatestSession, kLiveSession

  // The texts as they came, decoded. `invalid`, in KubeRay's words, where one of them cannot be.
  static Result<SessionAddress> parse(std::string_view name_space, std::string_view kind,
                                      std::string_view name, std::string_view session);
  // "default/rayjob/my-job".
  std::string cluster() const;
  bool is_latest() const { return session.str() == kLatestSession || session.str() == kLiveSession; }
};

// When a session began, of "session_2026-11-23_02-27-20_324908_14170", in unix seconds; nothing where it is
// no name of Ray's. The head writes its local time, which is taken as UTC, as KubeRay does.
std::optional<int64_t> session_begin(const SessionName& session);

}  // namespace rayhistory::historyserver
