#include "layout/local_path.h"

#include <charconv>
#include <vector>

#include "base/check.h"

namespace rayhistory {
namespace {

constexpr std::string_view kJournalSuffix = ".jsonl";
constexpr std::string_view kGzipSuffix = ".gz";
constexpr size_t kNodeIdDigits = 56;  // 28 bytes (ray/src/ray/common/id.h)

// The kind whose files lie in a folder of this name.
std::optional<JournalKind> kind_of_folder(std::string_view name) {
  for (const JournalKind kind :
       {JournalKind::node_events, JournalKind::job_events, JournalKind::rejected_events})
    if (name == folder_of(kind)) return kind;
  return std::nullopt;
}

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

std::optional<NodeId> node_id_of_port_file(std::string_view name) {
  constexpr std::string_view kBeforeNode = "_port_";
  const size_t place = name.rfind(kBeforeNode);
  if (place == std::string_view::npos || place == 0) return std::nullopt;
  const std::string_view digits = name.substr(place + kBeforeNode.size());
  if (digits.size() != kNodeIdDigits) return std::nullopt;
  return NodeId::parse(digits);
}

JournalFolder::JournalFolder(const SharedPath& data_dir, const DnsName& cluster, const DnsName& name_space)
    : root_(data_dir / (cluster.str() + "_" + name_space.str())) {}

SharedPath JournalFolder::file(const SessionName& session, const JournalName& name) const {
  CHECK(name.job.has_value() == (name.kind == JournalKind::job_events));
  CHECK(name.opened_nanoseconds >= 0);
  std::string path = session.str() + "/";
  path += folder_of(name.kind);
  path += '/';
  if (name.job) path += name.job->str() + "/";
  path += name.node.str() + "_" + std::to_string(name.opened_nanoseconds);
  path += kJournalSuffix;
  return root_ / path;
}

std::optional<JournalFolder::Found> JournalFolder::parse(std::string_view path) {
  const std::vector<std::string_view> parts = split(path);
  if (parts.size() < 3) return std::nullopt;
  std::optional<SessionName> session = SessionName::parse(parts[0]);
  const std::optional<JournalKind> kind = kind_of_folder(parts[1]);
  if (!session || !kind) return std::nullopt;

  std::optional<JobId> job;
  const bool with_job = *kind == JournalKind::job_events;
  if (parts.size() != (with_job ? 4u : 3u)) return std::nullopt;
  if (with_job) {
    job = JobId::parse(parts[2]);
    if (!job) return std::nullopt;
  }

  std::string_view file = parts.back();
  const bool gzip = file.ends_with(kGzipSuffix);
  if (gzip) file.remove_suffix(kGzipSuffix.size());
  if (!file.ends_with(kJournalSuffix)) return std::nullopt;
  file.remove_suffix(kJournalSuffix.size());
  const size_t underscore = file.find('_');
  if (underscore == std::string_view::npos) return std::nullopt;
  std::optional<NodeId> node = NodeId::parse(file.substr(0, underscore));
  if (!node) return std::nullopt;

  const std::string_view digits = file.substr(underscore + 1);
  int64_t opened = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), opened);
  if (error != std::errc{} || end != digits.data() + digits.size() || opened < 0) return std::nullopt;
  // Only as file() writes it: another spelling of the same number would be another file of the same name.
  if (std::to_string(opened) != digits) return std::nullopt;
  return Found{std::move(*session), JournalName{*kind, std::move(job), std::move(*node), opened}, gzip};
}

SessionName unknown_session() {
  static const SessionName name = *SessionName::parse("session_unknown");
  return name;
}

NodeId unknown_node() {
  static const NodeId node = *NodeId::parse("00");
  return node;
}

}  // namespace rayhistory
