#include "ingest/event_connection.h"

#include <algorithm>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "base/json_text.h"
#include "base/log.h"
#include "net/server_loop.h"

namespace rayhistory::collector {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

namespace {

constexpr std::string_view kEventsPath = "/v1/events";
constexpr std::string_view kRetryAfterSeconds = "5";
// Ray's request has 300 bytes of header.
constexpr uint32_t kHeaderLimitBytes = 16 * 1024;
// Read from the socket at a time: 512 connections that are all reading hold 32 MiB, once as it came and once
// without what HTTP adds.
constexpr size_t kBlockBytes = 32 * 1024;
// For a header, a chunk's size line or a trailer, which the parser needs whole, and what the client sent
// behind it. A longer one is refused; below 64 KiB none of them can make the parser throw.
constexpr size_t kBufferLimitBytes = kHeaderLimitBytes + kBlockBytes;
static_assert(kBufferLimitBytes < 64 * 1024);

// Every wait: (error, ...) instead of an exception.
constexpr auto kAwait = net::as_tuple(net::use_awaitable);

bool is_one_of(beast::string_view text, std::initializer_list<std::string_view> names) {
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    return beast::iequals(text, beast::string_view(name.data(), name.size()));
  });
}

}  // namespace

EventConnection::EventConnection(EventConnectionHost& host, net::ip::tcp::socket socket)
    : host_(host), socket_(std::move(socket)), timer_(socket_.get_executor()), buffer_(kBufferLimitBytes) {
  boost::system::error_code ignored;
  socket_.set_option(net::ip::tcp::no_delay(true), ignored);
}

EventConnection::~EventConnection() {
  host_.ended(*this);
}

void EventConnection::close() {
  gone_ = true;
  boost::system::error_code ignored;
  socket_.close(ignored);
  timer_.cancel();
}

// Every wait on the socket from here on ends after `time`, with timed_out_ set.
void EventConnection::give_time(Nanoseconds time) {
  timed_out_ = false;
  timer_.expires_after(time);
  timer_.async_wait([weak = weak_from_this(), round = ++timer_round_](boost::system::error_code error) {
    const auto self = weak.lock();
    if (error || !self || round != self->timer_round_) return;
    self->timed_out_ = true;
    boost::system::error_code ignored;
    self->socket_.cancel(ignored);
  });
}

net::awaitable<void> EventConnection::run(std::shared_ptr<EventConnection> connection) {
  EventConnection& self = *connection;
  while (co_await self.wait_for_request()) {
    std::optional<Answer> answer = co_await self.read_header();
    if (self.gone_) break;
    bool batch_came = false;
    if (!answer) answer = self.judge_header();
    if (!answer) {
      const SteadyTime begun = self.host_.clock().steady_now();
      self.host_.note_activity();
      answer = co_await self.read_body();
      if (self.gone_) break;
      if (!answer) {
        batch_came = true;
        answer = self.take_batch();
        self.host_.note_answered(self.host_.clock().steady_now() - begun);
      }
      self.host_.note_activity();
    }
    if (!batch_came) self.host_.note_refused(static_cast<unsigned>(answer->status));
    self.free_body();
    // A body that was not read to its end would be taken for the next request.
    if (!self.parser_->is_done() || !self.asks_to_stay_) answer->keeps_open = false;
    const bool keeps_open = answer->keeps_open;
    co_await self.write(std::move(*answer));
    if (self.gone_) break;
    if (!keeps_open) {
      co_await close_gently(self.socket_, self.host_.limits().linger_time);
      break;
    }
    self.forget_request();
  }
  self.timer_.cancel();
}

EventConnection::Answer EventConnection::refusal(http::status status, std::string_view reason,
                                                 bool keeps_open) {
  Answer answer;
  answer.status = status;
  answer.body = "{\"error\":" + json_string(reason) + "}";
  answer.keeps_open = keeps_open;
  answer.allow_post = status == http::status::method_not_allowed;
  answer.retry_after = status == http::status::service_unavailable;
  return answer;
}

EventConnection::Answer EventConnection::refusal(const RequestRefusal& refused) {
  return refusal(static_cast<http::status>(refused.status), refused.reason, false);
}

// True when the first bytes of a request are there.
net::awaitable<bool> EventConnection::wait_for_request() {
  if (buffer_.size() > 0) co_return true;  // sent together with the last one
  host_.now_idle(*this);
  give_time(host_.limits().idle_time);
  const auto [error, got] = co_await socket_.async_read_some(buffer_.prepare(kBlockBytes / 8), kAwait);
  host_.now_busy(*this);
  if (error) co_return false;
  buffer_.commit(got);
  co_return true;
}

net::awaitable<std::optional<EventConnection::Answer>> EventConnection::read_header() {
  parser_.emplace();
  parser_->header_limit(kHeaderLimitBytes);
  parser_->body_limit(boost::none);  // ours counts what is unpacked, too
  give_time(host_.limits().header_time);
  const auto [error, got] = co_await http::async_read_header(socket_, buffer_, *parser_, kAwait);
  if (error) co_return read_failed(error, "header");
  // A trailer may not change this afterwards.
  asks_to_stay_ = parser_->keep_alive();
  co_return std::nullopt;
}

std::optional<EventConnection::Answer> EventConnection::read_failed(boost::system::error_code error,
                                                                    std::string_view reading_what) {
  if (timed_out_) {
    return refusal(http::status::request_timeout, fmt::format("the request's {} has stalled", reading_what),
                   false);
  }
  if (const auto refused = refusal_of(error)) return refusal(*refused);
  gone_ = true;
  return std::nullopt;
}

std::optional<EventConnection::Answer> EventConnection::judge_header() {
  const auto& request = parser_->get();
  const auto judged = judge_request(request);
  if (const auto* refused = std::get_if<RequestRefusal>(&judged)) return refusal(*refused);
  const std::string_view target = std::get<RequestAddress>(judged).target;
  if (target.substr(0, target.find('?')) != kEventsPath) {
    return refusal(http::status::not_found, "no such path: events are posted to /v1/events", true);
  }
  if (request.method() != http::verb::post) {
    return refusal(http::status::method_not_allowed, "events are posted", true);
  }
  const beast::string_view encoding = request[http::field::content_encoding];
  if (is_one_of(encoding, {"gzip", "x-gzip"})) {
    gunzip_.emplace();
  } else if (!is_one_of(encoding, {"", "identity"})) {
    return refusal(http::status::unsupported_media_type, "Content-Encoding can be gzip or identity", true);
  }
  if (parser_->content_length().value_or(0) > host_.limits().body_bytes) {
    return refusal(http::status::payload_too_large,
                   fmt::format("the body is longer than {} bytes", host_.limits().body_bytes), true);
  }
  return std::nullopt;
}

net::awaitable<std::optional<EventConnection::Answer>> EventConnection::read_body() {
  const EventServerLimits& limits = host_.limits();
  body_deadline_ = host_.clock().steady_now() + limits.body_time;
  if (const auto length = parser_->content_length(); length && !gunzip_) {
    if (*length > limits.small_body_bytes) {
      lease_ = co_await host_.body_memory().lease(*length, limits.body_time);
      if (lease_.bytes() == 0) {
        co_return refusal(http::status::service_unavailable, "too many large requests at once", true);
      }
    }
    body_.reserve(*length);
  }
  if (is_one_of(parser_->get()[http::field::expect], {"100-continue"})) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    give_time(limits.stall_time);
    const auto [error, sent] = co_await net::async_write(socket_, net::buffer(kContinue), kAwait);
    if (error) {
      gone_ = true;
      co_return std::nullopt;
    }
  }
  ChunkFraming framing;
  auto count_chunk = [&framing](uint64_t, beast::string_view, boost::system::error_code&) {
    framing.note_chunk();
  };
  parser_->on_chunk_header(count_chunk);
  // Beast reads as much at a time as the buffer has room for, which was made for a header.
  buffer_.reserve(std::min<uint64_t>(parser_->content_length().value_or(kBlockBytes), kBlockBytes));
  while (!parser_->is_done()) {
    std::string_view piece;
    if (auto answer = co_await read_piece(piece, framing); answer || gone_) co_return answer;
    if (auto answer = co_await add_piece(piece)) co_return answer;
  }
  if (gunzip_ && !gunzip_->is_complete()) {
    co_return refusal(http::status::bad_request, "the gzip body ends too early", true);
  }
  co_return std::nullopt;
}

// The next bytes of the body as they came, perhaps none; valid until the next call.
net::awaitable<std::optional<EventConnection::Answer>> EventConnection::read_piece(std::string_view& piece,
                                                                                   ChunkFraming& framing) {
  block_.resize(kBlockBytes);
  auto& body = parser_->get().body();
  body.data = block_.data();
  body.size = block_.size();
  const Nanoseconds left = body_deadline_ - host_.clock().steady_now();
  give_time(std::clamp(left, Nanoseconds::zero(), host_.limits().stall_time));
  const auto [error, got] = co_await http::async_read_some(socket_, buffer_, *parser_, kAwait);
  if (error && error != http::error::need_buffer) co_return read_failed(error, "body");
  piece = std::string_view(block_.data(), block_.size() - parser_->get().body().size);
  framing.note_read(got, piece.size());
  if (framing.is_too_much()) {
    co_return refusal(http::status::bad_request,
                      "the chunked body has far more size lines, extensions and trailers than content",
                      false);
  }
  co_return std::nullopt;
}

net::awaitable<std::optional<EventConnection::Answer>> EventConnection::add_piece(std::string_view piece) {
  if (!gunzip_) {
    co_return co_await add_plain(piece);
  }
  gunzip_->feed(piece);
  while (true) {
    const Result<std::string_view> plain = gunzip_->next();
    if (!plain) {
      co_return refusal(http::status::bad_request,
                        "the body's Content-Encoding says gzip: " + plain.error().message, true);
    }
    if (plain->empty()) co_return std::nullopt;
    if (auto answer = co_await add_plain(*plain)) co_return answer;
  }
}

net::awaitable<std::optional<EventConnection::Answer>> EventConnection::add_plain(std::string_view plain) {
  const EventServerLimits& limits = host_.limits();
  if (plain.size() > limits.body_bytes - body_.size()) {
    co_return refusal(http::status::payload_too_large,
                      fmt::format("the body is longer than {} bytes", limits.body_bytes), true);
  }
  if (lease_.bytes() == 0 && body_.size() + plain.size() > limits.small_body_bytes) {
    // Its length is not known: room for the longest. What is not used of it is never touched, and costs
    // nothing; growing by copying would take twice the memory.
    lease_ = co_await host_.body_memory().lease(limits.body_bytes, limits.body_time);
    if (lease_.bytes() == 0) {
      co_return refusal(http::status::service_unavailable, "too many large requests at once", true);
    }
    body_.reserve(limits.body_bytes);
  }
  body_.append(plain);
  co_return std::nullopt;
}

EventConnection::Answer EventConnection::take_batch() {
  const Result<BatchOutcome> outcome = host_.take_batch(body_);
  if (!outcome) {
    const bool never = outcome.error().kind == ErrorKind::invalid;
    return refusal(never ? http::status::bad_request : http::status::service_unavailable,
                   outcome.error().message, true);
  }
  Answer answer;
  answer.status = http::status::ok;
  answer.body = fmt::format(R"({{"stored":{},"rejected":{},"duplicate":{}}})", outcome->stored,
                            outcome->rejected, outcome->duplicate);
  return answer;
}

net::awaitable<void> EventConnection::write(Answer answer) {
  http::response<http::string_body> response(answer.status, 11);
  response.set(http::field::content_type, "application/json");
  if (answer.allow_post) response.set(http::field::allow, "POST");
  if (answer.retry_after) response.set(http::field::retry_after, kRetryAfterSeconds);
  response.keep_alive(answer.keeps_open);
  response.body() = std::move(answer.body);
  response.prepare_payload();
  // The answer to HEAD says how long its body would be, and has none.
  if (parser_->get().method() == http::verb::head) response.body().clear();
  give_time(host_.limits().stall_time);
  const auto [error, sent] = co_await http::async_write(socket_, response, kAwait);
  if (error) gone_ = true;
}

// Before the answer is written: however slowly that is read, others may have the memory.
void EventConnection::free_body() {
  gunzip_.reset();
  block_ = std::string();
  body_ = std::string();
  lease_.release();
}

void EventConnection::forget_request() {
  parser_.reset();
  if (buffer_.size() == 0) buffer_ = beast::flat_buffer(kBufferLimitBytes);
}

}  // namespace rayhistory::collector
