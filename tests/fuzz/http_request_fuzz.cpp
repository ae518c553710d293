// Bytes as a client sends them, to each of the three servers: no request ends a server's loop, every answer
// is HTTP, and a connection with an ordinary request is answered afterwards.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/clock.h"
#include "historyserver/web/http_server.h"
#include "ingest/event_server.h"
#include "status/status_server.h"

namespace {

using namespace rayhistory;  // NOLINT(google-build-using-namespace)

// A server that has not answered within this time has lost the request.
constexpr timeval kPatience{.tv_sec = 5, .tv_usec = 0};
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

// The server's answer to these bytes until it closes.
std::string answer_to(uint16_t port, std::string_view bytes) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(socket >= 0);
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  // The kernel would otherwise keep the port of each of many thousand connections for a minute.
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  ::shutdown(socket, SHUT_WR);
  std::string answer;
  std::array<char, 4096> block;
  while (true) {
    const ssize_t got = ::recv(socket, block.data(), block.size(), 0);
    CHECK(got >= 0 || errno == ECONNRESET);
    if (got <= 0) break;
    answer.append(block.data(), static_cast<size_t>(got));
  }
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(socket);
  return answer;
}

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
