#include "historyserver/web/client_watch.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/clock.h"

namespace rayhistory::historyserver {

namespace net = boost::asio;
using net::ip::tcp;

namespace {

// How late a client that has sent something more is seen to leave. Its socket stays readable, so that the
// kernel cannot wake us for its end.
constexpr Seconds kLookPause{1};

// Whether the client has closed its side, whatever it has sent before.
bool has_closed(tcp::socket& socket) {
  tcp_info info{};
  socklen_t length = sizeof info;
  if (::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return true;
  return info.tcpi_state != TCP_ESTABLISHED;
}

}  // namespace

ClientWatch::ClientWatch(tcp::socket& socket, BodyPieces& pieces)
    : socket_(socket), pieces_(pieces), timer_(socket.get_executor()) {}

void ClientWatch::end() {
  is_on_ = false;
  timer_.cancel();
}

void ClientWatch::wait_for_bytes() {
  socket_.async_wait(
      tcp::socket::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
        if (!self->is_on_ || error) return;
        char next = 0;
        const auto got = ::recv(self->socket_.native_handle(), &next, sizeof next, MSG_PEEK | MSG_DONTWAIT);
        if (got > 0) return self->look_again_later();  // perhaps its next request
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return self->wait_for_bytes();
        self->leave();
      });
}

void ClientWatch::look_again_later() {
  if (has_closed(socket_)) return leave();
  timer_.expires_after(kLookPause);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (self->is_on_ && !error) self->look_again_later();
  });
}

void ClientWatch::leave() {
  has_left_ = true;
  pieces_.cancel();
}

}  // namespace rayhistory::historyserver
