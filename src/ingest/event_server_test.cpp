#include "ingest/event_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

namespace rayhistory::collector {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// A client that does exactly what it is told, well-behaved or not.
class Client {
 public:
  explicit Client(uint16_t port, bool ipv6 = false) {
    socket_ = ::socket(ipv6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(port);
    six.sin6_addr = in6addr_loopback;
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ipv6 ? ::connect(socket_, reinterpret_cast<sockaddr*>(&six), sizeof six) == 0
                      : ::connect(socket_, reinterpret_cast<sockaddr*>(&four), sizeof four) == 0;
  }
  ~Client() { ::close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const { return connected_; }

  // False when the server no longer takes it.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // The next answer, header and body; what there was of it when the connection ends before.
  std::string read_answer() {
    while (true) {
      const size_t end = received_.find("\r\n\r\n");
      if (end != std::string::npos) {
        size_t length = 0;
        const size_t field = received_.find("Content-Length: ");
        if (field < end) length = std::stoul(received_.substr(field + 16));
        const size_t whole = end + 4 + length;
        if (received_.size() >= whole) {
          std::string answer = received_.substr(0, whole);
          received_.erase(0, whole);
          return answer;
        }
      }
      if (!receive()) return std::exchange(received_, {});
    }
  }
  // Everything until the server closes.
  std::string read_to_end() {
    while (receive()) {
    }
    return std::exchange(received_, {});
  }
  void finish_sending() const { ::shutdown(socket_, SHUT_WR); }

 private:
  bool receive() {
    std::array<char, 4096> block;
    const ssize_t got = ::recv(socket_, block.data(), block.size(), 0);
    if (got <= 0) return false;
    received_.append(block.data(), static_cast<size_t>(got));
    return true;
  }

  int socket_ = -1;
  bool connected_ = false;
  std::string received_;
};

std::string post(std::string_view body, std::string_view headers = "") {
  return "POST /v1/events HTTP/1.1\r\nHost: localhost:8084\r\nContent-Type: application/json\r\n" +
         std::string(headers) + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

std::string chunked(const std::vector<std::string>& chunks) {
  std::string request = "POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& chunk : chunks) {
    std::array<char, 32> size;
    std::snprintf(size.data(), size.size(), "%zx\r\n", chunk.size());
    request += size.data() + chunk + "\r\n";
  }
  return request + "0\r\n\r\n";
}

std::string gzip(std::string_view plain) {
  z_stream stream{};
  ::deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string packed(::deflateBound(&stream, plain.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ::deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  ::deflateEnd(&stream);
  return packed;
}

class EventServerTest : public testing::Test {
 protected:
  void SetUp() override {
    options_.port = 0;
    start();
  }
  void TearDown() override {
    if (server_) server_->stop();
  }

  void start() {
    server_.reset();
    server_ = std::make_unique<EventServer>(options_, system_clock(), [this](std::string_view body) {
      const std::lock_guard lock(mutex_);
      bodies_.emplace_back(body);
      return answer_(body);
    });
    const Result<void> started = server_->start();
    ASSERT_TRUE(started) << started.error().message;
  }

  uint16_t port() const { return server_->port(); }
  std::vector<std::string> bodies() {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }
  std::string ask(std::string_view request) {
    Client client(port());
    client.send(request);
    return client.read_answer();
  }

  EventServerOptions options_;
  std::function<Result<BatchOutcome>(std::string_view)> answer_ = [](std::string_view) {
    return Result<BatchOutcome>(BatchOutcome{.stored = 1, .rejected = 2, .duplicate = 3});
  };
  std::mutex mutex_;
  std::vector<std::string> bodies_;
  std::unique_ptr<EventServer> server_;
};

constexpr std::string_view kTaken = "{\"stored\":1,\"rejected\":2,\"duplicate\":3}";

TEST_F(EventServerTest, TakesABatch) {
  const std::string answer = ask(post("[{}]"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(answer, testing::EndsWith(kTaken));
  EXPECT_EQ(bodies(), std::vector<std::string>{"[{}]"});
}

TEST_F(EventServerTest, ListensOnIpv6LoopbackWhereTheHostHasOne) {
  Client client(port(), true);
  if (!client.connected()) GTEST_SKIP() << "this host has no IPv6 loopback";
  client.send(post("[]"));
  EXPECT_THAT(client.read_answer(), HasSubstr("200 OK"));
}

TEST_F(EventServerTest, KeepsTheConnectionAndTakesRequestsSentAhead) {
  Client client(port());
  std::string requests;
  for (int i = 0; i < 20; ++i)
    requests += post("[" + std::to_string(i) + "]");
  client.send(requests);
  for (int i = 0; i < 20; ++i)
    EXPECT_THAT(client.read_answer(), HasSubstr(kTaken)) << i;
  const std::vector<std::string> taken = bodies();
  ASSERT_EQ(taken.size(), 20u);
  EXPECT_EQ(taken[0], "[0]");
  EXPECT_EQ(taken[19], "[19]");
}

TEST_F(EventServerTest, ClosesWhenAsked) {
  Client client(port());
  client.send(post("[]", "Connection: close\r\n"));
  EXPECT_THAT(client.read_to_end(), HasSubstr(kTaken));
  Client old(port());
  old.send("POST /v1/events HTTP/1.0\r\nContent-Length: 2\r\n\r\n[]");
  EXPECT_THAT(old.read_to_end(), HasSubstr(kTaken));
}

TEST_F(EventServerTest, TakesARequestByteByByte) {
  Client client(port());
  for (const char byte : post("[1,2,3]"))
    ASSERT_TRUE(client.send(std::string_view(&byte, 1)));
  EXPECT_THAT(client.read_answer(), HasSubstr(kTaken));
  EXPECT_EQ(bodies(), std::vector<std::string>{"[1,2,3]"});
}

TEST_F(EventServerTest, RefusesOtherPathsAndVerbs) {
  Client client(port());
  client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_answer(), testing::AllOf(StartsWith("HTTP/1.1 404"), HasSubstr("{\"error\":")));
  client.send("GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_answer(), testing::AllOf(StartsWith("HTTP/1.1 405"), HasSubstr("Allow: POST\r\n")));
  client.send("DELETE /v1/events HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 405"));
  client.send("POST /v1/event HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 404"));
  client.send(post("[]"));  // and the connection has not suffered
  EXPECT_THAT(client.read_answer(), HasSubstr(kTaken));
  EXPECT_EQ(bodies().size(), 1u);
}

TEST_F(EventServerTest, AnswersHeadWithoutABody) {
  Client client(port());
  client.send("HEAD /v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.read_to_end(),
              testing::AllOf(StartsWith("HTTP/1.1 405"), testing::EndsWith("\r\n\r\n")));
}

TEST_F(EventServerTest, RefusesABatchThatIsNone) {
  answer_ = [](std::string_view) {
    return Result<BatchOutcome>(Error{ErrorKind::invalid, "no \"array\"\n"});
  };
  EXPECT_THAT(ask(post("{}")),
              testing::AllOf(StartsWith("HTTP/1.1 400"), testing::EndsWith(R"({"error":"no \"array\"\n"})")));
}

TEST_F(EventServerTest, AsksToComeAgainWhenTheDiskIsFullOrFails) {
  for (const ErrorKind kind :
       {ErrorKind::no_space, ErrorKind::retry, ErrorKind::denied, ErrorKind::not_found}) {
    {
      const std::lock_guard lock(mutex_);
      answer_ = [kind](std::string_view) { return Result<BatchOutcome>(Error{kind, "full"}); };
    }
    EXPECT_THAT(ask(post("[]")), testing::AllOf(StartsWith("HTTP/1.1 503"), HasSubstr("Retry-After: 5\r\n"),
                                                testing::EndsWith(R"({"error":"full"})")));
  }
}

TEST_F(EventServerTest, RefusesWhatIsNoHttp) {
  Client client(port());
  client.send("this is not HTTP\r\n\r\n");
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 400"));
  Client tls(port());
  tls.send(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(100, 'x') +
           "\r\n\r\n");
  tls.finish_sending();
  tls.read_to_end();
  Client length(port());
  length.send("POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n");
  EXPECT_THAT(length.read_to_end(), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask(post("[]")), HasSubstr(kTaken));
}

TEST_F(EventServerTest, RefusesAnEndlessHeader) {
  Client client(port());
  client.send("POST /v1/events HTTP/1.1\r\nHost: x\r\n");
  for (int i = 0; i < 1'000 && client.send("X-Long: " + std::string(100, 'x') + "\r\n"); ++i) {
  }
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 431"));
}

// Boost.Beast throws for a field above 65,533 bytes, out of the loop that all connections share.
TEST_F(EventServerTest, RefusesALongTrailerAndGoesOn) {
  for (const size_t size : {size_t{100}, size_t{15'000}, size_t{40'000}, size_t{65'533}, size_t{65'534},
                            size_t{70'000}, size_t{1} << 20}) {
    Client client(port());
    client.send(
        "POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\nX-T: ");
    client.send(std::string(size, 'x'));
    client.send("\r\n\r\n");
    const std::string answer = client.read_answer();
    EXPECT_THAT(answer, StartsWith(size > 16'384 ? "HTTP/1.1 400" : "HTTP/1.1 200")) << size;
  }
  EXPECT_THAT(ask(post("[]")), HasSubstr(kTaken));
}

TEST_F(EventServerTest, RefusesBodiesThatAreAllFraming) {
  const std::string header = "POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string extended = "1;" + std::string(10'000, 'e') + "\r\n \r\n";
  Client chunks(port());
  chunks.send(header);
  for (int i = 0; i < 1'000 && chunks.send(extended); ++i) {
  }
  EXPECT_THAT(chunks.read_to_end(), StartsWith("HTTP/1.1 400"));
  Client one_line(port());
  one_line.send(header + "1;");
  for (int i = 0; i < 1'000 && one_line.send(std::string(10'000, 'e')); ++i) {
  }
  EXPECT_THAT(one_line.read_to_end(), StartsWith("HTTP/1.1 400"));
  Client trailers(port());
  trailers.send(header + "2\r\n[]\r\n0\r\n");
  for (int i = 0; i < 10'000 && trailers.send("X-T: " + std::string(1'000, 'x') + "\r\n"); ++i) {
  }
  EXPECT_THAT(trailers.read_to_end(), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask(post("[]")), HasSubstr(kTaken));
}

TEST_F(EventServerTest, NeverTakesABodyForTheNextRequest) {
  const std::string smuggled = post("[\"smuggled\"]");
  for (const std::string fields : {"Transfer-Encoding: identity", "Transfer-Encoding: xchunked",
                                   "Transfer-Encoding: chunked, identity"}) {
    Client client(port());
    client.send("POST /v1/events HTTP/1.1\r\nHost: x\r\n");
    client.send(fields);
    client.send("\r\n\r\n");
    client.send(smuggled);
    const std::string answers = client.read_to_end();
    EXPECT_THAT(answers, StartsWith("HTTP/1.1 501")) << fields;
    EXPECT_THAT(answers, Not(HasSubstr(" 200 "))) << fields;
  }
  EXPECT_THAT(bodies(), IsEmpty());
}

TEST_F(EventServerTest, SurvivesAClientThatGoesAwayAnywhere) {
  const std::string request = post("[1,2,3]");
  for (size_t length = 0; length < request.size(); ++length) {
    Client client(port());
    client.send(std::string_view(request).substr(0, length));
  }
  EXPECT_THAT(ask(request), HasSubstr(kTaken));
  EXPECT_EQ(bodies().size(), 1u);
}

// Bodies.

TEST_F(EventServerTest, TakesAChunkedBody) {
  EXPECT_THAT(ask(chunked({"[1", ",2,", "3]"})), HasSubstr(kTaken));
  EXPECT_EQ(bodies(), std::vector<std::string>{"[1,2,3]"});
}

TEST_F(EventServerTest, TakesLargeBodies) {
  options_.limits.body_bytes = 3 << 20;
  options_.limits.body_memory_bytes = 6 << 20;
  start();
  const std::string body(3 << 20, ' ');
  EXPECT_THAT(ask(post(body)), HasSubstr(kTaken));
  EXPECT_THAT(ask(chunked(std::vector<std::string>(3, std::string(1 << 20, ' ')))), HasSubstr(kTaken));
  EXPECT_THAT(ask(post(gzip(body), "Content-Encoding: gzip\r\n")), HasSubstr(kTaken));
  EXPECT_EQ(bodies(), std::vector<std::string>(3, body));
}

TEST_F(EventServerTest, RefusesABodyThatIsTooLong) {
  options_.limits.body_bytes = 1 << 20;
  options_.limits.body_memory_bytes = 2 << 20;
  start();
  const std::string body((1 << 20) + 1, ' ');
  EXPECT_THAT(ask(post(body)), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(ask(chunked({body})), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(ask(post(gzip(body), "Content-Encoding: gzip\r\n")), StartsWith("HTTP/1.1 413"));
  EXPECT_TRUE(bodies().empty());
  EXPECT_THAT(ask(post("[]")), HasSubstr(kTaken));
}

TEST_F(EventServerTest, LetsAClientThatIsStillSendingReadItsRefusal) {
  Client client(port());
  // More than fits into the sockets' buffers: a connection closed at once would be reset before the answer is
  // read.
  EXPECT_TRUE(client.send(post(std::string(70 << 20, ' '))));
  EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 413"));
}

TEST_F(EventServerTest, UnpacksGzip) {
  EXPECT_THAT(ask(post(gzip("[1]"), "Content-Encoding: gzip\r\n")), HasSubstr(kTaken));
  EXPECT_THAT(ask(post(gzip("[1,") + gzip("2]"), "Content-Encoding: GZIP\r\n")), HasSubstr(kTaken));
  EXPECT_THAT(ask(post("[3]", "Content-Encoding: identity\r\n")), HasSubstr(kTaken));
  EXPECT_EQ(bodies(), (std::vector<std::string>{"[1]", "[1,2]", "[3]"}));
}

TEST_F(EventServerTest, RefusesDamagedGzip) {
  const std::string packed = gzip("[1,2,3]");
  for (size_t length = 0; length < packed.size(); ++length) {
    EXPECT_THAT(ask(post(packed.substr(0, length), "Content-Encoding: gzip\r\n")), StartsWith("HTTP/1.1 400"))
        << length;
  }
  EXPECT_THAT(ask(post("[1]", "Content-Encoding: gzip\r\n")), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(ask(post(packed + "x", "Content-Encoding: gzip\r\n")), StartsWith("HTTP/1.1 400"));
  EXPECT_TRUE(bodies().empty());
}

TEST_F(EventServerTest, RefusesOtherCodings) {
  EXPECT_THAT(ask(post("[]", "Content-Encoding: br\r\n")), StartsWith("HTTP/1.1 415"));
  EXPECT_THAT(ask(post("[]", "Content-Encoding: gzip, gzip\r\n")), StartsWith("HTTP/1.1 415"));
}

TEST_F(EventServerTest, TellsAClientThatAsksToGoOn) {
  Client client(port());
  const std::string request = post("[1]", "Expect: 100-continue\r\n");
  client.send(std::string_view(request).substr(0, request.size() - 3));
  EXPECT_EQ(client.read_answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("[1]");
  EXPECT_THAT(client.read_answer(), HasSubstr(kTaken));
}

TEST_F(EventServerTest, RefusesBeforeAClientThatAsksHasSentItsBody) {
  Client client(port());
  client.send(
      "POST /v1/events HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n");
  EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 413"));
}

// Slow and many.

TEST_F(EventServerTest, EndsARequestThatStalls) {
  options_.limits.header_time = Milliseconds(50);
  options_.limits.stall_time = Milliseconds(50);
  start();
  Client header(port());
  header.send("POST /v1/events HTTP/1.1\r\nHost: x\r\n");
  EXPECT_THAT(header.read_to_end(), StartsWith("HTTP/1.1 408"));
  Client body(port());
  body.send("POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n[");
  EXPECT_THAT(body.read_to_end(), StartsWith("HTTP/1.1 408"));
}

TEST_F(EventServerTest, EndsABodyThatTrickles) {
  options_.limits.body_time = Milliseconds(100);
  start();
  Client client(port());
  client.send("POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
  std::atomic<bool> ended = false;
  std::thread trickle([&] {
    while (!ended && client.send(" "))
      std::this_thread::yield();
  });
  EXPECT_THAT(client.read_answer(), StartsWith("HTTP/1.1 408"));
  ended = true;
  trickle.join();
}

TEST_F(EventServerTest, ClosesAnIdleConnection) {
  options_.limits.idle_time = Milliseconds(50);
  start();
  Client fresh(port());
  EXPECT_EQ(fresh.read_to_end(), "");
  Client used(port());
  used.send(post("[]"));
  EXPECT_THAT(used.read_to_end(), HasSubstr(kTaken));
}

TEST_F(EventServerTest, ServesBesideHundredsOfIdleAndStalledConnections) {
  std::vector<std::unique_ptr<Client>> others;
  for (int i = 0; i < 400; ++i) {
    others.push_back(std::make_unique<Client>(port()));
    if (i % 2 == 0) others.back()->send("POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n[");
  }
  EXPECT_THAT(ask(post("[]")), HasSubstr(kTaken));
}

TEST_F(EventServerTest, ClosesTheLongestIdleWhenThereAreTooMany) {
  options_.limits.connections = 3;
  start();
  Client first(port());
  first.send(post("[]"));
  first.read_answer();
  Client second(port());
  second.send(post("[]"));
  second.read_answer();
  Client third(port());
  third.send(post("[]"));
  third.read_answer();
  EXPECT_THAT(ask(post("[]")), HasSubstr(kTaken));
  EXPECT_EQ(first.read_to_end(), "");
  second.send(post("[]"));
  EXPECT_THAT(second.read_answer(), HasSubstr(kTaken));
}

TEST_F(EventServerTest, RefusesAConnectionWhenAllAreBusy) {
  options_.limits.connections = 2;
  start();
  const std::string request = post("[]");
  Client first(port());
  Client second(port());
  for (Client* client : {&first, &second}) {
    client->send(request);
    client->read_answer();
    // Told to go on: so the request has begun, and the connection is not idle.
    client->send("POST /v1/events HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    EXPECT_THAT(client->read_answer(), HasSubstr("100 Continue"));
  }
  Client third(port());
  EXPECT_THAT(third.read_to_end(), StartsWith("HTTP/1.1 503"));
  first.send("[]");
  EXPECT_THAT(first.read_answer(), HasSubstr(kTaken));
}

TEST_F(EventServerTest, LetsLargeBodiesWaitForEachOther) {
  options_.limits.body_bytes = 1 << 20;
  options_.limits.body_memory_bytes = 1 << 20;
  start();
  const std::string head = "POST /v1/events HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: " +
                           std::to_string(1 << 20) + "\r\n\r\n";
  const std::string body(1 << 20, ' ');
  Client first(port());
  first.send(head);
  EXPECT_THAT(first.read_answer(), HasSubstr("100 Continue"));
  Client second(port());
  second.send(head);
  EXPECT_THAT(ask(post("[]")), HasSubstr(kTaken));  // small ones do not wait
  EXPECT_TRUE(first.send(body));
  EXPECT_THAT(first.read_answer(), HasSubstr(kTaken));
  EXPECT_THAT(second.read_answer(), HasSubstr("100 Continue"));
  EXPECT_TRUE(second.send(body));
  EXPECT_THAT(second.read_answer(), HasSubstr(kTaken));
}

TEST_F(EventServerTest, AsksToComeAgainWhenMemoryStaysTaken) {
  options_.limits.body_bytes = 1 << 20;
  options_.limits.body_memory_bytes = 1 << 20;
  options_.limits.body_time = Milliseconds(300);
  start();
  const std::string head =
      "POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(1 << 20) + "\r\n\r\n";
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<Client>(port()));
    clients.back()->send(head);
  }
  // None sends its body: each has its turn, or is told to come again; none waits for ever.
  for (auto& client : clients) {
    EXPECT_THAT(client->read_answer(),
                testing::AnyOf(StartsWith("HTTP/1.1 408"), StartsWith("HTTP/1.1 503")));
  }
  EXPECT_THAT(ask(post(std::string(1 << 20, ' '))), HasSubstr(kTaken));
}

// Start and end.

TEST_F(EventServerTest, SaysWhenThePortIsTaken) {
  EventServerOptions same;
  same.port = port();
  EventServer second(same, system_clock(),
                     [](std::string_view) { return Result<BatchOutcome>(BatchOutcome{}); });
  const Result<void> started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::exists);
  EXPECT_THAT(started.error().message, HasSubstr("EVENTS_PORT"));
}

TEST_F(EventServerTest, SaysWhenTheAddressIsNone) {
  for (const char* address : {"nowhere", "1.2.3", "192.0.2.1", "http://localhost"}) {
    EventServerOptions bad;
    bad.address = address;
    bad.port = 0;
    EventServer server(bad, system_clock(),
                       [](std::string_view) { return Result<BatchOutcome>(BatchOutcome{}); });
    const Result<void> started = server.start();
    ASSERT_FALSE(started) << address;
    EXPECT_THAT(started.error().message, HasSubstr(address));
  }
}

TEST_F(EventServerTest, ListensWhereItIsTold) {
  options_.address = "0.0.0.0";
  start();
  EXPECT_THAT(ask(post("[]")), HasSubstr(kTaken));
}

TEST_F(EventServerTest, StopsWithConnectionsInEveryState) {
  Client idle(port());
  idle.send(post("[]"));
  idle.read_answer();
  Client header(port());
  header.send("POST /v1/events HT");
  Client body(port());
  body.send("POST /v1/events HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999\r\n\r\n");
  body.read_answer();
  server_->stop();
  server_->stop();
  server_.reset();
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_EQ(body.read_to_end(), "");
}

TEST_F(EventServerTest, KnowsSinceWhenItIsQuiet) {
  const SteadyTime at_first = server_->quiet_since();
  ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(server_->quiet_since(), at_first);
  ask(post("[]"));
  EXPECT_GT(server_->quiet_since(), at_first);
}

TEST_F(EventServerTest, CountsTheRequestsThatBringNoBatch) {
  options_.limits.body_bytes = 1'000;
  start();
  ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  ask(post("x", "Content-Encoding: zstd\r\n"));
  ask("no HTTP\r\n\r\n");
  ask(post(std::string(2'000, ' ')));
  {
    const std::lock_guard lock(mutex_);
    answer_ = [](std::string_view) { return Result<BatchOutcome>(Error{ErrorKind::invalid, "no array"}); };
  }
  ask(post("{}"));  // a batch, which the journal has refused and counted
  const EventServerTotals totals = server_->totals();
  EXPECT_EQ(totals.malformed, 3u);
  EXPECT_EQ(totals.too_large, 1u);
  EXPECT_EQ(totals.stalled, 0u);
  EXPECT_EQ(totals.busy, 0u);
  EXPECT_EQ(totals.answer_times.count(), 1u);
}

TEST_F(EventServerTest, ShowsThatItsLoopTurns) {
  const SteadyTime before = server_->last_turn();
  while (server_->last_turn() == before)
    std::this_thread::yield();
  EXPECT_GT(server_->last_turn(), before);
}

}  // namespace
}  // namespace rayhistory::collector
