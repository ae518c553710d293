// Questions to the Kubernetes API: GET alone, bounded in rate, time and length.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "historyserver/live/kubernetes_access.h"
#include "http/curl_client.h"
#include "http/url.h"

namespace rayhistory::historyserver {

// As client-go bounds a client: so many questions a second, and so many at once after a pause.
struct KubernetesRate {
  uint32_t per_second = 100;
  uint32_t burst = 200;
};

// Any thread.
class KubernetesClient {
 public:
  // `clock` must outlive it.
  KubernetesClient(KubernetesAccess access, KubernetesRate rate, const Clock& clock);

  // The answer's JSON. `path` begins with '/' and is encoded. Errors: `not_found`; `denied` (401, 403, no
  // token); `invalid` (an answer that cannot be, or one above `limit_bytes`); `retry` for all else;
  // `cancelled`. None shows a token.
  Result<std::string> get(std::string_view path, const QueryParameters& query, uint64_t limit_bytes,
                          const Deadline& deadline);

  // A watch: each line of the answer goes to `on_line`, whose error ends it with that error. Returns when the
  // API server has ended it. A line above `limit_bytes` is `invalid`; a version that is too old (410) is
  // `not_found`. Else as get().
  Result<void> watch(std::string_view path, const QueryParameters& query, uint64_t limit_bytes,
                     const std::function<Result<void>(std::string_view line)>& on_line,
                     const Deadline& deadline);

  const KubernetesAccess& access() const { return access_; }
  // For requests that go through the API server to somebody behind it: with its authorities and our
  // certificate.
  CurlClient& http() { return http_; }

 private:
  Result<HttpRequest> request_for(std::string_view path, const QueryParameters& query) const;
  Result<HttpResponse> send(const HttpRequest& request, const Deadline& deadline);
  Error refusal(std::string_view path, const HttpResponse& response) const;
  // Returns when it is this question's turn.
  Result<void> wait_for_turn(const Deadline& deadline);

  const KubernetesAccess access_;
  const KubernetesRate rate_;
  const Clock& clock_;
  CurlClient http_;
  std::mutex mutex_;
  // Until when the questions that were taken use up the rate.
  SteadyTime used_until_;
};

// Says once that something does not work, and once that it works again, however often it is tried. Any
// thread.
class TroubleLog {
 public:
  // `what` is one of a few: "list RayClusters".
  void failed(const std::string& what, const Error& error);
  // With a message of its own.
  void failed(const std::string& what, const Error& error, std::string_view message);
  void went_well(const std::string& what);

 private:
  std::mutex mutex_;
  std::set<std::string, std::less<>> failing_;
};

}  // namespace rayhistory::historyserver
