// Notices that a client has left while the next piece of its answer is waited for: a log that is followed may
// say nothing for an hour, and holds a place that others need.
#pragma once

#include <memory>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "historyserver/exchange/response.h"

namespace rayhistory::historyserver {

// On the io_context's thread only.
class ClientWatch : public std::enable_shared_from_this<ClientWatch> {
 public:
  // Until end(), both must stay: `pieces` is cancelled when the client has left.
  ClientWatch(boost::asio::ip::tcp::socket& socket, BodyPieces& pieces);
  void begin() { wait_for_bytes(); }
  void end();

  bool has_left() const { return has_left_; }

 private:
  void wait_for_bytes();
  void look_again_later();
  void leave();

  boost::asio::ip::tcp::socket& socket_;
  BodyPieces& pieces_;
  boost::asio::steady_timer timer_;
  bool is_on_ = true;
  bool has_left_ = false;
};

}  // namespace rayhistory::historyserver
