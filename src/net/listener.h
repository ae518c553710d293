// Accepts the connections to one port of an io_context's server. For the io_context's thread only, but before
// that runs and after it has ended.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/result.h"

namespace rayhistory {

class Listener {
 public:
  using Welcome = std::function<void(boost::asio::ip::tcp::socket)>;
  // Called when no descriptor is left for a connection that waits: ends another one, or returns false.
  using MakeRoom = std::function<bool()>;

  // `io` must outlive it.
  Listener(boost::asio::io_context& io, Welcome welcome, MakeRoom make_room);

  // Listens when this returns; :: stands for IPv4 too. Port 0 takes a free one. `not_found`: the host has no
  // such address; `exists`: the port is taken; `invalid`: anything else.
  Result<void> listen(const boost::asio::ip::address& address, uint16_t port);
  // Likewise at "0.0.0.0", "::1" or a host name's addresses; empty: at all addresses, IPv6 or not. `invalid`:
  // no such host.
  Result<void> listen(const std::string& address, uint16_t port);
  // Nothing is accepted before.
  void start();
  void close() { acceptors_.clear(); }

  bool is_listening() const { return !acceptors_.empty(); }
  // Of the last listen that succeeded.
  uint16_t port() const { return port_; }

 private:
  using Acceptor = boost::asio::ip::tcp::acceptor;
  boost::asio::awaitable<void> accept(Acceptor& acceptor);
  void welcome(boost::asio::ip::tcp::socket socket) const;

  boost::asio::io_context& io_;
  const Welcome welcome_;
  const MakeRoom make_room_;
  std::list<Acceptor> acceptors_;
  uint16_t port_ = 0;
};

}  // namespace rayhistory
