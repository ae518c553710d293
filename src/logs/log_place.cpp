#include "logs/log_place.h"

#include <utility>

namespace rayhistory {

LogPlace log_place(std::string folder, const ObjectKeys& keys, const SessionName& session,
                   const NodeId& node) {
  return {.folder = std::move(folder),
          .key_of = [keys, session, node](std::string_view path) { return keys.log(session, node, path); },
          .prefix_length = keys.node_prefix(session, node).size()};
}

}  // namespace rayhistory
