#include "net/server_loop.h"

#include <array>
#include <exception>
#include <memory>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/log.h"

namespace rayhistory {

namespace net = boost::asio;

namespace {

// Dropped at a time: what the coroutine's frame can hold without weight.
constexpr size_t kDropBytes = 4 * 1024;

}  // namespace

void run_server_loop(net::io_context& io, std::string_view server) {
  while (true) {
    try {
      io.run();
      return;
    } catch (const std::exception& exception) {
      log_error("a library threw an exception; the connection it happened on has ended, the server goes on",
                {{"server", server}, {"what", exception.what()}});
    }
  }
}

net::awaitable<void> close_gently(net::ip::tcp::socket& socket, Nanoseconds limit) {
  boost::system::error_code ignored;
  socket.shutdown(net::ip::tcp::socket::shutdown_send, ignored);
  const auto is_late = std::make_shared<bool>(false);
  net::steady_timer timer(socket.get_executor(), limit);
  timer.async_wait([&socket, weak = std::weak_ptr<bool>(is_late)](boost::system::error_code error) {
    const auto late = weak.lock();
    if (error || !late) return;
    *late = true;
    boost::system::error_code unheeded;
    socket.cancel(unheeded);
  });
  std::array<char, kDropBytes> dropped;
  while (!*is_late) {
    const auto [error, got] =
        co_await socket.async_read_some(net::buffer(dropped), net::as_tuple(net::use_awaitable));
    if (error) break;
  }
}

}  // namespace rayhistory
