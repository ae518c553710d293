#include "ray/raylet.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "base/file.h"

namespace rayhistory::collector {
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

bool raylet_is_listening(const SharedPath& socket) {
  // The descriptor's name in /proc leads to what was opened, whatever its path leads to by now, and is short.
  const auto opened = socket.open_descriptor(O_PATH);
  if (!opened) return false;
  const auto placed = status_in(opened->get(), "", socket.str());
  if (!placed || placed->status.type != FileType::other) return false;
  return connects("/proc/self/fd/" + std::to_string(opened->get()));
}

bool raylet_lives(const RayFolder& folder, const SessionName& session) {
  return raylet_is_listening(folder.raylet_socket(session));
}

}  // namespace rayhistory::collector
