// One GET to Ray's dashboard: with the token of the moment, bounded in time and length.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/client.h"
#include "http/url.h"
#include "ray/auth_token.h"

namespace rayhistory::collector {

enum class Asked {
  answered,     // status 200
  refused,      // 401 or 403: no token, or a wrong one
  no_token,     // one is configured and cannot be had; nothing was sent
  failed,       // any other status
  no_answer,    // none in time, none that is whole, or one too long
  unreachable,  // nobody listens
  interrupted,  // by the deadline, or its stop
};

struct DashboardAnswer {
  Asked asked;
  std::string body = {};    // when answered
  std::string reason = {};  // when not; for an operator, without the token
};

// Any thread.
class DashboardClient {
 public:
  // KubeRay's. What concerns Serve and Ray Data joins the cluster as a driver first: 23 s on a busy machine.
  static constexpr Nanoseconds kRequestTimeout = Seconds(30);
  // Held in memory once. 10,000 placement groups have 8 MB, as many tasks 15 MB.
  static constexpr uint64_t kAnswerLimitBytes = 32 * 1024 * 1024;

  // `http` and `clock` must outlive it. What `address` has of a path comes before every endpoint's.
  DashboardClient(const Url& address, TokenSource token, HttpClient& http, const Clock& clock);

  // `endpoint` is a path that begins with '/', and a query where it has one. Takes kRequestTimeout at the
  // most, `timeout` where that is less.
  DashboardAnswer get(std::string_view endpoint, const Deadline& deadline,
                      Nanoseconds timeout = kRequestTimeout) const;

 private:
  Url url_of(std::string_view endpoint) const;

  Url address_;
  const TokenSource token_;
  HttpClient& http_;
  const Clock& clock_;
};

}  // namespace rayhistory::collector
