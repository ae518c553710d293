// One HTTP exchange: an HttpRequest goes out, an HttpResponse comes back. No retries, no redirects, no
// cookies.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "http/body.h"
#include "http/url.h"

namespace rayhistory {

enum class HttpMethod { get, head, put, post, del };
std::string_view name_of(HttpMethod method);

// In the order they are sent. Names compare without case.
class Headers {
 public:
  void set(std::string_view name, std::string_view value);  // replaces
  void add(std::string_view name, std::string_view value);  // beside one of the same name
  void remove(std::string_view name);
  // Nothing where there is none; the first of several.
  std::optional<std::string_view> find(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

struct HttpResponse {
  int status = 0;
  Headers headers;
  std::string body;
};

struct HttpRequest {
  HttpMethod method = HttpMethod::get;
  Url url;
  Headers headers;
  const Body* body = nullptr;  // null: none; its size becomes Content-Length
  // A response body longer than this is an `invalid` error. Generous for what a store answers: a page of
  // 1,000 listed keys of 1,024 bytes each, with XML around.
  uint64_t response_limit_bytes = 4 * 1024 * 1024;
  // The exchange is given up when no byte has moved in either direction for this long. There is no limit in
  // all but the deadline's: a large body over a slow line takes what it takes. Longer where the server works
  // before it answers; a sixth of it where the deadline is in a hurry.
  Nanoseconds stall_timeout = Seconds(60);
  // When set, a 2xx body goes here piece by piece instead of into HttpResponse::body, without limit; `answer`
  // has the status and the headers. A Result with an error ends the exchange with that error.
  std::function<Result<void>(const HttpResponse& response, std::string_view piece)> on_body;
};

// Any thread may send; exchanges of several threads run side by side.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // Any status is an HttpResponse. Errors: `cancelled` (deadline or stop), `retry` (nothing can have reached
  // the server: no address, no connection, TLS refused), `unknown_outcome` (the request may have reached it,
  // the answer did not come whole), `invalid` (the body can't be read, the answer is too long or no HTTP).
  virtual Result<HttpResponse> send(const HttpRequest& request, const Deadline& deadline) = 0;
};

}  // namespace rayhistory
