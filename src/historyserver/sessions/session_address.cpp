#include "historyserver/sessions/session_address.h"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

#include "base/ascii.h"
#include "base/check.h"

namespace rayhistory::historyserver {
namespace {

constexpr std::array kKinds = {ClusterKind::raycluster, ClusterKind::rayjob, ClusterKind::rayservice};
constexpr std::string_view kBegin = "session_dddd-dd-dd_dd-dd-dd_dddddd";

int number_at(std::string_view digits, size_t place, size_t length) {
  int number = 0;
  for (const char c : digits.substr(place, length))
    number = number * 10 + (c - '0');
  return number;
}

}  // namespace

std::string_view name_of(ClusterKind kind) {
  switch (kind) {
    case ClusterKind::raycluster:
      return "raycluster";
    case ClusterKind::rayjob:
      return "rayjob";
    case ClusterKind::rayservice:
      return "rayservice";
  }
  UNREACHABLE("a ClusterKind out of range");
}

std::optional<ClusterKind> parse_cluster_kind(std::string_view text) {
  const std::string lower = lower_case(text);
  for (const ClusterKind kind : kKinds)
    if (lower == name_of(kind)) return kind;
  return std::nullopt;
}

ClusterKind kind_of(const ClusterPlace& place) {
  if (!place.owner) return ClusterKind::raycluster;
  return place.owner->kind == OwnerKind::rayjob ? ClusterKind::rayjob : ClusterKind::rayservice;
}

Result<SessionAddress> SessionAddress::parse(std::string_view name_space, std::string_view kind,
                                             std::string_view name, std::string_view session) {
  const std::optional<ClusterKind> cluster_kind = parse_cluster_kind(kind);
  if (!cluster_kind) {
    return Error{
        ErrorKind::invalid,
        fmt::format("unsupported resource kind: \"{}\" (must be raycluster, rayjob, or rayservice)", kind)};
  }
  std::optional<DnsName> in = DnsName::parse(name_space);
  if (!in) return Error{ErrorKind::invalid, fmt::format("invalid namespace: \"{}\"", name_space)};
  std::optional<DnsName> called = DnsName::parse(name);
  if (!called) return Error{ErrorKind::invalid, fmt::format("invalid cluster name: \"{}\"", name)};
  std::optional<SessionName> session_name = SessionName::parse(session);
  if (!session_name) return Error{ErrorKind::invalid, fmt::format("invalid session name: \"{}\"", session)};
  return SessionAddress{*std::move(in), *cluster_kind, *std::move(called), *std::move(session_name)};
}

std::string SessionAddress::cluster() const {
  return fmt::format("{}/{}/{}", name_space.str(), name_of(kind), name.str());
}

std::optional<int64_t> session_begin(const SessionName& session) {
  const std::string_view text = session.str();
  const bool fits = text.size() >= kBegin.size() &&
                    std::equal(kBegin.begin(), kBegin.end(), text.begin(), [](char form, char c) {
                      return form == 'd' ? c >= '0' && c <= '9' : c == form;
                    });
  if (!fits) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(number_at(text, 8, 4)),
                                         std::chrono::month(static_cast<unsigned>(number_at(text, 13, 2))),
                                         std::chrono::day(static_cast<unsigned>(number_at(text, 16, 2))));
  const int hour = number_at(text, 19, 2);
  const int minute = number_at(text, 22, 2);
  const int second = number_at(text, 25, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const std::chrono::sys_seconds begin = std::chrono::sys_days(date) + std::chrono::hours(hour) +
                                         std::chrono::minutes(minute) + std::chrono::seconds(second);
  return begin.time_since_epoch().count();
}

}  // namespace rayhistory::historyserver
