#include "ray/session_life.h"

#include <string_view>

#include "base/shared_path.h"
#include "ray/raylet.h"

namespace rayhistory::collector {

SessionLife life_of(const RayFolder& folder, const SessionName& session) {
  // Missing while Ray replaces it: it does so whenever a driver starts, and then it names the same session.
  if (const auto target = read_symlink(folder.session_latest())) {
    std::string_view name = *target;
    while (name.ends_with('/'))
      name.remove_suffix(1);
    name.remove_prefix(name.rfind('/') + 1);  // npos + 1 is 0
    if (name != session.str()) return SessionLife::over;
  }
  return raylet_lives(folder, session) ? SessionLife::alive : SessionLife::ending;
}

}  // namespace rayhistory::collector
