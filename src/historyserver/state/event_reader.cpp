#include "historyserver/state/event_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include <simdjson.h>

#include "base/json_text.h"
#include "base/rfc3339.h"
#include "historyserver/state/ansi_codes.h"
#include "historyserver/state/autoscaler_events.h"
#include "historyserver/state/event_walk.h"
#include "historyserver/state/placement_group_events.h"
#include "historyserver/state/ray_id.h"

namespace rayhistory::historyserver {
namespace {

using simdjson::ondemand::json_type;
using simdjson::ondemand::object;
using simdjson::ondemand::value;
using Walk = EventWalk;

// Of an actor's death cause, the only thing that is read to any depth; Ray's goes to 3.
constexpr int kDepthLimit = 8;

std::string snake_case(std::string_view camel_case) {
  std::string snake;
  for (const char c : camel_case) {
    if (c >= 'A' && c <= 'Z') {
      if (!snake.empty()) snake += '_';
      snake += static_cast<char>(c - 'A' + 'a');
    } else {
      snake += c;
    }
  }
  return snake;
}

size_t id_bytes_of(std::string_view key) {
  if (key == "actorId") return kActorIdBytes;
  if (key == "ownerId") return kWorkerIdBytes;
  if (key == "nodeId") return kNodeIdBytes;
  return 0;
}

// A death cause as the state API shows it: keys in snake_case, IDs in hex, without the pickled exception.
void append_in_snake_case(std::string& json, Walk& walk, value of, int depth) {
  json += '{';
  bool is_first = true;
  walk.fields(of, [&](std::string_view key, value member) {
    json_type type{};
    if (key == "serializedException" || member.type().get(type) != simdjson::SUCCESS) return;
    if (type == json_type::array || (type == json_type::object && depth >= kDepthLimit)) return;
    if (!std::exchange(is_first, false)) json += ',';
    append_json_string(json, snake_case(key));
    json += ':';
    if (type == json_type::object) {
      append_in_snake_case(json, walk, member, depth + 1);
    } else if (const size_t bytes = id_bytes_of(key); bytes != 0) {
      append_json_string(json, walk.id(member, bytes));
    } else if (type == json_type::string) {
      append_json_string(json, Walk::text(member));
    } else {
      // A number, a truth value or null: no escapes and no space within.
      std::string_view token(member.raw_json_token());
      while (!token.empty() && (token.back() == ' ' || token.back() == '\t' || token.back() == '\r'))
        token.remove_suffix(1);
      json += token;
    }
  });
  json += '}';
}

// --- payloads ---

std::string_view after_last_dot(std::string_view name) {
  return name.substr(name.rfind('.') + 1);  // npos + 1 is 0
}

// "pythonFunctionDescriptor": {"className": "A", "functionName": "inc", …}; Java's and C++'s alike. As Ray
// shows it (src/ray/common/function_descriptor.h CallString): "f" of "main.<locals>.f", "A.inc" of class
// "main.<locals>.A".
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

void read_actor_definition(Walk& walk, value of, ActorPiece& actor) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "actorId") {
      actor.actor_id = walk.id(member, kActorIdBytes);
    } else if (key == "jobId") {
      actor.job_id = walk.id_unless_nil(member, kJobIdBytes);
    } else if (key == "name") {
      actor.name = Walk::text(member);
    } else if (key == "rayNamespace") {
      actor.ray_namespace = Walk::text(member);
    } else if (key == "className") {
      actor.class_name = Walk::text(member);
    } else if (key == "isDetached") {
      actor.is_detached = Walk::truth(member).value_or(false);
    } else if (key == "serializedRuntimeEnv") {
      actor.serialized_runtime_env = Walk::text(member);
    } else if (key == "requiredResources") {
      actor.required_resources = walk.resources(member);
    } else if (key == "placementGroupId") {
      actor.placement_group_id = walk.id_unless_nil(member, kPlacementGroupIdBytes);
    } else if (key == "labelSelector") {
      actor.label_selector = walk.map(member);
    } else if (key == "callSite") {
      actor.call_site = Walk::text(member);
    } else if (key == "parentId") {
      actor.parent_id = walk.id_unless_nil(member, kTaskIdBytes);
    }
  });
}

// Why it died, as people are told; and the process, should no transition name it.
void read_death_contexts(Walk& walk, value cause, ActorChange& change) {
  std::string exit_detail;
  walk.fields(cause, [&](std::string_view context, value member) {
    walk.fields(member, [&](std::string_view key, value part) {
      const bool tells =
          context == "creationTaskFailureContext" ? key == "formattedExceptionString" : key == "errorMessage";
      if (tells && exit_detail.empty()) exit_detail = Walk::text(part);
      if (context == "actorDiedErrorContext" && key == "pid") change.died_pid = Walk::count(part);
      if (context == "actorDiedErrorContext" && key == "nodeIpAddress")
        change.died_ip = walk.keep(Walk::text(part));
    });
  });
  change.exit_detail = walk.keep(exit_detail);
}

// Twice over the same text: once for what is said, once for how it is shown.
void read_death_cause(Walk& walk, value of, ActorChange& change) {
  const std::string_view cause = Walk::raw_object(of);
  if (cause.empty()) return;
  walk.again(cause, [&](value root) { read_death_contexts(walk, root, change); });
  std::string shown;
  walk.again(cause, [&](value root) { append_in_snake_case(shown, walk, root, 1); });
  if (shown != "{}") change.death_cause = walk.keep(shown);
}

void read_actor_lifecycle(Walk& walk, value of, ActorPiece& actor) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "actorId") actor.actor_id = walk.id(member, kActorIdBytes);
    if (key != "stateTransitions") return;
    walk.elements(member, [&](value transition) {
      ActorChange change;
      walk.fields(transition, [&](std::string_view name, value part) {
        if (name == "state") {
          change.state = Walk::text(part);
        } else if (name == "timestamp") {
          change.time = Walk::time(part);
        } else if (name == "nodeId") {
          change.node_id = walk.id_unless_nil(part, kNodeIdBytes);
        } else if (name == "workerId") {
          change.worker_id = walk.id_unless_nil(part, kWorkerIdBytes);
        } else if (name == "reprName") {
          change.repr_name = Walk::text(part);
        } else if (name == "restartReason") {
          change.restart_reason = Walk::text(part);
        } else if (name == "pid") {
          change.pid = Walk::count(part);
        } else if (name == "port") {
          change.port = Walk::count(part);
        } else if (name == "deathCause") {
          read_death_cause(walk, part, change);
        }
      });
      if (!change.state.empty()) actor.changes.push_back(change);
    });
  });
}

void read_node_definition(Walk& walk, value of, NodePiece& node) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "nodeId") {
      node.node_id = walk.id(member, kNodeIdBytes);
    } else if (key == "nodeIpAddress") {
      node.ip_address = Walk::text(member);
    } else if (key == "hostname") {
      node.host_name = Walk::text(member);
    } else if (key == "nodeName") {
      node.name = Walk::text(member);
    } else if (key == "instanceId") {
      node.instance_id = Walk::text(member);
    } else if (key == "instanceTypeName") {
      node.instance_type = Walk::text(member);
    } else if (key == "labels") {
      node.labels = walk.map(member);
    } else if (key == "startTimestamp") {
      node.start_time = Walk::time(member);
    }
  });
}

void read_node_lifecycle(Walk& walk, value of, NodePiece& node) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "nodeId") node.node_id = walk.id(member, kNodeIdBytes);
    if (key != "stateTransitions") return;
    walk.elements(member, [&](value transition) {
      NodeChange change;
      walk.fields(transition, [&](std::string_view name, value part) {
        if (name == "state") {
          change.state = Walk::text(part);
        } else if (name == "timestamp") {
          change.time = Walk::time(part);
        } else if (name == "resources") {
          change.resources = walk.resources(part);
        } else if (name == "aliveSubState") {
          change.alive_sub_state = Walk::text(part);
        } else if (name == "deathInfo") {
          walk.fields(part, [&](std::string_view detail, value text) {
            if (detail == "reason") change.death_reason = Walk::text(text);
            if (detail == "reasonMessage") change.death_message = Walk::text(text);
          });
        }
      });
      if (!change.state.empty()) node.changes.push_back(std::move(change));
    });
  });
}

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

template <typename Piece>
void read_job_config(Walk& walk, value of, Piece& job) {
  walk.fields(of, [&](std::string_view key, value member) {
    if (key == "serializedRuntimeEnv") job.serialized_runtime_env = Walk::text(member);
    if (key == "metadata") job.metadata = walk.map(member);
  });
}

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

}  // namespace

struct EventReader::State {
  explicit State(SessionBuilder& builder_to_fill) : builder(builder_to_fill) {}

  SessionBuilder& builder;
  simdjson::ondemand::parser parser;
  simdjson::ondemand::parser inner;
  EventScratch scratch;
};

EventReader::EventReader(SessionBuilder& builder) : state_(std::make_unique<State>(builder)) {}
EventReader::~EventReader() = default;

bool EventReader::read(std::string_view event) {
  State& state = *state_;
  state.scratch.clear();
  simdjson::ondemand::document document;
  object envelope;
  if (state.parser.iterate(event.data(), event.size(), event.size() + kEventPadding).get(document) !=
          simdjson::SUCCESS ||
      document.get_object().get(envelope) != simdjson::SUCCESS) {
    return false;
  }

  Walk walk(state.scratch, state.inner);
  std::optional<TaskPiece> task;
  std::optional<ActorPiece> actor;
  std::optional<NodePiece> node;
  std::optional<WorkerPiece> worker;
  std::optional<DriverPiece> driver;
  std::optional<SubmissionPiece> submission;
  std::optional<PlacementGroupPiece> group;
  std::optional<AutoscalerReportPiece> report;
  std::optional<NodeProvisioning> provisioning;
  bool is_by_worker = false;
  bool is_of_platform = false;
  std::string_view time;
  std::string_view sender;
  std::string_view type;
  walk.fields_of(envelope, [&](std::string_view key, value member) {
    if (key == "timestamp") {
      time = Walk::text(member);
    } else if (key == "nodeId") {
      sender = Walk::text(member);
    } else if (key == "eventType") {
      type = Walk::text(member);
    } else if (key == "taskDefinitionEvent") {
      read_task_definition(walk, member, task.emplace());
    } else if (key == "actorTaskDefinitionEvent") {
      read_task_definition(walk, member, task.emplace());
      task->type = TaskType::actor_task;
    } else if (key == "taskLifecycleEvent") {
      read_task_lifecycle(walk, member, task.emplace());
      is_by_worker =
          task->worker_pid != 0 || (task->statuses & (1U << static_cast<uint32_t>(TaskStatus::running))) != 0;
    } else if (key == "taskProfileEvents") {
      read_task_profile(walk, member, task.emplace());
      is_by_worker = task->profile_component_type == "worker";
    } else if (key == "actorDefinitionEvent") {
      read_actor_definition(walk, member, actor.emplace());
    } else if (key == "actorLifecycleEvent") {
      read_actor_lifecycle(walk, member, actor.emplace());
    } else if (key == "nodeDefinitionEvent") {
      read_node_definition(walk, member, node.emplace());
    } else if (key == "nodeLifecycleEvent") {
      read_node_lifecycle(walk, member, node.emplace());
    } else if (key == "workerDefinitionEvent") {
      read_worker_definition(walk, member, worker.emplace());
    } else if (key == "workerLifecycleEvent") {
      read_worker_lifecycle(walk, member, worker.emplace());
    } else if (key == "driverJobDefinitionEvent") {
      read_driver_definition(walk, member, driver.emplace());
    } else if (key == "driverJobLifecycleEvent") {
      read_driver_lifecycle(walk, member, driver.emplace());
    } else if (key == "submissionJobDefinitionEvent") {
      read_submission_definition(walk, member, submission.emplace());
    } else if (key == "submissionJobLifecycleEvent") {
      read_submission_lifecycle(walk, member, submission.emplace());
    } else if (key == "placementGroupDefinitionEvent") {
      read_placement_group_definition(walk, member, group.emplace());
    } else if (key == "placementGroupLifecycleEvent") {
      read_placement_group_lifecycle(walk, member, group.emplace());
    } else if (key == "autoscalerConfigDefinitionEvent") {
      read_autoscaler_config(walk, member, report.emplace());
    } else if (key == "autoscalerScalingDecisionEvent") {
      read_scaling_decision(walk, member, report.emplace());
    } else if (key == "autoscalerNodeProvisioningEvent") {
      read_node_provisioning(walk, member, provisioning.emplace());
    } else if (key == "platformEvent") {
      is_of_platform = true;
    }
  });
  if (!walk.ok()) return false;

  if (task) {
    if (is_by_worker) task->sender_node_id = walk.hex_id_unless_nil(sender, kNodeIdBytes);
    if (task->is_debugger_paused) task->debugger_time = parse_rfc3339(time).value_or(0);
    state.builder.add(*task);
  }
  if (actor) state.builder.add(*actor);
  if (node) state.builder.add(*node);
  if (worker) state.builder.add(*worker);
  if (driver) state.builder.add(*driver);
  if (submission) state.builder.add(*submission);
  if (group) state.builder.add(*group);
  if (provisioning) {
    provisioning->time = parse_rfc3339(time).value_or(0);
    state.builder.add(*provisioning);
  }
  const bool is_known = task || actor || node || worker || driver || submission || group || provisioning ||
                        report || is_of_platform;
  if (!is_known) state.builder.add_unknown_event(type);
  if (!report && !is_of_platform) return true;

  // Few: their IDs are read a second time, and those of all others not at all.
  std::string_view event_id;
  walk.again(event, [&](value root) {
    walk.fields(root, [&](std::string_view key, value member) {
      if (key == "eventId") event_id = walk.keep(Walk::text(member));
    });
  });
  if (!walk.ok()) return false;
  if (report) {
    report->event_id = event_id;
    report->time = parse_rfc3339(time).value_or(0);
    // A decision that nothing has to change says nothing.
    if (!report->message.empty()) state.builder.add(*report);
  }
  if (is_of_platform) {
    PlatformEventPiece platform;
    platform.event_id = event_id;
    platform.time = parse_rfc3339(time).value_or(0);
    platform.json = event;
    state.builder.add(platform);
  }
  return true;
}

}  // namespace rayhistory::historyserver
