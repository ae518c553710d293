// The HTTP server that Ray's event aggregator agent posts to: POST /v1/events, a JSON array of events.
//
//   200 {"stored":n,"rejected":m,"duplicate":d}   every event of the batch is on the disk
//   400   no HTTP (net/request_rules.h), or no     408   the request's header or body stalled
//         JSON array
//   404   another path                             405   another verb (Allow: POST)
//   413   above the body limit, plain or unpacked  415   a Content-Encoding that is not gzip or identity
//   431   the header is too long                   501   a Transfer-Encoding that is not chunked
//   503   disk full or failing, or too many requests (Retry-After)
//
// Errors are {"error": "..."}. One io_context, one thread, also for the disk writes that an answer waits for:
// Ray has one batch in flight. Slow clients, and many, are bounded by the limits below and cost the others
// nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/duration_histogram.h"
#include "base/result.h"
#include "journal/journal.h"

namespace rayhistory::collector {

struct EventServerLimits {
  // Fixed by the contract.
  size_t body_bytes = size_t{64} << 20;
  // Bodies up to this size are taken without waiting: with the connections below 32 MiB at the most.
  size_t small_body_bytes = size_t{64} << 10;
  // Of all larger bodies together: two of the largest.
  size_t body_memory_bytes = size_t{128} << 20;
  // Ray's agent has one, a person with curl another. Above it the one that has been idle longest is closed.
  size_t connections = 512;

  Nanoseconds idle_time = Seconds(60);    // between requests
  Nanoseconds header_time = Seconds(10);  // from a request's first byte to the end of its header
  Nanoseconds stall_time = Seconds(30);   // without a byte of the body, or of the answer
  // For the whole body, and to wait for memory: whoever holds memory that others wait for is not to sit on
  // it. Ray itself gives up after 3 s.
  Nanoseconds body_time = Seconds(60);
  // Of reading and dropping what a client still sends after an early refusal, so that it can read the answer.
  Nanoseconds linger_time = Seconds(5);
};

struct EventServerOptions {
  std::string address;   // --events-address: an IP address; empty or "localhost": loopback, IPv4 and IPv6
  uint16_t port = 8084;  // --events-port; 0 takes a free one
  EventServerLimits limits;
};

// Since the start: the requests that brought no batch to be taken. Those with a batch are in the journal's
// totals.
struct EventServerTotals {
  uint64_t malformed = 0;  // no HTTP, another path, verb or encoding, broken gzip
  uint64_t too_large = 0;
  uint64_t stalled = 0;
  uint64_t busy = 0;  // too many connections, or large bodies, at once
  // From a request's header to its answer, for those that brought a batch: what Ray's agent waits for.
  DurationHistogram::Counts answer_times;
};

class EventServer {
 public:
  // Called on the server's thread. `invalid` is answered with 400, any other error with 503.
  using TakeBatch = std::function<Result<BatchOutcome>(std::string_view body)>;

  // `clock` must outlive it.
  EventServer(EventServerOptions options, const Clock& clock, TakeBatch take_batch);
  // Stops.
  ~EventServer();
  EventServer(const EventServer&) = delete;
  EventServer& operator=(const EventServer&) = delete;

  // Listens when this returns. A host without IPv6 is fine. `invalid`: the address is none of this host;
  // `exists`: the port is taken.
  Result<void> start();
  // Ends all connections. A batch that is being taken is taken to its end. May be called again.
  void stop();

  // The one that is listened on. After start(); any thread.
  uint16_t port() const;
  // When the last request for events began or was answered; at first, when the server was made. Any thread.
  SteadyTime quiet_since() const;
  // When the io_context's thread was last seen to be free for the next thing. Any thread.
  SteadyTime last_turn() const;
  // Any thread.
  EventServerTotals totals() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace rayhistory::collector
