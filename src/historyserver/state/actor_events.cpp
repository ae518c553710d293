#include "historyserver/state/actor_events.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/json_text.h"
#include "historyserver/state/ray_id.h"

namespace rayhistory::historyserver {
namespace {

using simdjson::ondemand::json_type;
using simdjson::ondemand::value;
using Walk = EventWalk;

// An actor's death cause is the only thing that is read to any depth; Ray's goes to 3.
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

// The state API shows a death cause so: keys in snake_case, IDs in hex, without the pickled exception.
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
      // A number, a truth value or null has no escapes and no space within.
      std::string_view token(member.raw_json_token());
      while (!token.empty() && (token.back() == ' ' || token.back() == '\t' || token.back() == '\r'))
        token.remove_suffix(1);
      json += token;
    }
  });
  json += '}';
}

// It reads why the actor died, in words for people; and the process, should no transition name it.
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

// It walks the same text twice: once for what it says, once for how it is shown.
void read_death_cause(Walk& walk, value of, ActorChange& change) {
  const std::string_view cause = Walk::raw_object(of);
  if (cause.empty()) return;
  walk.again(cause, [&](value root) { read_death_contexts(walk, root, change); });
  std::string shown;
  walk.again(cause, [&](value root) { append_in_snake_case(shown, walk, root, 1); });
  if (shown != "{}") change.death_cause = walk.keep(shown);
}

}  // namespace

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

}  // namespace rayhistory::historyserver
