// A session in the URL: /c/<namespace>/<kind>/<name>/<session>/ in front of every path of the dashboard. The
// frontend's URLs are relative and Ray's CLI takes such an address, so that several sessions can be looked at
// side by side, and a link shows everyone the same.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "historyserver/sessions/session_address.h"

namespace rayhistory::historyserver {

struct BasePath {
  SessionAddress address;
  // What follows, still encoded: "/api/v0/tasks"; empty where not even the slash does.
  std::string_view rest;
};

// Nothing where `path` (encoded, without a query) does not begin with "/c/". `invalid`: it does, but names no
// session; the message says what is wrong with it.
std::optional<Result<BasePath>> parse_base_path(std::string_view path);

// The same place below another session, relative to the path that `base` is of: for Location, which so holds
// behind a proxy that serves us below a path of its own.
std::string relative_location(const BasePath& base, std::string_view session, std::string_view query);

}  // namespace rayhistory::historyserver
