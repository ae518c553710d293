#include "historyserver/web/session_cookies.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace rayhistory::historyserver {
namespace {

constexpr std::string_view kCluster = "cluster_name";
constexpr std::string_view kNamespace = "cluster_namespace";
constexpr std::string_view kSession = "session_name";
constexpr std::string_view kOwnerKind = "owner_kind";
constexpr std::string_view kOwnerName = "owner_name";
constexpr int kLifetimeSeconds = 600;

std::string_view without_blanks(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

// Nothing where there is none, or an empty one.
std::optional<std::string_view> cookie(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const size_t end = std::min(header.find(';'), header.size());
    const std::string_view pair = without_blanks(header.substr(0, end));
    header.remove_prefix(std::min(end + 1, header.size()));
    const size_t equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
    const std::string_view value = pair.substr(equals + 1);
    if (value.empty()) return std::nullopt;
    return value;
  }
  return std::nullopt;
}

Error not_there(std::string_view what) {
  return Error{ErrorKind::invalid, fmt::format("{} Cookie not found", what)};
}

}  // namespace

bool has_session_cookies(std::string_view cookie_header) {
  return cookie(cookie_header, kCluster) && cookie(cookie_header, kNamespace) &&
         cookie(cookie_header, kSession);
}

Result<SessionAddress> session_of_cookies(std::string_view cookie_header) {
  const auto cluster = cookie(cookie_header, kCluster);
  if (!cluster) return not_there("Cluster");
  const auto session = cookie(cookie_header, kSession);
  if (!session) return not_there("RayCluster Session Name");
  const auto name_space = cookie(cookie_header, kNamespace);
  if (!name_space) return not_there("Cluster Namespace");
  const auto owner_kind = cookie(cookie_header, kOwnerKind);
  const auto owner_name = cookie(cookie_header, kOwnerName);
  if (owner_kind && !parse_cluster_kind(*owner_kind))
    return Error{ErrorKind::invalid, fmt::format("invalid cookie values: owner_kind \"{}\"", *owner_kind)};
  if (owner_name && !DnsName::parse(*owner_name))
    return Error{ErrorKind::invalid, fmt::format("invalid cookie values: owner_name \"{}\"", *owner_name)};
  // By the cluster's own name it is found whoever owns it.
  Result<SessionAddress> address =
      SessionAddress::parse(*name_space, name_of(ClusterKind::raycluster), *cluster, *session);
  if (!address) return std::move(address).error().in("invalid cookie values");
  return address;
}

CookieHeaders set_session_cookies(const ClusterPlace& place, std::string_view session,
                                  CookieTransport transport) {
  CookieHeaders headers;
  const auto set = [&headers, transport](std::string_view name, std::string_view value) {
    headers.emplace_back(
        "Set-Cookie",
        fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{}", name, value, kLifetimeSeconds,
                    transport == CookieTransport::https_only ? "; Secure" : ""));
  };
  set(kCluster, place.cluster.str());
  set(kNamespace, place.name_space.str());
  set(kSession, session);
  set(kOwnerKind, place.owner ? name_of(kind_of(place)) : std::string_view{});
  set(kOwnerName, place.owner ? place.owner->name.str() : std::string_view{});
  return headers;
}

}  // namespace rayhistory::historyserver
