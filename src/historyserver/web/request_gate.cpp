#include "historyserver/web/request_gate.h"

#include <string_view>

#include <fmt/format.h>

namespace rayhistory::historyserver {
namespace {

constexpr int kMisdirected = 421;
constexpr int kForbidden = 403;

bool is_by_another_site(const WebRequest& request) {
  const std::string_view site = request.header("Sec-Fetch-Site");
  return site == "cross-site" || site == "same-site";
}

// In the browser's window or tab. A frame is a navigation, too: which pages may have one is for the answer's
// frame-ancestors to say.
bool is_navigation(const WebRequest& request) {
  const std::string_view target = request.header("Sec-Fetch-Dest");
  return request.header("Sec-Fetch-Mode") == "navigate" && target != "object" && target != "embed";
}

}  // namespace

std::optional<Response> refuse_at_gate(const WebRequest& request, const AllowedHosts& hosts) {
  if (!hosts.allows(request.authority)) {
    return text_response(
        kMisdirected,
        fmt::format(
            "This History Server does not answer to the host \"{}\". If it is its name, start it with "
            "--allowed-hosts (ALLOWED_HOSTS) and that name.",
            request.authority));
  }
  if (!is_by_another_site(request)) return std::nullopt;
  if (request.path().starts_with("/enter_cluster/")) {
    return text_response(kForbidden,
                         "A page of another site cannot choose a session. Link to "
                         "/c/{namespace}/{kind}/{name}/{session}/ instead.");
  }
  if (!is_navigation(request))
    return text_response(kForbidden, "A page of another site cannot read what the History Server answers.");
  return std::nullopt;
}

}  // namespace rayhistory::historyserver
