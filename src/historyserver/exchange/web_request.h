// A request as it came, before anybody has asked which session it is for.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "historyserver/exchange/request.h"

namespace rayhistory::historyserver {

struct WebRequest {
  Method method = Method::get;
  std::string target;  // "/api/v0/tasks?limit=10", percent-encoded
  std::vector<std::pair<std::string, std::string>> headers;
  // The host and port that the client asked for, as it wrote them; empty where an HTTP/1.0 request names
  // none.
  std::string authority{};

  // The first of that name, in any case; empty where there is none.
  std::string_view header(std::string_view name) const;
  // Encoded, without the query.
  std::string_view path() const;
  // Encoded, without '?'.
  std::string_view query() const;
};

// Header names compare without case (RFC 9110).
bool is_same_header(std::string_view a, std::string_view b);

}  // namespace rayhistory::historyserver
