#include "historyserver/web/http_server.h"

#include <atomic>
#include <future>
#include <semaphore>
#include <thread>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rayhistory::historyserver {
namespace {

namespace net = boost::asio;
using net::ip::tcp;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Gives what it was made with, and then an error where there is one.
class Pieces final : public BodyPieces {
 public:
  explicit Pieces(std::vector<std::string> pieces, bool fails = false)
      : pieces_(std::move(pieces)), fails_(fails) {}
  Result<std::string> next() override {
    if (given_ < pieces_.size()) return pieces_[given_++];
    if (fails_) return Error{ErrorKind::retry, "the store went away"};
    return std::string();
  }

 private:
  const std::vector<std::string> pieces_;
  const bool fails_;
  size_t given_ = 0;
};

// Has one piece, and then nothing until nobody wants it any more.
class SilentPieces final : public BodyPieces {
 public:
  explicit SilentPieces(std::promise<void>& cancelled) : cancelled_(cancelled) {}
  Result<std::string> next() override {
    if (!std::exchange(has_begun_, true)) return std::string("line\n");
    left_.acquire();
    return Error{ErrorKind::cancelled, "nobody wants it"};
  }
  void cancel() override {
    cancelled_.set_value();
    left_.release();
  }

 private:
  std::promise<void>& cancelled_;
  std::binary_semaphore left_{0};
  bool has_begun_ = false;
};

class HttpServerTest : public testing::Test {
 protected:
  void start(HttpServerLimits limits = {}) {
    server_.emplace(HttpServerOptions{"127.0.0.1", 0, limits},
                    WebAnswers{[this](const WebRequest& request) { return at_once_(request); },
                               [this](const WebRequest& request) { return answer_(request); }},
                    system_clock());
    const auto started = server_->start();
    ASSERT_TRUE(started) << started.error().message;
  }

  tcp::socket connect() {
    tcp::socket socket(io_);
    socket.connect({net::ip::make_address("127.0.0.1"), server_->port()});
    return socket;
  }
  static std::string read_all(tcp::socket& socket) {
    std::string text;
    boost::system::error_code error;
    net::read(socket, net::dynamic_buffer(text), error);
    return text;
  }
  // The whole answer; the server is asked to close.
  std::string ask(const std::string& request) {
    tcp::socket socket = connect();
    net::write(socket, net::buffer(request));
    return read_all(socket);
  }
  std::string get(const std::string& target, const std::string& method = "GET") {
    return ask(method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }

  net::io_context io_;
  std::function<std::optional<Response>(const WebRequest&)> at_once_ = [](auto&) { return std::nullopt; };
  std::function<Response(const WebRequest&)> answer_ = [](const WebRequest& request) {
    return text_response(200, std::string(request.path()) + "|" + std::string(request.query()) + "|" +
                                  std::string(request.header("x-other")));
  };
  std::optional<HttpServer> server_;
};

TEST_F(HttpServerTest, PassesOnWhatWasAsked) {
  start();
  const std::string answer =
      ask("GET /a%20b?c=d HTTP/1.1\r\nHost: x\r\nX-Other: 7\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\n\r\n/a%20b|c=d|7"));
}

TEST_F(HttpServerTest, KeepsAConnectionAndAnswersInOrder) {
  start();
  tcp::socket socket = connect();
  net::write(
      socket,
      net::buffer(std::string(
          "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")));
  const std::string answers = read_all(socket);
  EXPECT_LT(answers.find("/1||"), answers.find("/2||"));
  EXPECT_THAT(answers, HasSubstr("/2||"));
}

TEST_F(HttpServerTest, AnswersHeadWithoutABody) {
  start();
  const std::string answer = get("/abc", "HEAD");
  EXPECT_THAT(answer, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, RefusesEveryOtherMethodBeforeAnybodyIsAsked) {
  std::atomic<int> asked{0};
  answer_ = [&](auto&) {
    ++asked;
    return text_response(200, "");
  };
  start();
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "FOO"}) {
    const std::string answer =
        ask(std::string(method) + " /api/jobs/ HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 405 ")) << method;
    EXPECT_THAT(answer, HasSubstr("Allow: GET, HEAD")) << method;
  }
  EXPECT_EQ(asked, 0);
  EXPECT_EQ(server_->figures().answered(RouteClass::api, StatusClass::refusal), 6u);
}

TEST_F(HttpServerTest, TakesNoBodyForTheNextRequest) {
  start();
  const std::string answer = ask(
      "GET /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 33\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(answer, HasSubstr("/1||"));
  EXPECT_THAT(answer, Not(HasSubstr("smuggled")));
}

TEST_F(HttpServerTest, TakesNoUnknownCodingForNoBody) {
  start();
  for (const std::string coding : {"identity", "xchunked", "chunked, identity"}) {
    const std::string answer = ask("GET /1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " + coding +
                                   "\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 501 ")) << coding;
    EXPECT_THAT(answer, Not(HasSubstr("smuggled"))) << coding;
  }
}

TEST_F(HttpServerTest, TakesOnlyOneHost) {
  start();
  EXPECT_THAT(ask("GET /1 HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("GET /1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("GET http://a/1?q HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n"), HasSubstr("/1|q|"));
}

// The client of an unread request would be reset before it has read why.
TEST_F(HttpServerTest, LetsAClientThatStillSendsReadItsRefusal) {
  start({.header_bytes = 1024});
  for (int i = 0; i < 20; ++i) {
    const std::string answer =
        ask("GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(1'000'000, 'x') + "\r\n\r\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 431 "));
  }
}

TEST_F(HttpServerTest, RefusesWhatIsNoHttpAndTooLongAHeader) {
  start({.header_bytes = 1024});
  EXPECT_THAT(ask("hello\r\n\r\n"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(ask("GET /" + std::string(2000, 'x') + " HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 431 "));
  EXPECT_EQ(server_->figures().answered(RouteClass::malformed, StatusClass::refusal), 2u);
}

TEST_F(HttpServerTest, StreamsABodyOfUnknownLengthInChunks) {
  answer_ = [](auto&) {
    Response response;
    response.pieces = std::make_unique<Pieces>(std::vector<std::string>{"abc", std::string(20, 'x')});
    return response;
  };
  start();
  const std::string answer = get("/");
  EXPECT_THAT(answer, HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\n3\r\nabc\r\n14\r\nxxxxxxxxxxxxxxxxxxxx\r\n0\r\n\r\n"));
  EXPECT_THAT(ask("GET / HTTP/1.0\r\n\r\n"), testing::EndsWith("\r\n\r\nabcxxxxxxxxxxxxxxxxxxxx"));
  EXPECT_EQ(server_->figures().cut_answers, 0u);
}

TEST_F(HttpServerTest, StreamsABodyOfKnownLength) {
  answer_ = [](auto&) {
    Response response;
    response.pieces = std::make_unique<Pieces>(std::vector<std::string>{"abc", "def"});
    response.pieces_size = 6;
    return response;
  };
  start();
  EXPECT_THAT(get("/"), testing::AllOf(HasSubstr("Content-Length: 6\r\n"), testing::EndsWith("abcdef")));
}

TEST_F(HttpServerTest, CutsOffABodyThatFailsSoThatItLooksCutOff) {
  answer_ = [](auto&) {
    Response response;
    response.pieces = std::make_unique<Pieces>(std::vector<std::string>{"abc"}, true);
    return response;
  };
  start();
  EXPECT_THAT(get("/"), testing::EndsWith("3\r\nabc\r\n"));
  EXPECT_EQ(server_->figures().cut_answers, 1u);
}

// One byte more, and its socket stays readable for ever.
TEST_F(HttpServerTest, NoticesThatAClientHasLeftThatSentSomethingMore) {
  std::promise<void> cancelled;
  answer_ = [&](auto&) {
    Response response;
    response.pieces = std::make_unique<SilentPieces>(cancelled);
    return response;
  };
  start();
  {
    tcp::socket socket = connect();
    net::write(socket, net::buffer(std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\nG")));
    std::string begin;
    net::read_until(socket, net::dynamic_buffer(begin), "line");
  }
  EXPECT_EQ(cancelled.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
}

// Clients that ask for much and take nothing.
TEST_F(HttpServerTest, CutsOffClientsThatTakeNothingWhileOthersWaitForMemory) {
  answer_ = [](const WebRequest& request) {
    return text_response(200, request.path() == "/large" ? std::string(16 << 20, 'x') : "small");
  };
  start({.answer_bytes = 20 << 20, .pressed_stall_time = Milliseconds(100)});
  std::vector<tcp::socket> deaf;
  for (int i = 0; i < 4; ++i) {
    deaf.push_back(connect());
    net::write(deaf.back(), net::buffer(std::string("GET /large HTTP/1.1\r\nHost: x\r\n\r\n")));
  }
  while (server_->figures().answer_bytes < 20U << 20U)
    std::this_thread::yield();
  EXPECT_THAT(get("/small"), testing::EndsWith("small"));
  EXPECT_GE(server_->figures().cut_answers, 1u);
}

TEST_F(HttpServerTest, SaysThatItsMemoryIsInUse) {
  std::promise<void> go;
  answer_ = [wait = go.get_future().share()](const WebRequest& request) {
    if (request.path() == "/slow") wait.wait();
    return text_response(200, "done");
  };
  start({.answer_bytes = 1, .memory_patience = Milliseconds(50)});
  tcp::socket slow = connect();
  net::write(slow, net::buffer(std::string("GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")));
  while (server_->figures().answering == 0)
    std::this_thread::yield();
  const std::string refused = get("/x");
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(refused, HasSubstr("Retry-After: 1"));
  go.set_value();
  EXPECT_THAT(read_all(slow), testing::EndsWith("done"));
  EXPECT_THAT(get("/x"), testing::EndsWith("done"));
}

TEST_F(HttpServerTest, AnswersProbesWhileAllThreadsWait) {
  std::promise<void> go;
  at_once_ = [](const WebRequest& request) -> std::optional<Response> {
    if (request.path() != "/livez") return std::nullopt;
    return text_response(200, "ok");
  };
  std::atomic<int> waiting{0};
  answer_ = [&, wait = go.get_future().share()](auto&) {
    ++waiting;
    wait.wait();
    return text_response(200, "late");
  };
  start({.threads = 2});
  std::vector<std::future<std::string>> slow;
  slow.reserve(4);
  for (int i = 0; i < 4; ++i) {
    slow.push_back(std::async(std::launch::async, [&] {
      net::io_context io;
      tcp::socket socket(io);
      socket.connect({net::ip::make_address("127.0.0.1"), server_->port()});
      net::write(socket, net::buffer(std::string("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")));
      return read_all(socket);
    }));
  }
  while (waiting < 2)
    std::this_thread::yield();
  EXPECT_THAT(get("/livez"), testing::EndsWith("ok"));
  go.set_value();
  for (auto& answer : slow)
    EXPECT_THAT(answer.get(), testing::EndsWith("late"));
}

// A session may take a minute to load: the limits are of clients that are slow, and not of answers.
TEST_F(HttpServerTest, LetsAnAnswerTakeLongerThanAnyClientMay) {
  answer_ = [](auto&) {
    std::this_thread::sleep_for(Milliseconds(300));
    return text_response(200, "late");
  };
  start({.idle_time = Milliseconds(50), .stall_time = Milliseconds(50)});
  EXPECT_THAT(get("/"), testing::EndsWith("late"));
}

TEST_F(HttpServerTest, LetsTheLongestIdleConnectionGiveWay) {
  start({.connections = 2});
  tcp::socket first = connect();
  tcp::socket second = connect();
  net::write(second, net::buffer(std::string("GET /1 HTTP/1.1\r\nHost: x\r\n\r\n")));
  EXPECT_THAT(get("/2"), HasSubstr("/2||"));
  EXPECT_EQ(read_all(first), "");  // closed
}

TEST_F(HttpServerTest, TurnsAnExceptionIntoAnAnswer) {
  answer_ = [](auto&) -> Response { throw std::runtime_error("s3cret"); };
  start();
  EXPECT_THAT(get("/"), testing::AllOf(StartsWith("HTTP/1.1 500 "), Not(HasSubstr("s3cret"))));
}

TEST_F(HttpServerTest, ClosesAConnectionThatSaysNothing) {
  start({.request_time = Milliseconds(50)});
  tcp::socket socket = connect();
  EXPECT_EQ(read_all(socket), "");
}

TEST_F(HttpServerTest, RefusesAnAddressThatIsNotOurs) {
  HttpServer server({"192.0.2.1", 0, {}}, {at_once_, answer_}, system_clock());
  EXPECT_FALSE(server.start());
  start();
  HttpServer second({"127.0.0.1", server_->port(), {}}, {at_once_, answer_}, system_clock());
  EXPECT_EQ(second.start().error().kind, ErrorKind::exists);
}

TEST_F(HttpServerTest, EndsAnAnswerThatIsWaitedForWhenItsClientLeaves) {
  std::promise<void> cancelled;
  answer_ = [&cancelled](const WebRequest&) {
    Response response;
    response.pieces = std::make_unique<SilentPieces>(cancelled);
    return response;
  };
  start();
  {
    tcp::socket socket = connect();
    net::write(socket, net::buffer(std::string("GET /log HTTP/1.1\r\nHost: x\r\n\r\n")));
    std::string text;
    net::read_until(socket, net::dynamic_buffer(text), "line\n");
  }
  cancelled.get_future().wait();
}

TEST_F(HttpServerTest, KeepsAnAnswerForAClientThatAsksAgainMeanwhile) {
  std::promise<void> asked;
  answer_ = [&asked](const WebRequest& request) {
    if (request.path() == "/second") return text_response(200, "second");
    class Slow final : public BodyPieces {
     public:
      explicit Slow(std::promise<void>& go) : go_(go.get_future()) {}
      Result<std::string> next() override {
        if (std::exchange(is_over_, true)) return std::string();
        go_.wait();
        return std::string("first");
      }
      void cancel() override { ADD_FAILURE() << "the client is still there"; }

     private:
      std::future<void> go_;
      bool is_over_ = false;
    };
    Response response;
    response.pieces = std::make_unique<Slow>(asked);
    return response;
  };
  start();
  tcp::socket socket = connect();
  net::write(socket,
             net::buffer(std::string("GET /first HTTP/1.1\r\nHost: x\r\n\r\n"
                                     "GET /second HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")));
  asked.set_value();
  const std::string text = read_all(socket);
  EXPECT_THAT(text, HasSubstr("first"));
  EXPECT_THAT(text, HasSubstr("second"));
}

}  // namespace
}  // namespace rayhistory::historyserver
