#include "ray/raylet.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace rayhistory {
namespace {

bool connects(const std::string& address_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (address_path.size() >= sizeof(address.sun_path)) return false;
  std::memcpy(address.sun_path, address_path.data(), address_path.size());
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  const int connected = ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  // EAGAIN: the listener's queue is full, so there is a listener.
  const bool listening = connected == 0 || errno == EAGAIN;
  ::close(descriptor);
  return listening;
}

}  // namespace

bool raylet_is_listening(const std::string& socket_path) {
  if (socket_path.size() < sizeof(sockaddr_un::sun_path)) return connects(socket_path);
  // Reached through a descriptor of its folder, whose name in /proc is short.
  const size_t slash = socket_path.rfind('/');
  if (slash == std::string::npos) return false;
  const int folder = ::open(socket_path.substr(0, slash + 1).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return false;
  const bool listening = connects("/proc/self/fd/" + std::to_string(folder) + socket_path.substr(slash));
  ::close(folder);
  return listening;
}

}  // namespace rayhistory
