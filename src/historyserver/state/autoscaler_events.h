// What events say of the autoscaler, in the words that it has for its own log and for `ray status` (Ray:
// src/ray/protobuf/public/events_autoscaler_*.proto, python/ray/autoscaler/v2/event_logger.py and utils.py).
// Ray 2.60 does not have these types yet; its autoscaler writes the words into event_AUTOSCALER.log.
#pragma once

#include <simdjson.h>

#include "historyserver/state/event_walk.h"
#include "historyserver/state/state_pieces.h"

namespace rayhistory::historyserver {

void read_autoscaler_config(EventWalk& walk, simdjson::ondemand::value of, AutoscalerReportPiece& report);
void read_scaling_decision(EventWalk& walk, simdjson::ondemand::value of, AutoscalerReportPiece& report);
void read_node_provisioning(EventWalk& walk, simdjson::ondemand::value of, NodeProvisioning& provisioning);

}  // namespace rayhistory::historyserver
