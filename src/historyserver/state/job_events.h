// These functions read what events say of drivers and of submissions (Ray:
// src/ray/protobuf/public/events_driver_job_*_event.proto and events_submission_job_*_event.proto).
#pragma once

#include <simdjson.h>

#include "historyserver/state/event_walk.h"
#include "historyserver/state/state_pieces.h"

namespace rayhistory::historyserver {

void read_driver_definition(EventWalk& walk, simdjson::ondemand::value of, DriverPiece& driver);
void read_driver_lifecycle(EventWalk& walk, simdjson::ondemand::value of, DriverPiece& driver);
void read_submission_definition(EventWalk& walk, simdjson::ondemand::value of, SubmissionPiece& submission);
void read_submission_lifecycle(EventWalk& walk, simdjson::ondemand::value of, SubmissionPiece& submission);

}  // namespace rayhistory::historyserver
