// The HTTP/1.1 server: takes questions, has them answered by threads that may wait for a store, and sends the
// answers as fast as each client takes them.
//
// GET and HEAD alone are passed on; every other method is answered with 405, so that nothing that stands in
// front of a live cluster's address can change anything by asking here. What is sent, received and waited for
// has limits: a client that is slow or silent costs a socket for a while, and no thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/duration_histogram.h"
#include "base/result.h"
#include "historyserver/exchange/response.h"
#include "historyserver/exchange/web_request.h"
#include "historyserver/web/answer_class.h"

namespace rayhistory::historyserver {

struct WebAnswers {
  // Called on the server's own thread, must wait for nothing: what is to be answered even while all threads
  // wait for a store. Nothing: `answer` is asked.
  std::function<std::optional<Response>(const WebRequest&)> at_once;
  // Called on one of the answering threads; may block.
  std::function<Response(const WebRequest&)> answer;
};

struct HttpServerLimits {
  // A browser opens six; beyond this the longest idle one gives way.
  size_t connections = 1024;
  // They wait for stores and for sessions to be loaded far more than they compute.
  size_t threads = 64;
  uint32_t header_bytes = 32 * 1024;       // with cookies of others on the same host
  Nanoseconds request_time = Seconds(10);  // of a new connection, until its header is here
  Nanoseconds idle_time = Seconds(60);     // between two requests
  // For each piece of an answer: the client has taken nothing for so long.
  Nanoseconds stall_time = Seconds(60);
  // For the answers that are made or on their way. A stored log takes 1 MiB of it while it is sent, and a
  // list half a MiB, however long it is.
  uint64_t answer_bytes = 256ULL << 20;
  // Who waits for memory so long gets 503. Ray's dashboard in front of us waits 30 s.
  Nanoseconds memory_patience = Seconds(25);
  // While others wait for memory, an answer whose client has taken nothing for so long is cut off.
  Nanoseconds pressed_stall_time = Seconds(2);
  // For reading and dropping what a client still sends when it has its last answer.
  Nanoseconds linger_time = Seconds(1);
};

struct HttpServerOptions {
  std::string address;   // empty: all
  uint16_t port = 8080;  // 0 takes a free one
  HttpServerLimits limits;
};

struct HttpServerFigures {
  uint64_t connections = 0;  // open now
  uint64_t refused_connections = 0;
  uint64_t answering = 0;  // questions being answered now
  struct Route {
    std::array<uint64_t, kStatusClasses> answers{};  // by StatusClass
    DurationHistogram::Counts times;                 // until the answer's first byte is there
  };
  std::array<Route, kRouteClasses> routes{};
  uint64_t answer_bytes = 0;  // of memory, for answers that are made or on their way
  uint64_t cut_answers = 0;   // that could not be sent whole
  uint64_t body_bytes = 0;    // sent

  const Route& of(RouteClass route) const { return routes.at(static_cast<size_t>(route)); }
  uint64_t answered(RouteClass route, StatusClass status) const {
    return of(route).answers.at(static_cast<size_t>(status));
  }
};

class HttpServer {
 public:
  HttpServer(HttpServerOptions options, WebAnswers answers, const Clock& clock);
  // Stops.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Listens when this returns. A host without IPv6 is fine. `exists`: the port is taken; `not_found`,
  // `invalid`: the address is none of this host's.
  Result<void> start();
  // Takes no more; answers under way have `grace` to get to their end. For good; may be called again.
  void stop(Nanoseconds grace = Nanoseconds::zero());

  // The one that is listened on. After start(); any thread.
  uint16_t port() const;
  // Any thread.
  HttpServerFigures figures() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace rayhistory::historyserver
