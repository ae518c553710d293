// Which session a browser looks at: KubeRay's five cookies, set by /enter_cluster and checked on each
// request.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "historyserver/sessions/session_address.h"
#include "historyserver/sessions/stored_session.h"

namespace rayhistory::historyserver {

// Whether there is any of these cookies.
bool has_session_cookies(std::string_view cookie_header);
// From the header "Cookie". `invalid`, in KubeRay's words, where one is missing or cannot be.
Result<SessionAddress> session_of_cookies(std::string_view cookie_header);

// Whether a browser may send the cookies over plain HTTP, too.
enum class CookieTransport { any, https_only };

using CookieHeaders = std::vector<std::pair<std::string, std::string>>;
// Set-Cookie for the session; good for ten minutes from each answer on, as KubeRay's are. Unlike those they
// are out of reach of scripts (HttpOnly) and of what pages of other sites ask (SameSite=Lax; RFC 6265bis).
CookieHeaders set_session_cookies(const ClusterPlace& place, std::string_view session,
                                  CookieTransport transport);

}  // namespace rayhistory::historyserver
