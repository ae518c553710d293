#include "status/status_server.h"

#include <exception>
#include <list>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include "base/log.h"
#include "net/coroutine_end.h"
#include "net/listener.h"
#include "net/request_rules.h"
#include "net/server_loop.h"

namespace rayhistory {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using net::ip::tcp;

namespace {

// Prometheus' request has 400 bytes of header.
constexpr uint32_t kHeaderLimitBytes = 8 * 1024;

constexpr std::string_view kMetricsType = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view kTextType = "text/plain; charset=utf-8";

// Every wait: (error, ...) instead of an exception.
constexpr auto kAwait = net::as_tuple(net::use_awaitable);

using Request = http::request_parser<http::empty_body>;
using Response = http::response<http::string_body>;

Response text(http::status status, std::string body, std::string_view type = kTextType) {
  Response response(status, 11);
  response.set(http::field::content_type, beast::string_view(type.data(), type.size()));
  response.body() = std::move(body);
  return response;
}

Response verdict(const Result<void>& well) {
  if (well) return text(http::status::ok, "ok\n");
  return text(http::status::service_unavailable, well.error().message + "\n");
}

Response refusal(const RequestRefusal& refused) {
  return text(static_cast<http::status>(refused.status), std::string(refused.reason) + "\n");
}

}  // namespace

class StatusServer::State {
 public:
  State(StatusServerOptions options, StatusAnswers answers)
      : options_(std::move(options)), answers_(std::move(answers)) {}

  Result<void> start();
  void stop();
  uint16_t port() const { return port_; }

 private:
  using Stream = beast::tcp_stream;

  void welcome(tcp::socket socket);
  bool close_oldest();
  net::awaitable<void> serve(std::shared_ptr<Stream> stream);
  Response answer(const Request::value_type& request) const;
  std::string paths() const;

  const StatusServerOptions options_;
  const StatusAnswers answers_;

  // On the io_context's thread only. Declared before it: connections that end with it still look here.
  std::list<std::shared_ptr<Stream>> open_;              // the oldest first
  std::optional<net::io_context> io_{std::in_place, 1};  // until stop()
  std::optional<Listener> listener_{std::in_place, *io_,
                                    [this](tcp::socket socket) { welcome(std::move(socket)); },
                                    [this] { return close_oldest(); }};
  uint16_t port_ = 0;
  std::thread thread_;
};

Result<void> StatusServer::State::start() {
  TRY(listener_->listen(options_.address, options_.port));
  port_ = listener_->port();
  log_info("listening for scrapes and probes",
           {{"address", options_.address.empty() ? "all" : options_.address}, {"port", port()}});
  listener_->start();
  thread_ = std::thread([this] { run_server_loop(*io_, "metrics and probes"); });
  return {};
}

void StatusServer::State::stop() {
  if (!thread_.joinable()) return;
  io_->stop();
  thread_.join();
  // What waits in the io_context keeps its connection open until that is destroyed, be it a request that is
  // read or a connection that was just accepted.
  listener_.reset();
  open_.clear();
  io_.reset();
}

void StatusServer::State::welcome(tcp::socket socket) {
  if (open_.size() >= options_.limits.connections) close_oldest();
  open_.push_back(std::make_shared<Stream>(std::move(socket)));
  net::co_spawn(*io_, serve(open_.back()), [](const std::exception_ptr& thrown) {
    log_if_thrown(thrown, "a scrape was ended by an exception");
  });
}

bool StatusServer::State::close_oldest() {
  if (open_.empty()) return false;
  open_.front()->close();
  open_.pop_front();
  return true;
}

net::awaitable<void> StatusServer::State::serve(std::shared_ptr<Stream> stream) {
  beast::flat_buffer buffer;
  Request request;
  request.header_limit(kHeaderLimitBytes);
  stream->expires_after(options_.limits.request_time);
  const auto [error, got] = co_await http::async_read_header(*stream, buffer, request, kAwait);
  const std::optional<RequestRefusal> unreadable = error ? refusal_of(error) : std::nullopt;
  if (!error || unreadable) {
    Response response = unreadable ? refusal(*unreadable) : answer(request.get());
    response.keep_alive(false);
    response.prepare_payload();
    // The answer to HEAD says how long its body would be, and has none.
    if (request.get().method() == http::verb::head) response.body().clear();
    stream->expires_after(options_.limits.answer_time);
    const auto [write_error, sent] = co_await http::async_write(*stream, response, kAwait);
    if (!write_error) {
      co_await close_gently(stream->socket(), options_.limits.linger_time);
    }
  }
  open_.remove(stream);
}

std::string StatusServer::State::paths() const {
  std::string there = answers_.metrics ? "/metrics" : "";
  if (answers_.alive) there += " /healthz";
  if (answers_.ready) there += " /readyz";
  return there;
}

Response StatusServer::State::answer(const Request::value_type& request) const {
  const auto judged = judge_request(request);
  if (const auto* refused = std::get_if<RequestRefusal>(&judged)) return refusal(*refused);
  const std::string_view target = std::get<RequestAddress>(judged).target;
  const std::string_view path = target.substr(0, target.find('?'));
  const bool is_metrics = path == "/metrics" && answers_.metrics;
  const bool is_health = (path == "/healthz" && answers_.alive) || (path == "/readyz" && answers_.ready);
  if (!is_metrics && !is_health)
    return text(http::status::not_found, "no such path: there is " + paths() + "\n");
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    Response response = text(http::status::method_not_allowed, "only GET and HEAD\n");
    response.set(http::field::allow, "GET, HEAD");
    return response;
  }
  if (is_metrics) return text(http::status::ok, answers_.metrics(), kMetricsType);
  return verdict(path == "/healthz" ? answers_.alive() : answers_.ready());
}

StatusServer::StatusServer(StatusServerOptions options, StatusAnswers answers)
    : state_(std::make_unique<State>(std::move(options), std::move(answers))) {}

StatusServer::~StatusServer() {
  stop();
}

Result<void> StatusServer::start() {
  return state_->start();
}
void StatusServer::stop() {
  state_->stop();
}
uint16_t StatusServer::port() const {
  return state_->port();
}

}  // namespace rayhistory
