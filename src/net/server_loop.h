// Two functions that keep a server going whatever its clients send.
#pragma once

#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "base/clock.h"

namespace rayhistory {

// Runs the server's loop on the calling thread until it is stopped. A library may throw into the loop from
// inside a read or write (Boost.Beast does for a trailer field above 64 KiB): that ends the one connection
// that it happened on, the log says so, and the loop goes on. `server` names the server in the log.
void run_server_loop(boost::asio::io_context& io, std::string_view server);

// Ends our side of a connection so that the client can read the last answer. Closing a socket that still has
// unread bytes would reset the connection and take the answer away from a client that is still sending
// (RFC 9112, section 9.6): the server reads and drops for at most `limit`, or until the client closes.
// On the io_context's thread; the socket must live until it returns, and may be closed meanwhile.
boost::asio::awaitable<void> close_gently(boost::asio::ip::tcp::socket& socket, Nanoseconds limit);

}  // namespace rayhistory
