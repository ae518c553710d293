#include "historyserver/state/actor_rows.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "historyserver/state/json_element.h"
#include "historyserver/state/rows_by_id.h"

namespace rayhistory::historyserver {
namespace {

constexpr std::string_view kFirstActorState = "DEPENDENCIES_UNREADY";

void begin_life(ActorPiece& actor, const ActorChange& change) {
  if (actor.start_time == 0) actor.start_time = change.time;
  actor.node_id = change.node_id;
  actor.worker_id = change.worker_id;
  actor.pid = change.pid;
  actor.port = change.port;
}

void count_restart(ActorPiece& actor, const ActorChange& change) {
  ++actor.restarts;
  if (change.restart_reason == "LINEAGE_RECONSTRUCTION") ++actor.restarts_by_lineage_reconstruction;
  if (change.restart_reason == "NODE_PREEMPTION") ++actor.restarts_by_node_preemption;
}

// A death names this process. It counts where no other transition names one.
struct DiedProcess {
  int64_t pid = 0;
  std::string_view ip_address;
};

void end_life(ActorPiece& actor, const ActorChange& change, DiedProcess& died) {
  if (actor.end_time == 0) actor.end_time = change.time;
  if (!change.exit_detail.empty()) actor.exit_detail = change.exit_detail;
  if (!change.death_cause.empty()) actor.death_cause = change.death_cause;
  if (change.died_pid != 0) died.pid = change.died_pid;
  if (!change.died_ip.empty()) died.ip_address = change.died_ip;
}

// The actor lives again: what was said of its end is over.
void forget_end(ActorPiece& actor) {
  actor.end_time = 0;
  actor.exit_detail = {};
  actor.death_cause = {};
}

void apply(ActorPiece& actor, const ActorChange& change, DiedProcess& died) {
  actor.transitions.push_back(change);
  actor.state = change.state;
  // GCS stamps an actor when it lives, dies or is to live again, and not while it waits.
  if (change.state == "ALIVE" || change.state == "DEAD" || change.state == "RESTARTING")
    actor.last_change = change.time;
  if (!change.repr_name.empty()) actor.repr_name = change.repr_name;
  if (change.state == "ALIVE") begin_life(actor, change);
  if (change.state == "RESTARTING") count_restart(actor, change);
  if (change.state == "DEAD") {
    end_life(actor, change, died);
  } else {
    forget_end(actor);
  }
}

}  // namespace

Actor actor_row(ActorPiece piece, const std::vector<Node>& nodes) {
  settle(piece);
  DiedProcess died;
  for (const ActorChange& change : piece.changes)
    apply(piece, change, died);
  if (piece.state.empty()) piece.state = kFirstActorState;
  if (piece.pid == 0) piece.pid = died.pid;
  if (const Node* node = find_by_id(nodes, &Node::node_id, piece.node_id))
    piece.ip_address = node->ip_address;
  if (piece.node_id.empty()) piece.ip_address = died.ip_address;
  return piece;
}

void find_constructors(std::vector<Actor>& actors, const std::vector<Worker>& workers, BuildSteps& steps) {
  std::unordered_multimap<int64_t, const Worker*> by_pid;
  const auto died_early = [](const Actor& actor) {
    return actor.worker_id.empty() && actor.pid != 0 && !actor.ip_address.empty();
  };
  if (std::none_of(actors.begin(), actors.end(), died_early)) return;
  for (const Worker& worker : workers)
    by_pid.emplace(worker.pid, &worker);
  for (Actor& actor : actors) {
    if (!died_early(actor)) continue;
    const Worker* found = nullptr;
    const auto [begin, end] = by_pid.equal_range(actor.pid);
    for (auto entry = begin; entry != end; ++entry) {
      // A tenant can give all actors and all workers one PID.
      if (steps.must_end()) return;
      const Worker* worker = entry->second;
      const bool began_in_time = from_milliseconds(worker->start_time_ms) <= actor.end_time;
      if (worker->ip_address != actor.ip_address || !began_in_time) continue;
      if (found == nullptr || found->start_time_ms < worker->start_time_ms) found = worker;
    }
    if (found == nullptr) continue;
    actor.constructor_node_id = found->node_id;
    actor.constructor_worker_id = found->worker_id;
  }
}

void find_process_ids(std::vector<Actor>& actors, const std::vector<TaskAttempt>& attempts,
                      BuildSteps& steps) {
  const auto lacks_pid = [](const Actor& actor) { return actor.pid == 0 && !actor.worker_id.empty(); };
  std::unordered_map<std::string_view, int64_t> pids;  // by worker
  for (const Actor& actor : actors)
    if (lacks_pid(actor)) pids.emplace(actor.worker_id, 0);
  if (pids.empty()) return;
  for (const TaskAttempt& task : attempts) {
    if (steps.must_end()) return;
    if (task.worker_pid == 0) continue;
    // The owner of an actor's creation task names no worker; the profile of the worker that ran it does.
    const bool has_profile = task.profile_component_type == "worker";
    const auto found = pids.find(has_profile ? task.profile_component_id : task.worker_id);
    // One worker is one process. Where events disagree, the greatest counts, whatever their order.
    if (found != pids.end()) found->second = std::max(found->second, task.worker_pid);
  }
  for (Actor& actor : actors)
    if (lacks_pid(actor)) actor.pid = pids.at(actor.worker_id);
}

}  // namespace rayhistory::historyserver
