// Bytes as a client sends them, to each of the three servers: no request ends a server's loop, every answer
// is HTTP, and a connection with an ordinary request is answered afterwards.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/clock.h"
#include "historyserver/web/http_server.h"
#include "ingest/event_server.h"
#include "loopback.h"
#include "status/status_server.h"

namespace {

using namespace rayhistory;
using namespace rayhistory::historyserver;
using namespace rayhistory::collector;

// Another connection is tried after so many inputs: it doubles the cost of an input.
constexpr uint64_t kProbeEvery = 16;

struct Servers {
  Servers() {
    CHECK(events.start());
    CHECK(status.start());
    CHECK(history.start());
  }
  EventServer events{{.address = "127.0.0.1", .port = 0, .limits = {}},
                     system_clock(),
                     [](std::string_view) -> Result<BatchOutcome> { return BatchOutcome{}; }};
  StatusServer status{{.address = "127.0.0.1", .port = 0, .limits = {}},
                      {.metrics = [] { return std::string("up 1\n"); }, .alive = {}, .ready = {}}};
  HttpServer history{
      {.address = "127.0.0.1", .port = 0, .limits = {.threads = 2}},
      {.at_once = [](const WebRequest&) -> std::optional<Response> { return text_response(200, "ok"); },
       .answer = [](const WebRequest&) { return text_response(200, "ok"); }},
      system_clock()};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Servers servers;
  static uint64_t inputs = 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const uint16_t port : {servers.events.port(), servers.status.port(), servers.history.port()}) {
    const std::string answer = answer_to(port, bytes);
    CHECK(answer.empty() || answer.starts_with("HTTP/1.1 ") || answer.starts_with("HTTP/1.0 "));
    if (++inputs % kProbeEvery != 0) continue;
    CHECK(answer_to(port, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
              .starts_with("HTTP/1.1 "));
  }
  return 0;
}
