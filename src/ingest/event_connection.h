// One connection of the event server: reads a request, has its batch taken, answers, and again. For the
// thread of the io_context only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "base/gunzip.h"
#include "ingest/body_memory.h"
#include "ingest/event_server.h"
#include "net/request_rules.h"

namespace rayhistory::collector {

class EventConnection;

// What a connection needs of its server.
class EventConnectionHost {
 public:
  virtual ~EventConnectionHost() = default;
  virtual const EventServerLimits& limits() const = 0;
  virtual const Clock& clock() const = 0;
  virtual BodyMemory& body_memory() = 0;
  virtual Result<BatchOutcome> take_batch(std::string_view body) = 0;
  // A request for events has begun, or has been answered.
  virtual void note_activity() = 0;
  // A request has brought no batch, and is answered with this status.
  virtual void note_refused(unsigned status) = 0;
  // The answer for a batch is known, so long after its request's header.
  virtual void note_answered(Nanoseconds took) = 0;
  virtual void now_idle(EventConnection& connection) = 0;
  virtual void now_busy(EventConnection& connection) = 0;
  virtual void ended(EventConnection& connection) = 0;
};

class EventConnection : public std::enable_shared_from_this<EventConnection> {
 public:
  EventConnection(EventConnectionHost& host, boost::asio::ip::tcp::socket socket);
  ~EventConnection();
  EventConnection(const EventConnection&) = delete;
  EventConnection& operator=(const EventConnection&) = delete;

  // Returns when the connection has ended; `connection` lives as long as it runs.
  static boost::asio::awaitable<void> run(std::shared_ptr<EventConnection> connection);
  // Ends run() soon.
  void close();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::buffer_body>;

  struct Answer {
    boost::beast::http::status status;
    std::string body;         // JSON
    bool keeps_open = true;   // false: what comes next on the connection is not to be trusted, or not wanted
    bool allow_post = false;  // the header Allow
    bool retry_after = false;
  };
  static Answer refusal(boost::beast::http::status status, std::string_view reason, bool keeps_open);
  static Answer refusal(const RequestRefusal& refused);

  // Each returns an answer when the request ends there; gone_ is set when there is nobody to answer.
  boost::asio::awaitable<bool> wait_for_request();
  boost::asio::awaitable<std::optional<Answer>> read_header();
  std::optional<Answer> judge_header();
  boost::asio::awaitable<std::optional<Answer>> read_body();
  boost::asio::awaitable<std::optional<Answer>> read_piece(std::string_view& piece, ChunkFraming& framing);
  boost::asio::awaitable<std::optional<Answer>> add_piece(std::string_view piece);
  boost::asio::awaitable<std::optional<Answer>> add_plain(std::string_view plain);
  Answer take_batch();
  boost::asio::awaitable<void> write(Answer answer);

  std::optional<Answer> read_failed(boost::system::error_code error, std::string_view reading_what);
  void give_time(Nanoseconds time);
  void free_body();
  void forget_request();

  EventConnectionHost& host_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  uint64_t timer_round_ = 0;  // a timer that fires for an earlier round means nothing
  bool timed_out_ = false;
  bool gone_ = false;
  bool asks_to_stay_ = true;  // the request's header asks that the connection stays open

  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::optional<Gunzip> gunzip_;
  std::string block_;  // what a piece of the body is read into
  std::string body_;
  BodyMemory::Lease lease_;
  SteadyTime body_deadline_;
};

}  // namespace rayhistory::collector
