#include "historyserver/web/base_path.h"

#include <algorithm>
#include <array>

#include "historyserver/exchange/percent.h"

namespace rayhistory::historyserver {
namespace {

constexpr std::string_view kPrefix = "/c/";

}  // namespace

std::optional<Result<BasePath>> parse_base_path(std::string_view path) {
  if (!path.starts_with(kPrefix)) return std::nullopt;
  std::string_view rest = path.substr(kPrefix.size());
  std::array<std::string, 4> parts;
  for (std::string& part : parts) {
    const size_t slash = std::min(rest.find('/'), rest.size());
    part = percent_decoded(rest.substr(0, slash));
    const bool is_last = &part == &parts.back();
    if (part.empty() || (slash == rest.size() && !is_last)) {
      return Result<BasePath>(
          Error{ErrorKind::invalid,
                "A session's address is /c/<namespace>/<raycluster|rayjob|rayservice>/<name>/<session>/."});
    }
    rest.remove_prefix(is_last ? slash : slash + 1);
  }
  Result<SessionAddress> address = SessionAddress::parse(parts[0], parts[1], parts[2], parts[3]);
  if (!address) return Result<BasePath>(std::move(address).error());
  return Result<BasePath>(BasePath{*std::move(address), rest});
}

std::string relative_location(const BasePath& base, std::string_view session, std::string_view query) {
  std::string location;
  for (auto ups = std::count(base.rest.begin(), base.rest.end(), '/'); ups > 0; --ups)
    location += "../";
  location += session;
  location += base.rest.empty() ? "/" : base.rest;
  if (!query.empty()) location.append("?").append(query);
  return location;
}

}  // namespace rayhistory::historyserver
