#include "status/status_server.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <functional>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class Client {
 public:
  explicit Client(uint16_t port, uint32_t address = INADDR_LOOPBACK)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(port);
    where.sin_addr.s_addr = htonl(address);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&where), sizeof where), 0);
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(std::string_view bytes) const {
    EXPECT_EQ(::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  // Everything until the server closes.
  std::string read_to_end() const {
    std::string received;
    std::array<char, 4096> block;
    while (true) {
      const ssize_t got = ::recv(socket_, block.data(), block.size(), 0);
      if (got <= 0) return received;
      received.append(block.data(), static_cast<size_t>(got));
    }
  }

 private:
  const int socket_;
};

std::string get(std::string_view path, std::string_view verb = "GET") {
  return std::string(verb) + " " + std::string(path) + " HTTP/1.1\r\nHost: x\r\n\r\n";
}

class StatusServerTest : public testing::Test {
 protected:
  void start(StatusServerLimits limits = {}) {
    server_ = std::make_unique<StatusServer>(StatusServerOptions{address_, 0, limits},
                                             StatusAnswers{.metrics = [] { return std::string("up 1\n"); },
                                                           .alive = [this] { return alive_; },
                                                           .ready = [this] { return ready_; }});
    const Result<void> started = server_->start();
    ASSERT_TRUE(started) << started.error().message;
  }
  std::string ask(std::string_view request) const {
    const Client client(server_->port());
    client.send(request);
    return client.read_to_end();
  }

  std::string address_;
  Result<void> alive_;
  Result<void> ready_;
  std::unique_ptr<StatusServer> server_;
};

TEST_F(StatusServerTest, AnswersAScrape) {
  start();
  EXPECT_THAT(ask(get("/metrics")),
              AllOf(StartsWith("HTTP/1.1 200 OK\r\n"),
                    HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"),
                    HasSubstr("Connection: close\r\n"), EndsWith("\r\n\r\nup 1\n")));
  EXPECT_THAT(ask(get("/metrics?name[]=up")), EndsWith("up 1\n"));
}

TEST_F(StatusServerTest, SaysWhatIsWrong) {
  alive_ = Error{ErrorKind::retry, "the loop stands still"};
  start();
  EXPECT_THAT(ask(get("/healthz")),
              AllOf(StartsWith("HTTP/1.1 503"), EndsWith("\r\n\r\nthe loop stands still\n")));
  EXPECT_THAT(ask(get("/readyz")), AllOf(StartsWith("HTTP/1.1 200"), EndsWith("\r\n\r\nok\n")));
}

TEST_F(StatusServerTest, TellsReadinessFromLiveness) {
  ready_ = Error{ErrorKind::denied, "no journal"};
  start();
  EXPECT_THAT(ask(get("/healthz")), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ask(get("/readyz")), AllOf(StartsWith("HTTP/1.1 503"), EndsWith("no journal\n")));
}

TEST_F(StatusServerTest, AnswersHeadWithoutABody) {
  start();
  EXPECT_THAT(ask(get("/metrics", "HEAD")),
              AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Content-Length: 5\r\n"), EndsWith("\r\n\r\n")));
}

TEST_F(StatusServerTest, RefusesOtherPathsAndVerbs) {
  start();
  EXPECT_THAT(ask(get("/")), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(ask(get("/metrics/")), StartsWith("HTTP/1.1 404"));
  for (const std::string_view verb : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    EXPECT_THAT(ask(get("/metrics", verb)),
                AllOf(StartsWith("HTTP/1.1 405"), HasSubstr("Allow: GET, HEAD\r\n")));
  }
}

TEST_F(StatusServerTest, RefusesWhatIsNoHttp) {
  start();
  EXPECT_THAT(ask("hello\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask("GET /metrics HTTP/1.1\r\nX: " + std::string(1'000'000, 'x')), StartsWith("HTTP/1.1 431"));
  EXPECT_THAT(ask("GET /metrics HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask("GET /metrics HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask("GET /metrics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n"),
              StartsWith("HTTP/1.1 501"));
  EXPECT_THAT(ask(get("/metrics")), StartsWith("HTTP/1.1 200"));
}

TEST_F(StatusServerTest, ListensOnMoreThanLoopbackAlone) {
  start();
  // Of 127.0.0.0/8 an address that only a listener on all of them answers.
  const Client client(server_->port(), INADDR_LOOPBACK + 1);
  client.send(get("/healthz"));
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 200"));
}

TEST_F(StatusServerTest, ListensOnlyWhereItIsToldTo) {
  address_ = "127.0.0.2";
  start();
  const Client client(server_->port(), INADDR_LOOPBACK + 1);
  client.send(get("/healthz"));
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 200"));
  StatusServer elsewhere({"127.0.0.1", server_->port(), {}}, {});
  EXPECT_TRUE(elsewhere.start());
}

TEST_F(StatusServerTest, SaysThatItsAddressIsNoneOfThisHosts) {
  StatusServer server({"192.0.2.1", 0, {}}, {});
  const Result<void> started = server.start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("192.0.2.1"));
}

TEST_F(StatusServerTest, TheOldestConnectionGivesWay) {
  start({.connections = 2, .request_time = Seconds(600)});
  const Client first(server_->port());
  const Client second(server_->port());
  EXPECT_THAT(ask(get("/healthz")), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(first.read_to_end(), "");
  second.send(get("/healthz"));
  EXPECT_THAT(second.read_to_end(), StartsWith("HTTP/1.1 200"));
}

TEST_F(StatusServerTest, WaitsForARequestOnlySoLong) {
  start({.request_time = Milliseconds(20)});
  const Client client(server_->port());
  client.send("GET /metr");
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(StatusServerTest, SaysThatThePortIsTaken) {
  start();
  StatusServer second({"", server_->port(), {}}, {});
  const Result<void> started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::exists);
  EXPECT_THAT(started.error().message, HasSubstr(std::to_string(server_->port())));
}

TEST_F(StatusServerTest, StopsUnderOpenConnections) {
  start({.request_time = Seconds(600)});
  const Client client(server_->port());
  client.send("GET ");
  server_->stop();
  EXPECT_EQ(client.read_to_end(), "");
  server_->stop();
}

}  // namespace
}  // namespace rayhistory
