#include "historyserver/web/http_server.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <list>
#include <mutex>
#include <thread>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>

#include "base/log.h"
#include "historyserver/web/answer_memory.h"
#include "historyserver/web/client_watch.h"
#include "net/coroutine_end.h"
#include "net/listener.h"
#include "net/request_rules.h"
#include "net/server_loop.h"

namespace rayhistory::historyserver {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using net::ip::tcp;

namespace {

// Every wait: (error, ...) instead of an exception.
constexpr auto kAwait = net::as_tuple(net::use_awaitable);
// What is handed to the socket at once of a body that is there whole: within stall_time a client of 10 kB/s
// has taken it.
constexpr size_t kSliceBytes = 256 * 1024;

// For an answer of which nothing is known yet: most are smaller.
constexpr uint64_t kAnswerRoomBytes = 1024 * 1024;

using Parser = http::request_parser<http::empty_body>;

std::string_view view(beast::string_view text) {
  return {text.data(), text.size()};
}

WebRequest request_of(const Parser::value_type& message, const RequestAddress& address) {
  WebRequest request;
  request.method = message.method() == http::verb::head ? Method::head : Method::get;
  request.target = address.target;
  request.authority = address.authority;
  for (const auto& field : message)
    request.headers.emplace_back(view(field.name_string()), view(field.value()));
  return request;
}

std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}

Response method_not_allowed() {
  // KubeRay's words (go-restful).
  Response response = text_response(405, "405: Method Not Allowed");
  response.headers.emplace_back("Allow", "GET, HEAD");
  return response;
}

Response no_memory() {
  Response response = text_response(503, "All memory for answers is in use (--memory-limit); ask again.");
  response.headers.emplace_back("Retry-After", "1");
  return response;
}

// Whether a body follows the header: it is not read, so that nothing may follow it on the connection.
bool has_body(const Parser& parser) {
  return parser.chunked() || (parser.content_length() && *parser.content_length() > 0);
}

}  // namespace

class HttpServer::State {
 public:
  State(HttpServerOptions options, WebAnswers answers, const Clock& clock)
      : options_(std::move(options)), answers_(std::move(answers)), clock_(clock) {}

  Result<void> start();
  void stop(Nanoseconds grace);
  uint16_t port() const { return port_; }
  HttpServerFigures figures() const;

 private:
  using Stream = beast::tcp_stream;
  struct Connection {
    explicit Connection(tcp::socket socket) : stream(std::move(socket)) {
      // An answer's body follows its header at once, and not when the client has acknowledged that.
      boost::system::error_code ignored;
      stream.socket().set_option(tcp::no_delay(true), ignored);
    }
    Stream stream;
    bool is_idle = true;
    std::optional<SteadyTime> writing_since = {};  // what the client has yet to take
  };
  using Connections = std::list<std::shared_ptr<Connection>>;

  void welcome(tcp::socket socket);
  bool close_longest_idle();
  net::awaitable<void> serve(std::shared_ptr<Connection> connection);
  // Whether the connection can go on.
  net::awaitable<bool> serve_one(Connection& connection, beast::flat_buffer& buffer, bool is_first);
  net::awaitable<Response> answer(const Parser::value_type& message, const RequestAddress& address,
                                  AnswerMemory::Lease& lease);
  void cut_off_longest_stalled();
  void count(RouteClass route, int status, Nanoseconds took);
  Response answer_blocking(const WebRequest& request) const;
  // Of an answer that cannot be sent whole, so that it looks cut off. False: the connection cannot go on.
  bool cut_off(Connection& connection);
  // These three: whether the connection can go on.
  net::awaitable<bool> send(Connection& connection, Response response, bool with_body, bool keep_alive,
                            unsigned version);
  net::awaitable<bool> send_pieces(Connection& connection, Response& response, bool chunked);
  net::awaitable<bool> write(Connection& connection, std::string_view bytes);

  const HttpServerOptions options_;
  const WebAnswers answers_;
  const Clock& clock_;

  std::atomic<uint64_t> open_connections_{0};
  std::atomic<uint64_t> refused_{0};
  std::atomic<uint64_t> answering_{0};
  struct Route {
    std::array<std::atomic<uint64_t>, kStatusClasses> answers{};
    DurationHistogram times;
  };
  std::array<Route, kRouteClasses> routes_;
  std::atomic<uint64_t> answer_bytes_{0};
  std::atomic<uint64_t> cut_{0};
  std::atomic<uint64_t> body_bytes_{0};

  std::mutex drained_mutex_;
  std::condition_variable drained_;

  // On the io_context's thread only. Declared before it: connections that end with it still look here.
  Connections connections_;  // the longest idle first
  bool is_stopping_ = false;
  std::optional<net::io_context> io_{std::in_place, 1};  // until stop()
  AnswerMemory memory_{*io_, options_.limits.answer_bytes, [this] { cut_off_longest_stalled(); }};
  std::optional<Listener> listener_{std::in_place, *io_,
                                    [this](tcp::socket socket) { welcome(std::move(socket)); },
                                    [this] { return close_longest_idle(); }};
  uint16_t port_ = 0;
  std::optional<net::thread_pool> threads_;
  std::thread thread_;
};

Result<void> HttpServer::State::start() {
  TRY(listener_->listen(options_.address, options_.port));
  port_ = listener_->port();
  threads_.emplace(options_.limits.threads);
  listener_->start();
  thread_ = std::thread([this] { run_server_loop(*io_, "history"); });
  return {};
}

void HttpServer::State::stop(Nanoseconds grace) {
  if (!thread_.joinable()) return;
  net::post(*io_, [this] {
    is_stopping_ = true;
    listener_->close();
    while (close_longest_idle()) {
    }
  });
  {
    std::unique_lock lock(drained_mutex_);
    drained_.wait_for(lock, grace, [this] { return answering_ == 0; });
  }
  io_->stop();
  thread_.join();
  threads_->join();  // each ends with its store call's deadline
  // What waits in the io_context keeps its connection open until that is destroyed.
  listener_.reset();
  connections_.clear();
  memory_.close();
  io_.reset();
}

HttpServerFigures HttpServer::State::figures() const {
  HttpServerFigures figures;
  figures.connections = open_connections_;
  figures.refused_connections = refused_;
  figures.answering = answering_;
  for (size_t i = 0; i < routes_.size(); ++i) {
    for (size_t status = 0; status < kStatusClasses; ++status)
      figures.routes[i].answers[status] = routes_[i].answers[status];
    figures.routes[i].times = routes_[i].times.counts();
  }
  figures.answer_bytes = answer_bytes_;
  figures.cut_answers = cut_;
  figures.body_bytes = body_bytes_;
  return figures;
}

void HttpServer::State::welcome(tcp::socket socket) {
  if (connections_.size() >= options_.limits.connections && !close_longest_idle()) {
    ++refused_;
    return;  // closes it
  }
  connections_.push_back(std::make_shared<Connection>(std::move(socket)));
  ++open_connections_;
  net::co_spawn(*io_, serve(connections_.back()), [](const std::exception_ptr& thrown) {
    log_if_thrown(thrown, "a connection was ended by an exception");
  });
}

bool HttpServer::State::close_longest_idle() {
  for (const std::shared_ptr<Connection>& connection : connections_) {
    if (!connection->is_idle) continue;
    connection->is_idle = false;
    connection->stream.close();  // ends what it waits for; serve() takes it off the list
    return true;
  }
  return false;
}

net::awaitable<void> HttpServer::State::serve(std::shared_ptr<Connection> connection) {
  beast::flat_buffer buffer;
  bool goes_on = true;
  for (bool is_first = true; goes_on; is_first = false) {
    goes_on = co_await serve_one(*connection, buffer, is_first) && !is_stopping_;
    // Idle from now on, and so the last to give way.
    connections_.remove(connection);
    connections_.push_back(connection);
    connection->is_idle = true;
  }
  connection->stream.expires_never();
  co_await close_gently(connection->stream.socket(), options_.limits.linger_time);
  connections_.remove(connection);
  --open_connections_;
}

net::awaitable<bool> HttpServer::State::serve_one(Connection& connection, beast::flat_buffer& buffer,
                                                  bool is_first) {
  Parser parser;
  parser.header_limit(options_.limits.header_bytes);
  connection.stream.expires_after(is_first ? options_.limits.request_time : options_.limits.idle_time);
  const auto [error, got] = co_await http::async_read_header(connection.stream, buffer, parser, kAwait);
  const std::optional<RequestRefusal> unreadable = error ? refusal_of(error) : std::nullopt;
  if (error && !unreadable) co_return false;
  connection.is_idle = false;
  connection.stream.expires_never();
  const auto judged = unreadable ? *unreadable : judge_request(parser.get());
  if (const auto* refused = std::get_if<RequestRefusal>(&judged)) {
    Response refusal = text_response(static_cast<int>(refused->status), std::string(refused->reason) + ".");
    count(RouteClass::malformed, refusal.status, Nanoseconds::zero());
    const bool with_body = parser.get().method() != http::verb::head;
    co_await send(connection, std::move(refusal), with_body, false, 11);
    co_return false;
  }
  const RequestAddress& address = std::get<RequestAddress>(judged);

  const bool keep_alive = parser.keep_alive() && !has_body(parser);
  const bool with_body = parser.get().method() != http::verb::head;
  const unsigned version = parser.get().version();
  ++answering_;
  const SteadyTime began = clock_.steady_now();
  AnswerMemory::Lease lease;
  Response response = co_await answer(parser.get(), address, lease);
  count(route_class(path_of(address.target)), response.status, clock_.steady_now() - began);
  const bool is_sent = co_await send(connection, std::move(response), with_body, keep_alive, version);
  if (--answering_ == 0) {
    const std::lock_guard lock(drained_mutex_);
    drained_.notify_all();
  }
  co_return is_sent&& keep_alive;
}

void HttpServer::State::count(RouteClass route, int status, Nanoseconds took) {
  Route& of = routes_.at(static_cast<size_t>(route));
  ++of.answers.at(static_cast<size_t>(status_class(status)));
  of.times.add(took);
}

net::awaitable<Response> HttpServer::State::answer(const Parser::value_type& message,
                                                   const RequestAddress& address,
                                                   AnswerMemory::Lease& lease) {
  const http::verb method = message.method();
  if (method != http::verb::get && method != http::verb::head) co_return method_not_allowed();
  const WebRequest request = request_of(message, address);
  if (std::optional<Response> response = answers_.at_once(request)) co_return *std::move(response);
  lease = co_await memory_.take(kAnswerRoomBytes, options_.limits.memory_patience);
  if (!lease.is_granted()) co_return no_memory();
  Response response = co_await net::co_spawn(
      *threads_, [this, &request]() -> net::awaitable<Response> { co_return answer_blocking(request); },
      net::use_awaitable);
  lease.resize(response.body.size() + (response.pieces ? response.pieces->most_bytes() : 0));
  answer_bytes_ = memory_.held_bytes();
  co_return response;
}

// Whose client has taken nothing for the longest time, if that is too long while others wait.
void HttpServer::State::cut_off_longest_stalled() {
  std::shared_ptr<Connection> longest;
  for (const std::shared_ptr<Connection>& connection : connections_) {
    if (!connection->writing_since) continue;
    if (!longest || *connection->writing_since < *longest->writing_since) longest = connection;
  }
  if (!longest || clock_.steady_now() - *longest->writing_since < options_.limits.pressed_stall_time) return;
  log_debug("an answer was cut off: its client takes nothing, and others wait for its memory");
  longest->writing_since.reset();
  longest->stream.close();
}

Response HttpServer::State::answer_blocking(const WebRequest& request) const {
  // A library's exception, no memory for one answer: a fault of one request, and not the end of all others.
  try {
    return answers_.answer(request);
  } catch (const std::exception& exception) {
    log_error("an answer was ended by an exception", {{"path", request.path()}, {"what", exception.what()}});
    return text_response(500, "An error inside the History Server; its log says more.");
  }
}

bool HttpServer::State::cut_off(Connection& connection) {
  ++cut_;
  connection.stream.close();
  return false;
}

net::awaitable<bool> HttpServer::State::send(Connection& connection, Response response, bool with_body,
                                             bool keep_alive, unsigned version) {
  http::response<http::empty_body> header(static_cast<http::status>(response.status), version);
  header.set(http::field::content_type, response.content_type);
  header.set("X-Content-Type-Options", "nosniff");
  for (const auto& [name, value] : response.headers) {
    // The one header that may stand several times.
    if (name == "Set-Cookie") {
      header.insert(name, value);
    } else {
      header.set(name, value);
    }
  }
  const bool has_pieces = response.pieces != nullptr;
  const bool is_chunked = has_pieces && !response.pieces_size && version >= 11;
  // An HTTP/1.0 client knows the end of a body of unknown length by the connection's.
  const bool ends_with_connection = has_pieces && !response.pieces_size && !is_chunked;
  if (is_chunked) {
    header.chunked(true);
  } else if (!ends_with_connection) {
    header.content_length(has_pieces ? *response.pieces_size : response.body.size());
  }
  header.keep_alive(keep_alive && !ends_with_connection);

  http::response_serializer<http::empty_body> serializer(header);
  connection.stream.expires_after(options_.limits.stall_time);
  const auto [error, sent] = co_await http::async_write_header(connection.stream, serializer, kAwait);
  if (error) co_return cut_off(connection);
  if (!with_body) co_return !ends_with_connection;
  if (has_pieces) co_return co_await send_pieces(connection, response, is_chunked) && !ends_with_connection;
  body_bytes_ += response.body.size();
  co_return co_await write(connection, response.body);
}

net::awaitable<bool> HttpServer::State::send_pieces(Connection& connection, Response& response,
                                                    bool chunked) {
  uint64_t left = response.pieces_size.value_or(0);
  BodyPieces& pieces = *response.pieces;
  const auto watch = std::make_shared<ClientWatch>(connection.stream.socket(), pieces);
  const std::unique_ptr<ClientWatch, void (*)(ClientWatch*)> end_of_watch(
      watch.get(), [](ClientWatch* ended) { ended->end(); });
  watch->begin();
  while (true) {
    const auto fetched = co_await net::co_spawn(
        *threads_,
        [&pieces]() -> net::awaitable<std::shared_ptr<Result<std::string>>> {
          co_return std::make_shared<Result<std::string>>(pieces.next());
        },
        net::use_awaitable);
    const Result<std::string>& piece = *fetched;
    if (watch->has_left()) co_return cut_off(connection);
    if (!piece) {
      log_warning("an answer was cut off", {{"error", piece.error().message}});
      co_return cut_off(connection);
    }
    if (piece->empty()) break;
    if (response.pieces_size && piece->size() > left) {
      log_error("an answer was longer than it said", {{"status", response.status}});
      co_return cut_off(connection);
    }
    left -= response.pieces_size ? piece->size() : 0;
    body_bytes_ += piece->size();
    if (chunked && !co_await write(connection, fmt::format("{:x}\r\n", piece->size()))) co_return false;
    if (!co_await write(connection, *piece)) co_return false;
    if (chunked && !co_await write(connection, "\r\n")) co_return false;
  }
  if (chunked) {
    const bool is_sent = co_await write(connection, "0\r\n\r\n");
    co_return is_sent;
  }
  if (left > 0) co_return cut_off(connection);  // the object has shrunk meanwhile
  co_return true;
}

net::awaitable<bool> HttpServer::State::write(Connection& connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view slice = bytes.substr(0, kSliceBytes);
    connection.stream.expires_after(options_.limits.stall_time);
    connection.writing_since = clock_.steady_now();
    const auto [error, sent] =
        co_await net::async_write(connection.stream, net::buffer(slice.data(), slice.size()), kAwait);
    connection.writing_since.reset();
    if (error) co_return cut_off(connection);
    bytes.remove_prefix(slice.size());
  }
  co_return true;
}

HttpServer::HttpServer(HttpServerOptions options, WebAnswers answers, const Clock& clock)
    : state_(std::make_unique<State>(std::move(options), std::move(answers), clock)) {}

HttpServer::~HttpServer() {
  stop();
}

Result<void> HttpServer::start() {
  return state_->start();
}
void HttpServer::stop(Nanoseconds grace) {
  state_->stop(grace);
}
uint16_t HttpServer::port() const {
  return state_->port();
}
HttpServerFigures HttpServer::figures() const {
  return state_->figures();
}

}  // namespace rayhistory::historyserver
