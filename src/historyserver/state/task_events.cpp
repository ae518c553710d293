#include "historyserver/state/task_events.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "historyserver/state/ansi_codes.h"
#include "historyserver/state/ray_id.h"

namespace rayhistory::historyserver {
namespace {

using simdjson::ondemand::value;
using Walk = EventWalk;

std::string_view after_last_dot(std::string_view name) {
  return name.substr(name.rfind('.') + 1);  // npos + 1 is 0
}

// It reads "pythonFunctionDescriptor": {"className": "A", "functionName": "inc", …}, and Java's and C++'s
// alike. It names the function as Ray does (src/ray/common/function_descriptor.h CallString): "f" for
// "main.<locals>.f", "A.inc" for class "main.<locals>.A".
std::string_view function_name(Walk& walk, value of) {
  std::string name;
  walk.fields(of, [&](std::string_view, value descriptor) {
    std::string_view class_name;
    std::string_view function;
    walk.fields(descriptor, [&](std::string_view key, value member) {
      if (key == "className") class_name = Walk::text(member);
      if (key == "functionName") function = Walk::text(member);
    });
    name = class_name.empty() ? std::string(after_last_dot(function))
                              : std::string(after_last_dot(class_name)) + "." + std::string(function);
  });
  return walk.keep(name);
}

void read_error(Walk& walk, value of, TaskPiece& task) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "errorType") task.error_type = Walk::text(member);
    if (key == "errorMessage") task.error_message = walk.keep(without_ansi_codes(Walk::text(member)));
  });
}

void read_log_info(Walk& walk, value of, TaskPiece& task) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "stdoutFile") {
      task.stdout_file = Walk::text(member);
    } else if (key == "stderrFile") {
      task.stderr_file = Walk::text(member);
    } else if (key == "stdoutStart") {
      task.stdout_start = Walk::number(member).value_or(-1);
    } else if (key == "stdoutEnd") {
      task.stdout_end = Walk::number(member).value_or(-1);
    } else if (key == "stderrStart") {
      task.stderr_start = Walk::number(member).value_or(-1);
    } else if (key == "stderrEnd") {
      task.stderr_end = Walk::number(member).value_or(-1);
    }
  });
  // Ray up to 2.57 writes what it does not know yet as 0. Before a task's output its worker has written lines
  // of its own, so no output ends there.
  if (!task.stdout_file.empty() && task.stdout_end == 0) task.stdout_end = -1;
  if (!task.stderr_file.empty() && task.stderr_end == 0) task.stderr_end = -1;
}

void read_profile_events(Walk& walk, value of, TaskPiece& task) {
  walk.elements(of, [&](value element) {
    ProfileEvent event;
    walk.fields(element, [&](std::string_view key, value member) {
      if (key == "eventName") {
        event.name = Walk::text(member);
      } else if (key == "startTime") {
        event.start = Walk::count(member);
      } else if (key == "endTime") {
        event.end = Walk::count(member);
      } else if (key == "extraData") {
        event.extra_data = Walk::text(member);
      }
    });
    task.profile_events.push_back(event);
  });
}

}  // namespace

void read_task_definition(Walk& walk, value of, TaskPiece& task) {
  task.has_definition = true;
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "taskId") {
      task.task_id = walk.id(member, kTaskIdBytes);
    } else if (key == "taskAttempt") {
      task.attempt = Walk::small_count(member);
    } else if (key == "taskType") {
      task.type = parse_task_type(Walk::text(member));
    } else if (key == "language") {
      task.language = Walk::text(member);
    } else if (key == "taskFunc" || key == "actorFunc") {
      task.func_or_class_name = function_name(walk, member);
    } else if (key == "taskName" || key == "actorTaskName") {
      task.name = Walk::text(member);
    } else if (key == "requiredResources") {
      task.required_resources = walk.resources(member);
    } else if (key == "jobId") {
      task.job_id = walk.id_unless_nil(member, kJobIdBytes);
    } else if (key == "actorId") {
      task.actor_id = walk.id_unless_nil(member, kActorIdBytes);
    } else if (key == "parentTaskId") {
      // Live answers show a driver's, which is nil, as it is.
      task.parent_task_id = walk.id(member, kTaskIdBytes);
    } else if (key == "placementGroupId") {
      task.placement_group_id = walk.id_unless_nil(member, kPlacementGroupIdBytes);
    } else if (key == "serializedRuntimeEnv") {
      task.serialized_runtime_env = Walk::text(member);
    } else if (key == "callSite") {
      task.call_site = Walk::text(member);
    } else if (key == "labelSelector") {
      task.label_selector = walk.map(member);
    } else if (key == "fallbackStrategy") {
      task.fallback_strategy = Walk::raw_object(member);
    } else if (key == "isDetachedActor") {
      task.is_detached_actor = Walk::truth(member).value_or(false);
    }
  });
}

void read_task_lifecycle(Walk& walk, value of, TaskPiece& task) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "taskId") {
      task.task_id = walk.id(member, kTaskIdBytes);
    } else if (key == "taskAttempt") {
      task.attempt = Walk::small_count(member);
    } else if (key == "jobId") {
      task.job_id = walk.id_unless_nil(member, kJobIdBytes);
    } else if (key == "nodeId") {
      task.node_id = walk.id_unless_nil(member, kNodeIdBytes);
    } else if (key == "workerId") {
      task.worker_id = walk.id_unless_nil(member, kWorkerIdBytes);
    } else if (key == "workerPid") {
      task.worker_pid = Walk::count(member);
    } else if (key == "isDebuggerPaused") {
      task.is_debugger_paused = Walk::truth(member);
    } else if (key == "actorReprName") {
      task.actor_repr_name = Walk::text(member);
    } else if (key == "rayErrorInfo") {
      read_error(walk, member, task);
    } else if (key == "taskLogInfo") {
      read_log_info(walk, member, task);
    } else if (key == "stateTransitions") {
      walk.elements(member, [&](value transition) {
        std::optional<TaskStatus> status;
        UnixNanoseconds time = 0;
        walk.fields(transition, [&](std::string_view name, value part) {
          if (name == "state") status = parse_task_status(Walk::text(part));
          if (name == "timestamp") time = Walk::time(part);
        });
        if (!status) return;
        task.statuses |= 1U << static_cast<uint32_t>(*status);
        UnixNanoseconds& reached = task.reached[static_cast<size_t>(*status)];
        if (time != 0 && (reached == 0 || time < reached)) reached = time;
      });
    }
  });
}

void read_task_profile(Walk& walk, value of, TaskPiece& task) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "taskId") {
      task.task_id = walk.id(member, kTaskIdBytes);
    } else if (key == "attemptNumber") {
      task.attempt = Walk::small_count(member);
    } else if (key == "jobId") {
      task.job_id = walk.id_unless_nil(member, kJobIdBytes);
    } else if (key == "profileEvents") {
      walk.fields(member, [&](std::string_view name, value part) {
        if (name == "componentType") {
          task.profile_component_type = Walk::text(part);
        } else if (name == "componentId") {
          task.profile_component_id = walk.id_unless_nil(part, kWorkerIdBytes);
        } else if (name == "nodeIpAddress") {
          task.profile_node_ip = Walk::text(part);
        } else if (name == "events") {
          read_profile_events(walk, part, task);
        }
      });
    }
  });
}

}  // namespace rayhistory::historyserver
