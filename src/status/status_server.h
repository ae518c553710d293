// The HTTP server that Prometheus and the kubelet ask: GET or HEAD of /metrics, /healthz, /readyz, as far as
// the program answers them.
//
//   200   the metrics (text format 0.0.4); "ok"   404   another path
//   400   no HTTP (net/request_rules.h)           405   another verb (Allow: GET, HEAD)
//   431   the header is too long                  501   a Transfer-Encoding that is not chunked
//   503   /healthz, /readyz: and what is wrong, one line
//
// It listens on all addresses unless --metrics-address says otherwise, because those who ask are not in the
// pod. So everyone who reaches the pod can ask, but only so much: one request a connection, little time for
// it, few connections, of which the oldest gives way. A thread of its own, so that it answers while the event
// server's thread waits for a disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace rayhistory {

// All are called on the server's thread, and must wait for nothing. Without a function there is no such path.
struct StatusAnswers {
  std::function<std::string()> metrics;
  std::function<Result<void>()> alive;  // /healthz
  std::function<Result<void>()> ready;  // /readyz
};

struct StatusServerLimits {
  // Two Prometheus servers, the kubelet, a person: whoever has had its answer is gone.
  size_t connections = 32;
  Nanoseconds request_time = Seconds(5);  // from the connection's start to the end of the header
  Nanoseconds answer_time = Seconds(10);  // Prometheus itself gives up after 10 s
  // For reading and dropping what a client still sends when it has its answer.
  Nanoseconds linger_time = Seconds(1);
};

struct StatusServerOptions {
  std::string address;   // --metrics-address: an IP address or a host name; empty: all
  uint16_t port = 8085;  // --metrics-port; 0 takes a free one
  StatusServerLimits limits;
};

class StatusServer {
 public:
  StatusServer(StatusServerOptions options, StatusAnswers answers);
  // Stops.
  ~StatusServer();
  StatusServer(const StatusServer&) = delete;
  StatusServer& operator=(const StatusServer&) = delete;

  // Listens when this returns. A host without IPv6 is fine. `exists`: the port is taken; `not_found`,
  // `invalid`: the address is none of this host's.
  Result<void> start();
  // Ends all connections, for good. May be called again.
  void stop();

  // The one that is listened on. After start(); any thread.
  uint16_t port() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace rayhistory
