#include "ingest/event_server.h"

#include <atomic>
#include <exception>
#include <list>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"
#include "ingest/body_memory.h"
#include "ingest/event_connection.h"
#include "ingest/rejection_watch.h"
#include "net/coroutine_end.h"
#include "net/listener.h"
#include "net/server_loop.h"

namespace rayhistory::collector {

namespace net = boost::asio;
using net::ip::tcp;

namespace {

// The same refusal is logged once in this time: a sender that is refused comes again and again.
constexpr Seconds kRefusalLogPause{30};
// How often the loop shows that it turns.
constexpr Seconds kTurnInterval{1};
// What a connection is told that is one too many.
constexpr std::string_view kTooMany =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

}  // namespace

class EventServer::State final : public EventConnectionHost {
 public:
  State(EventServerOptions options, const Clock& clock, TakeBatch take_batch)
      : options_(std::move(options)),
        clock_(clock),
        take_batch_(std::move(take_batch)),
        body_memory_(options_.limits.body_memory_bytes),
        quiet_since_(clock.steady_now()),
        last_turn_(clock.steady_now()) {}

  Result<void> start();
  void stop();
  uint16_t port() const { return port_; }
  SteadyTime quiet_since() const { return quiet_since_; }
  SteadyTime last_turn() const { return last_turn_; }
  EventServerTotals totals() const;

  const EventServerLimits& limits() const override { return options_.limits; }
  const Clock& clock() const override { return clock_; }
  BodyMemory& body_memory() override { return body_memory_; }
  Result<BatchOutcome> take_batch(std::string_view body) override;
  void note_activity() override { quiet_since_ = clock_.steady_now(); }
  void note_refused(unsigned status) override;
  void note_answered(Nanoseconds took) override { answer_times_.add(took); }
  void now_idle(EventConnection& connection) override;
  void now_busy(EventConnection& connection) override;
  void ended(EventConnection& connection) override;

 private:
  Result<void> listen(const net::ip::address& address, bool may_be_missing);
  net::awaitable<void> turn();
  void welcome(tcp::socket socket);
  bool close_longest_idle();

  const EventServerOptions options_;
  const Clock& clock_;
  const TakeBatch take_batch_;

  // On the io_context's thread only. Declared before it: connections that end with it still speak to these.
  BodyMemory body_memory_;
  size_t connections_ = 0;
  std::list<EventConnection*> idle_;  // the one that has been longest first
  std::unordered_map<EventConnection*, std::list<EventConnection*>::iterator> idle_places_;
  std::string last_refusal_;
  SteadyTime last_refusal_logged_{};
  RejectionWatch rejection_watch_;

  std::atomic<SteadyTime> quiet_since_;
  std::atomic<SteadyTime> last_turn_;
  DurationHistogram answer_times_;
  mutable std::mutex totals_mutex_;
  EventServerTotals totals_;
  std::atomic<uint16_t> port_{0};

  net::io_context io_{1};
  Listener listener_{io_, [this](tcp::socket socket) { welcome(std::move(socket)); },
                     [this] { return close_longest_idle(); }};
  std::thread thread_;
};

Result<void> EventServer::State::start() {
  port_ = options_.port;
  if (options_.address.empty() || options_.address == "localhost") {
    TRY(listen(net::ip::address_v4::loopback(), true));
    TRY(listen(net::ip::address_v6::loopback(), true));
    if (!listener_.is_listening()) {
      return Error{ErrorKind::invalid, "--events-address: this host has no loopback address to listen on"};
    }
  } else {
    boost::system::error_code error;
    const net::ip::address address = net::ip::make_address(options_.address, error);
    if (error) {
      return Error{ErrorKind::invalid,
                   "--events-address: " + options_.address + " is not an IP address, such as 0.0.0.0"};
    }
    TRY(listen(address, false));
  }
  listener_.start();
  net::co_spawn(io_, turn(), net::detached);
  thread_ = std::thread([this] { run_server_loop(io_, "events"); });
  return {};
}

// An address family or loopback address that the host lacks is no fault where it `may_be_missing`.
Result<void> EventServer::State::listen(const net::ip::address& address, bool may_be_missing) {
  Result<void> listening = listener_.listen(address, port_);
  if (!listening) {
    Error error = std::move(listening).error();
    if (error.kind == ErrorKind::not_found && may_be_missing) {
      log_debug("no such address on this host: not listening there",
                {{"address", address.to_string()}, {"error", error.message}});
      return {};
    }
    if (error.kind == ErrorKind::not_found) error.kind = ErrorKind::invalid;
    if (error.kind == ErrorKind::exists) {
      error.message +=
          "; choose another with --events-port or EVENTS_PORT, and the same in Ray's export address";
    }
    return error;
  }
  port_ = listener_.port();
  log_info("listening for events", {{"address", address.to_string()}, {"port", port_.load()}});
  return {};
}

void EventServer::State::stop() {
  if (!thread_.joinable()) return;
  io_.stop();
  thread_.join();
  listener_.close();
}

net::awaitable<void> EventServer::State::turn() {
  net::steady_timer pause(io_);
  while (true) {
    last_turn_ = clock_.steady_now();
    pause.expires_after(kTurnInterval);
    co_await pause.async_wait(net::as_tuple(net::use_awaitable));
  }
}

void EventServer::State::welcome(tcp::socket socket) {
  boost::system::error_code ignored;
  socket.non_blocking(true, ignored);
  if (connections_ >= options_.limits.connections && !close_longest_idle()) {
    socket.write_some(net::buffer(kTooMany), ignored);
    note_refused(503);
    return;
  }
  ++connections_;
  auto connection = std::make_shared<EventConnection>(*this, std::move(socket));
  net::co_spawn(io_, EventConnection::run(std::move(connection)), [](const std::exception_ptr& thrown) {
    log_if_thrown(thrown, "a connection was ended by an exception");
  });
}

bool EventServer::State::close_longest_idle() {
  if (idle_.empty()) return false;
  EventConnection* const longest = idle_.front();
  now_busy(*longest);
  longest->close();
  return true;
}

void EventServer::State::now_idle(EventConnection& connection) {
  idle_places_[&connection] = idle_.insert(idle_.end(), &connection);
}

void EventServer::State::now_busy(EventConnection& connection) {
  const auto place = idle_places_.find(&connection);
  if (place == idle_places_.end()) return;
  idle_.erase(place->second);
  idle_places_.erase(place);
}

void EventServer::State::ended(EventConnection& connection) {
  now_busy(connection);
  --connections_;
}

Result<BatchOutcome> EventServer::State::take_batch(std::string_view body) {
  Result<BatchOutcome> outcome = take_batch_(body);
  if (!outcome) {
    const SteadyTime now = clock_.steady_now();
    if (outcome.error().message != last_refusal_ || now - last_refusal_logged_ >= kRefusalLogPause) {
      last_refusal_ = outcome.error().message;
      last_refusal_logged_ = now;
      log_warning("a batch of events is refused; Ray sends it again until it is taken",
                  {{"error", outcome.error().message}, {"bytes", body.size()}});
    }
  } else {
    rejection_watch_.note(*outcome, clock_.steady_now());
  }
  return outcome;
}

void EventServer::State::note_refused(unsigned status) {
  const std::lock_guard lock(totals_mutex_);
  switch (status) {
    case 408:
      ++totals_.stalled;
      break;
    case 413:
      ++totals_.too_large;
      break;
    case 503:
      ++totals_.busy;
      break;
    default:
      ++totals_.malformed;
  }
}

EventServerTotals EventServer::State::totals() const {
  const std::lock_guard lock(totals_mutex_);
  EventServerTotals totals = totals_;
  totals.answer_times = answer_times_.counts();
  return totals;
}

EventServer::EventServer(EventServerOptions options, const Clock& clock, TakeBatch take_batch)
    : state_(std::make_unique<State>(std::move(options), clock, std::move(take_batch))) {}

EventServer::~EventServer() {
  stop();
}

Result<void> EventServer::start() {
  return state_->start();
}
void EventServer::stop() {
  state_->stop();
}
uint16_t EventServer::port() const {
  return state_->port();
}
SteadyTime EventServer::quiet_since() const {
  return state_->quiet_since();
}
SteadyTime EventServer::last_turn() const {
  return state_->last_turn();
}
EventServerTotals EventServer::totals() const {
  return state_->totals();
}

}  // namespace rayhistory::collector
