// Sends bytes to a server on loopback.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"

namespace rayhistory {

// A server that has not answered within this time has lost the request.
inline constexpr timeval kPatience{.tv_sec = 5, .tv_usec = 0};

// The server's answer to these bytes until it closes.
inline std::string answer_to(uint16_t port, std::string_view bytes) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CHECK(socket >= 0);
  ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  // The kernel would otherwise keep the port of each of many thousand connections for a minute.
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  CHECK(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  ::shutdown(socket, SHUT_WR);
  std::string answer;
  std::array<char, 4096> block;
  while (true) {
    const ssize_t got = ::recv(socket, block.data(), block.size(), 0);
    // libFuzzer's own alarm interrupts a wait that has a time limit (signal(7)).
    if (got < 0 && errno == EINTR) continue;
    CHECK(got >= 0 || errno == ECONNRESET);
    if (got <= 0) break;
    answer.append(block.data(), static_cast<size_t>(got));
  }
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(socket);
  return answer;
}

}  // namespace rayhistory
