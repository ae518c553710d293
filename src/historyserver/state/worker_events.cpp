#include "historyserver/state/worker_events.h"

#include <algorithm>
#include <string_view>

#include "historyserver/state/ray_id.h"

namespace rayhistory::historyserver {
namespace {

using simdjson::ondemand::value;
using Walk = EventWalk;

}  // namespace

void read_worker_definition(Walk& walk, value of, WorkerPiece& worker) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "workerId") {
      worker.worker_id = walk.id(member, kWorkerIdBytes);
    } else if (key == "nodeId") {
      worker.node_id = walk.id_unless_nil(member, kNodeIdBytes);
    } else if (key == "pid") {
      worker.pid = Walk::count(member);
    } else if (key == "workerType") {
      worker.type = Walk::text(member);
    }
  });
}

void read_worker_lifecycle(Walk& walk, value of, WorkerPiece& worker) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "workerId") {
      worker.worker_id = walk.id(member, kWorkerIdBytes);
    } else if (key == "jobId") {
      worker.job_id = walk.id_unless_nil(member, kJobIdBytes);
    } else if (key == "stateTransitions") {
      walk.elements(member, [&](value transition) {
        walk.fields(transition, [&](std::string_view name, value part) {
          if (name == "state") {
            if (Walk::text(part) == "DEAD") worker.is_alive = false;
          } else if (name == "workerLaunchTimeMs") {
            worker.launch_time_ms = std::max(worker.launch_time_ms, Walk::count(part));
          } else if (name == "workerLaunchedTimeMs") {
            worker.launched_time_ms = std::max(worker.launched_time_ms, Walk::count(part));
          } else if (name == "startTimeMs") {
            worker.start_time_ms = std::max(worker.start_time_ms, Walk::count(part));
          } else if (name == "endTimeMs") {
            worker.end_time_ms = std::max(worker.end_time_ms, Walk::count(part));
          } else if (name == "deathInfo") {
            walk.fields(part, [&](std::string_view detail, value text) {
              if (detail == "exitType") worker.exit_type = Walk::text(text);
              if (detail == "exitDetail") worker.exit_detail = Walk::text(text);
            });
          }
        });
      });
    }
  });
}

}  // namespace rayhistory::historyserver
