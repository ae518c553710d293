#include "net/listener.h"

#include <exception>
#include <string>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/clock.h"
#include "base/log.h"

namespace rayhistory {

namespace net = boost::asio;
using net::ip::tcp;

namespace {

constexpr int kListenBacklog = 128;
// Between tries to accept when the process or the host has no descriptors left.
constexpr Milliseconds kAcceptPause{100};

ErrorKind kind_of(boost::system::error_code error) {
  if (error == net::error::address_in_use) return ErrorKind::exists;
  if (error == net::error::address_family_not_supported ||
      error == boost::system::errc::address_not_available)
    return ErrorKind::not_found;
  return ErrorKind::invalid;
}

}  // namespace

Listener::Listener(net::io_context& io, Welcome welcome, MakeRoom make_room)
    : io_(io), welcome_(std::move(welcome)), make_room_(std::move(make_room)) {}

Result<void> Listener::listen(const net::ip::address& address, uint16_t port) {
  tcp::acceptor acceptor(io_);
  const tcp::endpoint endpoint(address, port);
  boost::system::error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(net::socket_base::reuse_address(true), error);
  if (!error && address.is_v6()) acceptor.set_option(net::ip::v6_only(!address.is_unspecified()), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(kListenBacklog, error);
  if (error) {
    const std::string what = error == net::error::address_in_use ? "the port is taken" : error.message();
    return Error{kind_of(error),
                 "listen on " + address.to_string() + " port " + std::to_string(port) + ": " + what};
  }
  port_ = acceptor.local_endpoint(error).port();
  acceptors_.push_back(std::move(acceptor));
  return {};
}

Result<void> Listener::listen(const std::string& address, uint16_t port) {
  if (address.empty()) {
    Result<void> listening = listen(net::ip::address_v6::any(), port);
    // A host without IPv6.
    if (!listening && listening.error().kind == ErrorKind::not_found)
      listening = listen(net::ip::address_v4::any(), port);
    return listening;
  }
  boost::system::error_code error;
  const net::ip::address literal = net::ip::make_address(address, error);
  if (!error) return listen(literal, port);
  tcp::resolver resolver(io_);
  const auto found = resolver.resolve(address, "", error);
  if (error || found.empty()) return Error{ErrorKind::invalid, "listen on " + address + ": no such host"};
  for (const auto& place : found)
    TRY(listen(place.endpoint().address(), port));
  return {};
}

void Listener::start() {
  for (tcp::acceptor& acceptor : acceptors_)
    net::co_spawn(io_, accept(acceptor), net::detached);
}

// An exception here would end the loop that accepts, and the server with it.
void Listener::welcome(tcp::socket socket) const {
  try {
    welcome_(std::move(socket));
  } catch (const std::exception& exception) {
    log_error("a connection could not be served", {{"what", exception.what()}});
  }
}

net::awaitable<void> Listener::accept(Acceptor& acceptor) {
  while (true) {
    auto [error, socket] = co_await acceptor.async_accept(net::as_tuple(net::use_awaitable));
    if (error == net::error::operation_aborted) co_return;
    if (!error) {
      welcome(std::move(socket));
      continue;
    }
    // The connection is gone again, or there are no descriptors left.
    if (error == net::error::no_descriptors && make_room_()) continue;
    log_debug("a connection could not be accepted", {{"error", error.message()}});
    net::steady_timer pause(io_, kAcceptPause);
    co_await pause.async_wait(net::as_tuple(net::use_awaitable));
  }
}

}  // namespace rayhistory
