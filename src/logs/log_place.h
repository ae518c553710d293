// Where the log files of one folder go: the keys they get, and whoever takes the shipments.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "layout/ids.h"
#include "layout/object_key.h"
#include "shipper/shipment.h"

namespace rayhistory {

// The sink, in practice a Shipper. Called with the tracker's lock held: it must not call back into the
// tracker.
struct LogSink {
  std::function<void(Shipment shipment)> offer;
  std::function<void(const std::string& key)> withdraw;
};

struct LogPlace {
  std::string folder;  // absolute, without a slash at its end
  // The object key of a path below the folder, and how long the part is that all of them share (Shipment).
  std::function<std::string(std::string_view path)> key_of;
  size_t prefix_length = 0;
};

// The logs of one node of one session, wherever on the disk they are.
LogPlace log_place(std::string folder, const ObjectKeys& keys, const SessionName& session,
                   const NodeId& node);

}  // namespace rayhistory
