#include "http/curl_client.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/check.h"
#include "testing/manual_clock.h"
#include "testing/scripted_http_server.h"

namespace rayhistory {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

// Longer than any of these takes, so that a hang is an error and not a hang.
Deadline soon() {
  return Deadline::after(system_clock(), Seconds(60));
}

HttpRequest request(HttpMethod method, const std::string& url) {
  HttpRequest request;
  request.method = method;
  request.url = *parse_url(url, Scheme::http);
  return request;
}

ScriptedHttpServer::Script always(const ScriptedResponse& response) {
  return [response](const ReceivedRequest&) { return response; };
}

// A port on which nobody listens.
std::string dead_origin() {
  return ScriptedHttpServer(always({})).origin();
}

// The kernel takes its connections and what fits into their buffers, and nobody ever reads it.
class DeafServer {
 public:
  DeafServer() {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const address = reinterpret_cast<sockaddr*>(&place);  // NOLINT: as bind(2) has it
    socklen_t length = sizeof(place);
    CHECK(::bind(listener_, address, length) == 0 && ::listen(listener_, 1) == 0);
    CHECK(::getsockname(listener_, address, &length) == 0);
    port_ = ntohs(place.sin_port);
  }
  ~DeafServer() { ::close(listener_); }
  DeafServer(const DeafServer&) = delete;
  DeafServer& operator=(const DeafServer&) = delete;

  std::string origin() const { return fmt::format("http://127.0.0.1:{}", port_); }

 private:
  const int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  uint16_t port_ = 0;
};

class CurlClientTest : public testing::Test {
 protected:
  CurlClient client_{system_clock()};
};

TEST_F(CurlClientTest, SendsWhatItIsGivenAndReturnsWhatComes) {
  ScriptedHttpServer server(always({418, {{"X-One", " a "}, {"x-two", ""}}, "body"}));
  HttpRequest put = request(HttpMethod::put, server.origin() + "/a/../b//%3F?x=1");
  const MemoryBody body("hello");
  put.body = &body;
  put.headers.set("X-Mine", "value");
  put.headers.set("X-Empty", "");
  Result<HttpResponse> response = client_.send(put, soon());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 418);
  EXPECT_EQ(response->body, "body");
  EXPECT_EQ(response->headers.find("x-ONE"), "a");
  EXPECT_EQ(response->headers.find("X-Two"), "");
  EXPECT_EQ(response->headers.find("X-Three"), std::nullopt);

  ASSERT_THAT(server.requests(), SizeIs(1));
  const ReceivedRequest received = server.requests()[0];
  EXPECT_EQ(received.method, "PUT");
  EXPECT_EQ(received.target, "/a/../b//%3F?x=1");
  EXPECT_EQ(received.body, "hello");
  EXPECT_EQ(received.header("X-Mine"), "value");
  EXPECT_EQ(received.headers.find("X-Empty"), "");
  EXPECT_EQ(received.header("Content-Length"), "5");
  EXPECT_EQ(received.headers.find("Expect"), std::nullopt);
  EXPECT_EQ(received.headers.find("Transfer-Encoding"), std::nullopt);
  EXPECT_THAT(received.header("User-Agent"), HasSubstr("rayhistory/"));
}

TEST_F(CurlClientTest, SendsEveryMethod) {
  ScriptedHttpServer server(always({200, {{"Content-Length", "7"}}, "content"}));
  for (const HttpMethod method :
       {HttpMethod::get, HttpMethod::head, HttpMethod::put, HttpMethod::post, HttpMethod::del}) {
    Result<HttpResponse> response = client_.send(request(method, server.origin()), soon());
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, method == HttpMethod::head ? "" : "content");
    EXPECT_EQ(server.requests().back().method, name_of(method));
    const bool has_length = method == HttpMethod::put || method == HttpMethod::post;
    EXPECT_EQ(server.requests().back().header("Content-Length"), has_length ? "0" : "");
  }
}

TEST_F(CurlClientTest, DoesNotFollowRedirects) {
  ScriptedHttpServer server(always({301, {{"Location", "/elsewhere"}}, ""}));
  EXPECT_EQ(client_.send(request(HttpMethod::get, server.origin()), soon())->status, 301);
  EXPECT_THAT(server.requests(), SizeIs(1));
}

// A metadata service hands out credentials: it is asked directly or not at all.
TEST_F(CurlClientTest, TellsAProxyNothingThatIsForThisMachineOrAMetadataService) {
  ScriptedHttpServer proxy(always({}));
  CurlClient client(system_clock(), {.connect_timeout = Milliseconds(100), .http_proxy = proxy.origin()});
  for (const char* url :
       {"http://127.0.0.1:1/", "http://localhost:1/", "http://169.254.169.254:1/latest/api/token",
        "http://169.254.170.23:1/v1/credentials", "http://[fd00:ec2::254]:1/", "http://100.100.100.200:1/",
        "http://metadata.google.internal:1/"}) {
    (void)client.send(request(HttpMethod::get, url), soon());  // whether anybody is there is not ours to say
  }
  EXPECT_THAT(proxy.requests(), SizeIs(0));
  EXPECT_TRUE(client.send(request(HttpMethod::get, "http://store.example.test/x"), soon()));
  EXPECT_THAT(proxy.request_lines(), testing::ElementsAre("GET http://store.example.test/x"));
}

TEST_F(CurlClientTest, UsesAConnectionAgain) {
  ScriptedHttpServer server(always({}));
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(client_.send(request(HttpMethod::get, server.origin()), soon()));
  EXPECT_EQ(server.requests().back().connection, 1);
}

// curl/curl#11101: libcurl took such a line for more of a header of the exchange before, whose memory was
// freed.
TEST_F(CurlClientTest, TakesAResponseWhoseFirstHeaderLineBeginsWithABlank) {
  for (const char* blank : {" ", "\t"}) {
    const std::string name = std::string(blank) + "X-Folded";
    ScriptedHttpServer server(always({200, {{name, std::string(100, 'x')}, {"X-Next", "next"}}, "body"}));
    for (int i = 0; i < 3; ++i) {
      const auto response = client_.send(request(HttpMethod::get, server.origin()), soon());
      ASSERT_TRUE(response) << response.error().message;
      EXPECT_EQ(response->headers.find("X-Next"), "next");
      EXPECT_EQ(response->body, "body");
    }
  }
}

TEST_F(CurlClientTest, TakesAFreshConnectionWhenTheServerClosedTheOld) {
  ScriptedHttpServer server(always({.close = true}));
  const MemoryBody body("again");
  for (int i = 0; i < 5; ++i) {
    HttpRequest put = request(HttpMethod::put, server.origin());
    put.body = &body;
    Result<HttpResponse> response = client_.send(put, soon());
    if (!response) {  // curl sends again by itself, unless it met the close while it was sending
      EXPECT_EQ(response.error().kind, ErrorKind::unknown_outcome) << response.error().message;
      response = client_.send(put, soon());
    }
    EXPECT_TRUE(response) << response.error().message;
    EXPECT_EQ(server.requests().back().body, "again");
  }
}

TEST_F(CurlClientTest, GivesABodyPieceByPieceOrEndsWithTheReceiversError) {
  ScriptedHttpServer server(always({200, {}, std::string(1'000'000, 'x')}));
  HttpRequest get = request(HttpMethod::get, server.origin());
  get.response_limit_bytes = 10;
  size_t received = 0;
  get.on_body = [&received](const HttpResponse&, std::string_view piece) -> Result<void> {
    received += piece.size();
    return {};
  };
  Result<HttpResponse> response = client_.send(get, soon());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(received, 1'000'000u);
  EXPECT_EQ(response->body, "");

  get.on_body = [](const HttpResponse&, std::string_view) -> Result<void> {
    return Error{ErrorKind::no_space, "no room"};
  };
  response = client_.send(get, soon());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::no_space);
}

TEST_F(CurlClientTest, KeepsAnErrorsBodyFromTheReceiver) {
  ScriptedHttpServer server(always({404, {}, "not here"}));
  HttpRequest get = request(HttpMethod::get, server.origin());
  get.on_body = [](const HttpResponse&, std::string_view) -> Result<void> {
    return Error{ErrorKind::invalid, "must not come"};
  };
  Result<HttpResponse> response = client_.send(get, soon());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "not here");
}

TEST_F(CurlClientTest, RefusesAResponseThatIsTooLong) {
  ScriptedHttpServer server(always({200, {}, std::string(1001, 'x')}));
  HttpRequest get = request(HttpMethod::get, server.origin());
  get.response_limit_bytes = 1001;
  EXPECT_TRUE(client_.send(get, soon()));
  get.response_limit_bytes = 1000;
  Result<HttpResponse> response = client_.send(get, soon());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::invalid);

  ScriptedHttpServer chatty(always({200, {{"X-Long", std::string(70'000, 'x')}}, ""}));
  response = client_.send(request(HttpMethod::get, chatty.origin()), soon());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::invalid);
}

TEST_F(CurlClientTest, SaysRetryWhenNothingCanHaveReachedTheServer) {
  Result<HttpResponse> refused = client_.send(request(HttpMethod::put, dead_origin()), soon());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::retry) << refused.error().message;
  Result<HttpResponse> nameless =
      client_.send(request(HttpMethod::put, "http://no-such-host.invalid/"), soon());
  ASSERT_FALSE(nameless);
  EXPECT_EQ(nameless.error().kind, ErrorKind::retry) << nameless.error().message;
  // TLS to a server that speaks none.
  ScriptedHttpServer server(always({}));
  HttpRequest tls = request(HttpMethod::put, server.origin());
  tls.url.scheme = Scheme::https;
  // The server waits for the end of a header that never comes; the connect timeout ends it.
  CurlClient impatient(system_clock(), {.connect_timeout = Milliseconds(300)});
  Result<HttpResponse> no_tls = impatient.send(tls, soon());
  ASSERT_FALSE(no_tls);
  EXPECT_EQ(no_tls.error().kind, ErrorKind::retry) << no_tls.error().message;
}

TEST_F(CurlClientTest, SaysUnknownOutcomeWhereverTheResponseIsCut) {
  std::atomic<size_t> cut = 0;
  ScriptedHttpServer server([&cut](const ReceivedRequest&) {
    return ScriptedResponse{200, {{"ETag", "\"x\""}}, "content", cut.load()};
  });
  const MemoryBody body("body");
  HttpRequest put = request(HttpMethod::put, server.origin());
  put.body = &body;
  const std::string whole = "HTTP/1.1 200 Scripted\r\nETag: \"x\"\r\nContent-Length: 7\r\n\r\ncontent";
  for (cut = 0; cut < whole.size(); ++cut) {
    Result<HttpResponse> response = client_.send(put, soon());
    ASSERT_FALSE(response) << cut;
    EXPECT_EQ(response.error().kind, ErrorKind::unknown_outcome) << cut << response.error().message;
  }
  EXPECT_TRUE(client_.send(put, soon()));
}

TEST_F(CurlClientTest, EndsAStalledExchange) {
  ScriptedHttpServer server(always({.never = true}));
  HttpRequest get = request(HttpMethod::get, server.origin());
  get.stall_timeout = Seconds(1);
  Result<HttpResponse> response = client_.send(get, soon());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::unknown_outcome) << response.error().message;
}

TEST_F(CurlClientTest, EndsAStalledExchangeSoonerInAHurry) {
  std::stop_source hurry;
  ScriptedHttpServer server([&hurry](const ReceivedRequest&) {
    hurry.request_stop();
    return ScriptedResponse{.never = true};
  });
  HttpRequest get = request(HttpMethod::get, server.origin());
  get.stall_timeout = Seconds(3600);
  ManualClock clock;
  CurlClient client(clock);
  const std::jthread time_passes([&](const std::stop_token& stop) {
    while (!stop.stop_requested())
      clock.advance(Seconds(60));
  });
  Result<HttpResponse> response = client.send(get, Deadline::never().hurried_by(hurry.get_token()));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::unknown_outcome) << response.error().message;
}

TEST_F(CurlClientTest, GivesUpAConnectionThatTakesNothingMore) {
  const DeafServer server;
  HttpRequest put = request(HttpMethod::put, server.origin());
  const MemoryBody body(std::string(64 << 20, 'x'));  // more than the kernel buffers
  put.body = &body;
  CurlClient impatient(system_clock(), {.dead_connection_timeout = Milliseconds(500)});
  Result<HttpResponse> response = impatient.send(put, soon());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::unknown_outcome) << response.error().message;
  EXPECT_THAT(response.error().message, HasSubstr("timed out"));
}

TEST_F(CurlClientTest, IsCancelledByItsDeadline) {
  ScriptedHttpServer server(always({.never = true}));
  Result<HttpResponse> response = client_.send(request(HttpMethod::get, server.origin()),
                                               Deadline::after(system_clock(), Milliseconds(50)));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::cancelled);
  EXPECT_THAT(response.error().message, HasSubstr("deadline"));
}

TEST_F(CurlClientTest, IsCancelledByAStopWhileItWaits) {
  std::stop_source stop;
  ScriptedHttpServer server([&stop](const ReceivedRequest&) {
    stop.request_stop();
    return ScriptedResponse{.never = true};
  });
  Result<HttpResponse> response =
      client_.send(request(HttpMethod::get, server.origin()), Deadline::never(stop.get_token()));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::cancelled);
}

TEST_F(CurlClientTest, GivesTheBodysOwnError) {
  class GoneBody final : public Body {
   public:
    uint64_t size() const override { return 100; }
    Result<void> read_at(uint64_t, std::span<char>) const override {
      return Error{ErrorKind::invalid, "x has shrunk"};
    }
  };
  ScriptedHttpServer server(always({}));
  const GoneBody body;
  HttpRequest put = request(HttpMethod::put, server.origin());
  put.body = &body;
  Result<HttpResponse> response = client_.send(put, soon());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::invalid);
  EXPECT_THAT(response.error().message, HasSubstr("x has shrunk"));
}

TEST_F(CurlClientTest, RefusesAHeaderThatWouldMakeAnother) {
  ScriptedHttpServer server(always({}));
  HttpRequest get = request(HttpMethod::get, server.origin());
  get.headers.set("X-Key", "a\r\nX-Injected: b");
  Result<HttpResponse> response = client_.send(get, soon());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().kind, ErrorKind::invalid);
  EXPECT_THAT(server.requests(), SizeIs(0));
}

TEST_F(CurlClientTest, ServesManyThreadsAtOnce) {
  ScriptedHttpServer server([](const ReceivedRequest& received) {
    return ScriptedResponse{200, {}, received.target + received.body};
  });
  constexpr int kThreads = 16;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < 50; ++i) {
        const std::string path = fmt::format("/{}-{}", thread, i);
        const std::string content = fmt::format("{:a>10000}", path);
        const MemoryBody body(content);
        HttpRequest put = request(HttpMethod::put, server.origin() + path);
        put.body = &body;
        Result<HttpResponse> response = client_.send(put, soon());
        ASSERT_TRUE(response) << response.error().message;
        EXPECT_EQ(response->body, path + content);
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
}

std::string rest_of(HttpResponseStream& response) {
  std::string body;
  while (true) {
    const auto piece = response.next(soon());
    if (!piece) return body + "!" + piece.error().message;
    if (piece->empty()) return body;
    EXPECT_LE(piece->size(), HttpResponseStream::kPieceBytes);
    body += *piece;
  }
}

TEST_F(CurlClientTest, OpensAResponseWhateverItsStatus) {
  ScriptedHttpServer server(always({404, {{"X-One", "a"}}, "not here"}));
  const auto response = client_.open(request(HttpMethod::get, server.origin() + "/x"), soon());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ((*response)->status(), 404);
  EXPECT_EQ((*response)->headers().find("x-one"), "a");
  EXPECT_EQ(rest_of(**response), "not here");
  EXPECT_EQ((*response)->next(soon()).value(), "");  // still at its end
  ASSERT_TRUE(client_.send(request(HttpMethod::get, server.origin()), soon()));
  EXPECT_EQ(server.requests()[1].connection, 1);  // used again
}

TEST_F(CurlClientTest, GivesAnOpenedBodyOfAnySizeInPieces) {
  std::string body(20 * HttpResponseStream::kPieceBytes + 1, 'x');
  for (size_t i = 0; i < body.size(); i += 1000)
    body[i] = static_cast<char>('a' + i / 1000 % 26);
  ScriptedHttpServer server(always({200, {}, body}));
  const auto response = client_.open(request(HttpMethod::get, server.origin()), soon());
  ASSERT_TRUE(response);
  EXPECT_TRUE(rest_of(**response) == body);
}

TEST_F(CurlClientTest, OpensTheResponseToAHeadRequest) {
  ScriptedHttpServer server(always({200, {}, "hello"}));
  const auto response = client_.open(request(HttpMethod::head, server.origin()), soon());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ((*response)->headers().find("Content-Length"), "5");
  EXPECT_EQ(rest_of(**response), "");
}

TEST_F(CurlClientTest, SaysWhyAnOpenedResponseDoesNotComeToItsEnd) {
  EXPECT_EQ(client_.open(request(HttpMethod::get, dead_origin()), soon()).error().kind, ErrorKind::retry);
  ScriptedHttpServer cut(always({.status = 200, .body = std::string(1000, 'x'), .cut_after = 500}));
  const auto half = client_.open(request(HttpMethod::get, cut.origin()), soon());
  ASSERT_TRUE(half);
  EXPECT_THAT(rest_of(**half), HasSubstr("x!GET " + cut.origin()));
  ScriptedHttpServer no_head(always({.status = 200, .cut_after = 5}));
  EXPECT_EQ(client_.open(request(HttpMethod::get, no_head.origin()), soon()).error().kind,
            ErrorKind::unknown_outcome);
}

TEST_F(CurlClientTest, WaitsForAnOpenedResponseAsLongAsItIsTold) {
  ScriptedHttpServer silent(always({.never = true}));
  const auto none = client_.open(request(HttpMethod::get, silent.origin()),
                                 Deadline::after(system_clock(), Milliseconds(50)));
  EXPECT_EQ(none.error().kind, ErrorKind::cancelled);

  ScriptedHttpServer stalling(always({200, {{"Content-Length", "100"}}, "begin"}));
  HttpRequest impatient = request(HttpMethod::get, stalling.origin());
  impatient.stall_timeout = Milliseconds(50);
  const auto stalled = client_.open(impatient, soon());
  ASSERT_TRUE(stalled);
  EXPECT_EQ(rest_of(**stalled).substr(0, 6), "begin!");

  const auto unwanted = client_.open(request(HttpMethod::get, stalling.origin()), soon());
  ASSERT_TRUE(unwanted);
  EXPECT_EQ((*unwanted)->next(soon()).value(), "begin");
  std::stop_source stop;
  std::jthread stopper([&stop] { stop.request_stop(); });
  EXPECT_EQ((*unwanted)->next(Deadline::never(stop.get_token())).error().kind, ErrorKind::cancelled);
}

TEST_F(CurlClientTest, ConnectsToNoAddressThatIsNotAllowed) {
  ScriptedHttpServer server(always({200, {}, "secret"}));
  CurlOptions options;
  options.peers = PeerRule();
  CurlClient client(system_clock(), options);
  for (const std::string host : {"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"}) {
    auto asked = request(HttpMethod::get,
                         fmt::format("http://{}:{}/", host, parse_url(server.origin(), Scheme::http)->port));
    const auto response = client.send(asked, soon());
    ASSERT_FALSE(response) << host;
    EXPECT_EQ(response.error().kind, ErrorKind::denied) << host;
    EXPECT_THAT(response.error().message, HasSubstr("is not allowed: it means this machine")) << host;
    EXPECT_EQ(client.open(std::move(asked), soon()).error().kind, ErrorKind::denied) << host;
  }
  EXPECT_THAT(server.requests(), testing::IsEmpty());
}

TEST_F(CurlClientTest, ConnectsToTheNetworksThatAreAllowed) {
  ScriptedHttpServer server(always({200, {}, "ok"}));
  CurlOptions options;
  options.peers = PeerRule({*IpNetwork::parse("127.0.0.0/8")});
  CurlClient client(system_clock(), options);
  const auto response = client.send(request(HttpMethod::get, server.origin()), soon());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "ok");
}

}  // namespace
}  // namespace rayhistory
