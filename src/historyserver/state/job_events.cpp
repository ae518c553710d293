#include "historyserver/state/job_events.h"

#include <string_view>

#include "historyserver/state/ray_id.h"

namespace rayhistory::historyserver {
namespace {

using simdjson::ondemand::value;
using Walk = EventWalk;

template <typename Piece>
void read_job_config(Walk& walk, value of, Piece& job) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "serializedRuntimeEnv") job.serialized_runtime_env = Walk::text(member);
    if (key == "metadata") job.metadata = walk.map(member);
  });
}

}  // namespace

void read_driver_definition(Walk& walk, value of, DriverPiece& driver) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "jobId") {
      driver.job_id = walk.id(member, kJobIdBytes);
    } else if (key == "driverPid") {
      driver.pid = Walk::count(member);
    } else if (key == "driverNodeId") {
      driver.node_id = walk.id_unless_nil(member, kNodeIdBytes);
    } else if (key == "entrypoint") {
      driver.entrypoint = Walk::text(member);
    } else if (key == "config") {
      read_job_config(walk, member, driver);
    }
  });
}

void read_driver_lifecycle(Walk& walk, value of, DriverPiece& driver) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "jobId") driver.job_id = walk.id(member, kJobIdBytes);
    if (key != "stateTransitions") return;
    walk.elements(member, [&](value transition) {
      std::string_view state;
      UnixNanoseconds time = 0;
      walk.fields(transition, [&](std::string_view name, value part) {
        if (name == "state") state = Walk::text(part);
        if (name == "timestamp") time = Walk::time(part);
      });
      if (state == "CREATED") driver.created = time;
      if (state == "FINISHED") driver.finished = time;
    });
  });
}

void read_submission_definition(Walk& walk, value of, SubmissionPiece& submission) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "submissionId") {
      submission.submission_id = Walk::text(member);
    } else if (key == "entrypoint") {
      submission.entrypoint = Walk::text(member);
    } else if (key == "config") {
      read_job_config(walk, member, submission);
    }
  });
}

void read_submission_lifecycle(Walk& walk, value of, SubmissionPiece& submission) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "submissionId") submission.submission_id = Walk::text(member);
    if (key != "stateTransitions") return;
    walk.elements(member, [&](value transition) {
      SubmissionChange change;
      walk.fields(transition, [&](std::string_view name, value part) {
        if (name == "state") {
          change.status = Walk::text(part);
        } else if (name == "timestamp") {
          change.time = Walk::time(part);
        } else if (name == "message") {
          change.message = Walk::text(part);
        } else if (name == "errorType") {
          change.error_type = Walk::text(part);
        } else if (name == "driverNodeId") {
          change.node_id = walk.id_unless_nil(part, kNodeIdBytes);
        } else if (name == "driverAgentHttpAddress") {
          change.agent_address = Walk::text(part);
        } else if (name == "driverExitCode") {
          change.exit_code = Walk::number(part);
        }
      });
      submission.changes.push_back(change);
    });
  });
}

}  // namespace rayhistory::historyserver
