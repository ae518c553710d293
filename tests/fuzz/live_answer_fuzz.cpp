// A running cluster's head answers with whatever bytes it likes. The exchange with it comes to an end, and
// what comes back is an answer: a status that browsers know, headers of the short list alone, each of one
// line, and a type that no browser runs.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "historyserver/exchange/inert_type.h"
#include "historyserver/exchange/web_request.h"
#include "historyserver/live/live_clusters.h"
#include "question.h"

namespace {

using namespace rayhistory;
using namespace rayhistory::historyserver;

constexpr std::array<std::string_view, 9> kAllowed = {
    "Accept-Ranges",    "Cache-Control", "Content-Disposition",
    "Content-Encoding", "Content-Range", "ETag",
    "Last-Modified",    "Retry-After",   "Vary"};

constexpr std::array<std::string_view, 4> kTargets = {
    "/api/v0/tasks?detail=1", "/api/jobs/sub/logs",
    "/api/v0/logs/file?node_id=aa&filename=runtime_env_agent.log", "/static/picture.png"};

// Answers each connection with the same bytes, and ends it.
class Head {
 public:
  Head() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    CHECK(listener_ >= 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    CHECK(::listen(listener_, SOMAXCONN) == 0);
    CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) == 0);
    port_ = ntohs(address.sin_port);
    // It serves for as long as the process lives.
    std::thread([this] { serve(); }).detach();
  }

  uint16_t port() const { return port_; }
  void set(std::string_view answer) {
    const std::lock_guard lock(mutex_);
    answer_ = answer;
  }

 private:
  void serve() {
    while (true) {
      const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection < 0) continue;
      read_request(connection);
      std::string answer;
      {
        const std::lock_guard lock(mutex_);
        answer = answer_;
      }
      for (std::string_view rest = answer; !rest.empty();) {
        const ssize_t sent = ::send(connection, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent <= 0) break;
        rest.remove_prefix(static_cast<size_t>(sent));
      }
      ::close(connection);
    }
  }

  static void read_request(int connection) {
    std::string request;
    std::array<char, 4096> block;
    while (request.find("\r\n\r\n") == std::string::npos) {
      const ssize_t got = ::recv(connection, block.data(), block.size(), 0);
      if (got <= 0) return;
      request.append(block.data(), static_cast<size_t>(got));
    }
  }

  const int listener_;
  uint16_t port_ = 0;
  std::mutex mutex_;
  std::string answer_;
};

struct View {
  View() : clusters(access(), KubernetesRate{}, {.through_kubernetes = true}, system_clock()) {}

  KubernetesAccess access() const {
    KubernetesAccess access;
    access.server = *parse_url("http://127.0.0.1:" + std::to_string(head.port()), Scheme::http);
    access.server.encoded_path.clear();
    return access;
  }

  Head head;
  LiveClusters clusters;
  LiveSession session{
      *parse_ray_cluster(
          R"({"metadata":{"name":"c","namespace":"ml"},"spec":{},"status":{"head":{"serviceName":"c-head"}}})"),
      std::nullopt};
};

void check_answer(Response response) {
  CHECK(response.status >= 200 && response.status <= 599);
  CHECK(response.status / 100 != 3 || response.status == 304);
  CHECK(inert_type(response.content_type) == response.content_type);
  check_headers(response);
  for (const auto& header : response.headers)
    CHECK(std::find(kAllowed.begin(), kAllowed.end(), header.first) != kAllowed.end());
  while (response.pieces) {
    const Result<std::string> piece = response.pieces->next();
    if (!piece || piece->empty()) break;
    CHECK(piece->size() <= BodyPieces::kLongestPieceBytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static View view;
  view.head.set({reinterpret_cast<const char*>(data), size});
  for (const std::string_view target : kTargets) {
    for (const Method method : {Method::get, Method::head})
      check_answer(view.clusters.answer(view.session, {method, "/ignored", {}}, target));
  }
  return 0;
}
