#include "layout/object_key.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/check.h"
#include "base/rfc3339.h"

namespace rayhistory {
namespace {

constexpr std::string_view kMetadataFolder = "cluster-metadata";
constexpr std::string_view kHistoryFolder = "cluster-history";
constexpr std::string_view kNoOwner = "raycluster";
constexpr std::string_view kLogsFolder = "logs";
constexpr std::string_view kEndpointsFolder = "fetched_endpoints";
constexpr std::string_view kEndpointPrefix = "restful__";
constexpr std::string_view kJournalSuffix = ".jsonl";
constexpr std::string_view kGzipSuffix = ".gz";
constexpr size_t kHourBytes = std::string_view("2026-11-23-02").size();

std::string_view name_of(OwnerKind kind) {
  switch (kind) {
    case OwnerKind::rayjob:
      return "rayjob";
    case OwnerKind::rayservice:
      return "rayservice";
  }
  UNREACHABLE("an OwnerKind out of range");
}

// Takes a text apart at a separator, from the front.
class Parts {
 public:
  Parts(std::string_view text, char separator) : rest_(text), separator_(separator) {}

  bool empty() const { return ended_; }
  // What is left, separators and all.
  std::string_view rest() const { return ended_ ? std::string_view() : rest_; }

  // The next part; an empty one when there is none, which no name accepts.
  std::string_view next() {
    if (ended_) return {};
    const size_t end = rest_.find(separator_);
    const std::string_view part = rest_.substr(0, end);
    ended_ = end == std::string_view::npos;
    if (!ended_) rest_.remove_prefix(end + 1);
    return part;
  }

 private:
  std::string_view rest_;
  char separator_;
  bool ended_ = false;
};

// "a/b/" of "/a//b": what is put in front of every key. Empty for an empty root.
std::string root_prefix(std::string_view root) {
  std::string prefix;
  Parts parts(root, '/');
  while (!parts.empty()) {
    const std::string_view part = parts.next();
    if (!part.empty()) prefix += std::string(part) + "/";
  }
  return prefix;
}

bool is_path_of_log(std::string_view path) {
  Parts parts(path, '/');
  while (!parts.empty()) {
    const std::string_view part = parts.next();
    if (part.empty() || part == "." || part == ".." || part.find('\0') != std::string_view::npos)
      return false;
  }
  return true;
}

// `text` as std::to_string would write it, not negative.
std::optional<int64_t> parse_unix_nanoseconds(std::string_view text) {
  const bool canonical = !text.empty() && text[0] != '-' && (text[0] != '0' || text.size() == 1);
  if (!canonical) return std::nullopt;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool is_hour(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-dd-dd";
  return std::equal(text.begin(), text.end(), kForm.begin(), kForm.end(),
                    [](char c, char form) { return form == 'd' ? c >= '0' && c <= '9' : c == form; });
}

// What cluster-metadata's and cluster-history's second level says: nothing where it is no kind we know.
struct OwnerLevel {
  std::optional<OwnerKind> kind;
};

std::optional<OwnerLevel> parse_owner_level(std::string_view text) {
  if (text == kNoOwner) return OwnerLevel{};
  for (const OwnerKind kind : {OwnerKind::rayjob, OwnerKind::rayservice})
    if (text == name_of(kind)) return OwnerLevel{kind};
  return std::nullopt;
}

// Namespace, owner where the level has one, cluster: the order in both folders.
std::optional<ClusterPlace> parse_place(OwnerLevel level, Parts& parts) {
  std::optional<DnsName> name_space = DnsName::parse(parts.next());
  std::optional<Owner> owner;
  if (level.kind) {
    std::optional<DnsName> name = DnsName::parse(parts.next());
    if (!name) return std::nullopt;
    owner = Owner{*level.kind, std::move(*name)};
  }
  std::optional<DnsName> cluster = DnsName::parse(parts.next());
  if (!name_space || !cluster) return std::nullopt;
  return ClusterPlace{std::move(*name_space), std::move(*cluster), std::move(owner)};
}

std::optional<ParsedKey> parse_marker(Parts parts) {
  const std::optional<OwnerLevel> level = parse_owner_level(parts.next());
  if (!level) return std::nullopt;
  Parts names(parts.next(), '_');
  std::optional<ClusterPlace> place = parse_place(*level, names);
  std::optional<SessionName> session = SessionName::parse(parts.next());
  if (!place || !names.empty() || !session || !parts.empty()) return std::nullopt;
  return MarkerKey{std::move(*place), std::move(*session)};
}

struct JournalFileName {
  int64_t opened_nanoseconds;
  bool gzip;
};

// "<node>-<hour>-<unix ns>.jsonl[.gz]"
std::optional<JournalFileName> parse_journal_file_name(std::string_view text, const NodeId& node) {
  const bool gzip = text.ends_with(kGzipSuffix);
  if (gzip) text.remove_suffix(kGzipSuffix.size());
  if (!text.ends_with(kJournalSuffix)) return std::nullopt;
  text.remove_suffix(kJournalSuffix.size());

  if (!text.starts_with(node.str())) return std::nullopt;
  text.remove_prefix(node.str().size());
  if (text.size() < kHourBytes + 2 || text[0] != '-' || text[kHourBytes + 1] != '-') return std::nullopt;
  if (!is_hour(text.substr(1, kHourBytes))) return std::nullopt;
  const std::optional<int64_t> opened = parse_unix_nanoseconds(text.substr(kHourBytes + 2));
  if (!opened) return std::nullopt;
  return JournalFileName{*opened, gzip};
}

std::optional<ParsedKey> parse_journal(ClusterPlace place, SessionName session, NodeId node,
                                       std::string_view folder, Parts parts) {
  for (const JournalKind kind :
       {JournalKind::node_events, JournalKind::job_events, JournalKind::rejected_events}) {
    if (folder != folder_of(kind)) continue;
    std::optional<JobId> job;
    if (kind == JournalKind::job_events) {
      job = JobId::parse(parts.next());
      if (!job) return std::nullopt;
    }
    const std::optional<JournalFileName> file = parse_journal_file_name(parts.next(), node);
    if (!file || !parts.empty()) return std::nullopt;
    JournalName name{kind, std::move(job), std::move(node), file->opened_nanoseconds};
    return JournalKey{std::move(place), std::move(session), std::move(name), file->gzip};
  }
  return std::nullopt;
}

std::optional<ParsedKey> parse_history(Parts parts) {
  const std::optional<OwnerLevel> level = parse_owner_level(parts.next());
  if (!level) return std::nullopt;
  std::optional<ClusterPlace> place = parse_place(*level, parts);
  std::optional<SessionName> session = SessionName::parse(parts.next());
  if (!place || !session) return std::nullopt;

  const std::string_view node_or_endpoints = parts.next();
  if (node_or_endpoints == kEndpointsFolder) {
    const std::string_view name = parts.next();
    if (!parts.empty() || !name.starts_with(kEndpointPrefix) || name.size() == kEndpointPrefix.size())
      return std::nullopt;
    return EndpointKey{std::move(*place), std::move(*session), std::string(name)};
  }

  std::optional<NodeId> node = NodeId::parse(node_or_endpoints);
  if (!node) return std::nullopt;
  const std::string_view folder = parts.next();
  if (folder == kLogsFolder) {
    const std::string_view path = parts.rest();
    if (!is_path_of_log(path)) return std::nullopt;
    return LogKey{std::move(*place), std::move(*session), std::move(*node), std::string(path)};
  }
  return parse_journal(std::move(*place), std::move(*session), std::move(*node), folder, parts);
}

}  // namespace

std::string_view folder_of(JournalKind kind) {
  switch (kind) {
    case JournalKind::node_events:
      return "node_events";
    case JournalKind::job_events:
      return "job_events";
    case JournalKind::rejected_events:
      return "rejected_events";
  }
  UNREACHABLE("a JournalKind out of range");
}

std::string all_markers_prefix(std::string_view root) {
  return fmt::format("{}{}/", root_prefix(root), kMetadataFolder);
}

ObjectKeys::ObjectKeys(std::string_view root, ClusterPlace place) {
  const std::string prefix = root_prefix(root);
  const std::string& name_space = place.name_space.str();
  const std::string& cluster = place.cluster.str();
  if (place.owner) {
    const std::string_view kind = name_of(place.owner->kind);
    const std::string& owner = place.owner->name.str();
    metadata_prefix_ =
        fmt::format("{}{}/{}/{}_{}_{}/", prefix, kMetadataFolder, kind, name_space, owner, cluster);
    history_prefix_ =
        fmt::format("{}{}/{}/{}/{}/{}/", prefix, kHistoryFolder, kind, name_space, owner, cluster);
  } else {
    metadata_prefix_ = fmt::format("{}{}/{}/{}_{}/", prefix, kMetadataFolder, kNoOwner, name_space, cluster);
    history_prefix_ = fmt::format("{}{}/{}/{}/{}/", prefix, kHistoryFolder, kNoOwner, name_space, cluster);
  }
}

std::string ObjectKeys::marker(const SessionName& session) const {
  return metadata_prefix_ + session.str();
}

std::string ObjectKeys::session_prefix(const SessionName& session) const {
  return history_prefix_ + session.str() + "/";
}

std::string ObjectKeys::node_prefix(const SessionName& session, const NodeId& node) const {
  return session_prefix(session) + node.str() + "/";
}

std::string ObjectKeys::log(const SessionName& session, const NodeId& node, std::string_view path) const {
  CHECK(is_path_of_log(path));
  return fmt::format("{}{}/{}", node_prefix(session, node), kLogsFolder, path);
}

std::string ObjectKeys::journal(const SessionName& session, const JournalName& name, bool gzip) const {
  CHECK(name.job.has_value() == (name.kind == JournalKind::job_events));
  CHECK(name.opened_nanoseconds >= 0);
  const std::string job_folder = name.job ? name.job->str() + "/" : "";
  return fmt::format("{}{}/{}{}-{}-{}{}{}", node_prefix(session, name.node), folder_of(name.kind), job_folder,
                     name.node.str(), format_hour(name.opened_nanoseconds), name.opened_nanoseconds,
                     kJournalSuffix, gzip ? kGzipSuffix : "");
}

std::string endpoint_object_name(std::string_view path_and_query) {
  std::string_view trimmed = path_and_query;
  while (trimmed.starts_with('/'))
    trimmed.remove_prefix(1);
  while (trimmed.ends_with('/'))
    trimmed.remove_suffix(1);
  std::string name(kEndpointPrefix);
  for (const char c : trimmed) {
    if (c == '/') {
      name += "__";
    } else {
      name += c;
    }
  }
  return name;
}

std::string ObjectKeys::fetched_endpoint(const SessionName& session, std::string_view path_and_query) const {
  return fmt::format("{}{}/{}", session_prefix(session), kEndpointsFolder,
                     endpoint_object_name(path_and_query));
}

std::optional<ParsedKey> parse_object_key(std::string_view root, std::string_view key) {
  const std::string prefix = root_prefix(root);
  if (!key.starts_with(prefix)) return std::nullopt;
  Parts parts(key.substr(prefix.size()), '/');
  const std::string_view top = parts.next();
  if (top == kMetadataFolder) return parse_marker(parts);
  if (top == kHistoryFolder) return parse_history(parts);
  return std::nullopt;
}

}  // namespace rayhistory
