#include "historyserver/logs/log_source.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "historyserver/logs/log_generations.h"
#include "historyserver/state/job_sources.h"
#include "layout/rotated_log.h"

namespace rayhistory::historyserver {
namespace {

std::string_view name_in(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

// "worker-<worker>-<job>-<pid>.out" (Ray: dashboard/modules/log/log_manager.py WORKER_LOG_PATTERN). The job
// is ffffffff where the worker was started before it had one.
struct WorkerLog {
  std::string_view worker_id;
  std::string_view job_id;
  int64_t pid = 0;
};

constexpr std::string_view kNoJobYet = "ffffffff";

std::optional<WorkerLog> parse_worker_log(std::string_view name, std::string_view suffix) {
  constexpr std::string_view kWorker = "worker-";
  if (name.size() <= suffix.size() + 1 || !name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  if (!name.ends_with('.')) return std::nullopt;
  name.remove_suffix(1);

  const size_t worker = name.rfind(kWorker);
  if (worker == std::string_view::npos) return std::nullopt;
  name.remove_prefix(worker + kWorker.size());
  const size_t job = name.find('-');
  const size_t pid = name.rfind('-');
  if (job == std::string_view::npos || job == pid) return std::nullopt;
  WorkerLog log{.worker_id = name.substr(0, job), .job_id = name.substr(job + 1, pid - job - 1)};
  const char* const end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + pid + 1, end, log.pid);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return log;
}

Result<std::vector<LogSlice>> driver_log(std::string_view submission_id, const SessionListing& listing,
                                         const SessionState& state) {
  TRY_ASSIGN(const LogPath id, LogPath::parse(submission_id, "submission_id"));
  if (id.str().find('/') != std::string::npos) {
    return Error{ErrorKind::invalid,
                 fmt::format("invalid path: path traversal not allowed (submission_id={})", submission_id)};
  }
  const std::string path = log_file_of_submission(id.str());
  // Its driver's node first: an ID may be used again, on another node.
  for (const Job& job : state.jobs) {
    if (job.submission_id != submission_id) continue;
    const std::optional<NodeId> node = NodeId::parse(job.driver_node_id);
    if (!node) continue;
    std::vector<LogGeneration> generations = generations_of(listing, *node, path);
    if (!generations.empty()) return all_of(generations);
  }
  for (const NodeId& node : listing.nodes()) {
    std::vector<LogGeneration> generations = generations_of(listing, node, path);
    if (!generations.empty()) return all_of(generations);
  }
  if (id.is_odd()) return id.traversal("submission_id");
  return std::vector<LogSlice>();
}

// The generations of one request's sources.
class Finder {
 public:
  Finder(const LogRequest& request, const SessionListing& listing, const SessionState& state)
      : request_(request), listing_(listing), state_(state) {}

  // The slices are of logs as they are listed.
  Result<std::vector<LogSlice>> run() const {
    if (!request_.actor_id.empty()) return actor();
    if (!request_.task_id.empty()) return task();
    if (!request_.submission_id.empty()) return submission();
    TRY_ASSIGN(const NodeId node, asked_node());
    if (request_.pid) return process(node);
    return file(node);
  }

 private:
  Result<NodeId> asked_node() const {
    if (request_.node_id) return find_node_by_id(*request_.node_id, listing_, state_);
    return find_node_by_ip(request_.node_ip, state_);
  }

  Result<std::vector<LogSlice>> file(const NodeId& node) const {
    const LogPath& name = *request_.filename;
    const ListedObject* object = listing_.find(node.str() + "/logs/" + name.str());
    if (!object && name.is_odd()) return name.traversal("filename");
    if (!object) {
      return Error{ErrorKind::not_found,
                   fmt::format("A file is not found at: {}/logs/{}", node.str(), name.shown())};
    }
    return std::vector<LogSlice>{{object->key, 0, object->object.size}};
  }

  // The paths of the node's worker logs that are wanted.
  std::set<std::string> worker_logs(const NodeId& node,
                                    const std::function<bool(const WorkerLog&)>& is_wanted) const {
    std::set<std::string> paths;
    const std::string folder = node.str() + "/logs/";
    const size_t path_begins = listing_.session.prefix.size() + folder.size();
    for (const ListedObject* object : listing_.below(folder)) {
      std::string path = object->key.substr(path_begins);
      // The live file may be gone, and its generations still be there.
      path = live_log_path(path);
      if (path.find('/') != std::string::npos) continue;
      const std::optional<WorkerLog> log = parse_worker_log(path, request_.suffix);
      if (log && is_wanted(*log)) paths.insert(std::move(path));
    }
    return paths;
  }

  // Those of the first worker log of the node that is the wanted one; none where there is none.
  std::vector<LogGeneration> worker_log(const NodeId& node,
                                        const std::function<bool(const WorkerLog&)>& is_wanted) const {
    const std::set<std::string> paths = worker_logs(node, is_wanted);
    if (paths.empty()) return {};
    return generations_of(listing_, node, *paths.begin());
  }

  std::vector<LogGeneration> log_of_worker(std::string_view node_id, std::string_view worker_id) const {
    const std::optional<NodeId> node = NodeId::parse(node_id);
    if (!node || worker_id.empty()) return {};
    return worker_log(*node, [&](const WorkerLog& log) { return log.worker_id == worker_id; });
  }

  // Ray up to 2.57 sends no events of workers, so no event names the worker of an actor that died in its
  // constructor. The actor's death names the process, and the name of the worker's log names it too. None
  // where several logs have that process ID: the system gave the ID to one worker after the other, and
  // nothing says which of them was the actor's.
  std::vector<LogGeneration> log_of_constructor(const Actor& actor) const {
    const auto is_its_own = [&](const WorkerLog& log) {
      return log.pid == actor.pid && (log.job_id == actor.job_id || log.job_id == kNoJobYet);
    };
    std::vector<LogGeneration> found;
    for (const Node& node : state_.nodes) {
      const std::optional<NodeId> id = NodeId::parse(node.node_id);
      if (!id || node.ip_address != actor.ip_address) continue;
      for (const std::string& path : worker_logs(*id, is_its_own)) {
        if (!found.empty()) return {};
        found = generations_of(listing_, *id, path);
      }
    }
    return found;
  }

  Result<std::vector<LogSlice>> process(const NodeId& node) const {
    const auto generations = worker_log(node, [&](const WorkerLog& log) { return log.pid == *request_.pid; });
    if (generations.empty()) {
      return Error{ErrorKind::not_found, fmt::format("Could not find a log file of a worker with pid {} and "
                                                     "suffix {} on node {}",
                                                     *request_.pid, request_.suffix, node.str())};
    }
    return all_of(generations);
  }

  // Of its last incarnation; of an earlier one where that has none.
  Result<std::vector<LogSlice>> actor() const {
    const Actor* actor = state_.find_actor(request_.actor_id);
    if (!actor) return Error{ErrorKind::invalid, fmt::format("Actor ID {} not found.", request_.actor_id)};
    std::vector<std::pair<std::string_view, std::string_view>> incarnations = {
        {actor->shown_node_id(), actor->shown_worker_id()}};
    for (size_t at = actor->transitions.size(); at-- > 0;)
      incarnations.emplace_back(actor->transitions[at].node_id, actor->transitions[at].worker_id);

    bool was_anywhere = false;
    for (const auto& [node_id, worker_id] : incarnations) {
      was_anywhere = was_anywhere || (!node_id.empty() && !worker_id.empty());
      const std::vector<LogGeneration> generations = log_of_worker(node_id, worker_id);
      if (!generations.empty()) return all_of(generations);
    }
    if (!was_anywhere && actor->pid != 0) {
      was_anywhere = true;
      const std::vector<LogGeneration> generations = log_of_constructor(*actor);
      if (!generations.empty()) return all_of(generations);
    }
    if (!was_anywhere) {
      return Error{
          ErrorKind::invalid,
          fmt::format("Worker ID for Actor ID {} not found. Actor is not scheduled yet.", request_.actor_id)};
    }
    return Error{ErrorKind::not_found, fmt::format("Could not find a log file with suffix {} of actor {}",
                                                   request_.suffix, request_.actor_id)};
  }

  Result<std::vector<LogSlice>> submission() const {
    TRY_ASSIGN(std::vector<LogSlice> slices, driver_log(request_.submission_id, listing_, state_));
    if (slices.empty()) {
      return Error{ErrorKind::not_found,
                   fmt::format("Could not find a log file of submission {}", request_.submission_id)};
    }
    return slices;
  }

  bool is_out() const { return request_.suffix == "out"; }
  std::string_view file_of(const TaskAttempt& attempt) const {
    return is_out() ? attempt.stdout_file : attempt.stderr_file;
  }
  int64_t start_of(const TaskAttempt& attempt) const {
    return is_out() ? attempt.stdout_start : attempt.stderr_start;
  }
  int64_t end_of(const TaskAttempt& attempt) const {
    return is_out() ? attempt.stdout_end : attempt.stderr_end;
  }

  Result<const TaskAttempt*> find_attempt() const {
    auto at = state_.find_task(request_.task_id);
    if (at == state_.attempts.end()) {
      return Error{ErrorKind::invalid,
                   fmt::format("Could not find log file for task: {} (attempt {}) with suffix: {}",
                               request_.task_id, request_.attempt_number, request_.suffix)};
    }
    for (; at != state_.attempts.end() && at->task_id == request_.task_id; ++at)
      if (at->attempt == request_.attempt_number) return &*at;
    return Error{ErrorKind::invalid, fmt::format("Could not find log file for task attempt: {}({})",
                                                 request_.task_id, request_.attempt_number)};
  }

  Result<std::vector<LogSlice>> task() const {
    TRY_ASSIGN(const TaskAttempt* const attempt, find_attempt());
    if (attempt->node_id.empty()) {
      return Error{ErrorKind::invalid,
                   fmt::format("Could not find log file for task attempt: {}({}) due to missing node info.",
                               request_.task_id, request_.attempt_number)};
    }
    if (!file_of(*attempt).empty()) return task_output(*attempt);
    if (!attempt->actor_id.empty()) {
      return Error{ErrorKind::invalid,
                   fmt::format("for actor task, please query actor log for actor({}) by providing actor_id "
                               "query parameter",
                               attempt->actor_id)};
    }
    // Its worker died before it said where the output begins: what that worker wrote is all that is known.
    const std::vector<LogGeneration> generations = log_of_worker(attempt->node_id, attempt->worker_id);
    if (generations.empty()) {
      return Error{
          ErrorKind::not_found,
          fmt::format("Could not find log file for task attempt: {}({}). Worker id = {}, node id = {}",
                      request_.task_id, request_.attempt_number, attempt->worker_id, attempt->node_id)};
    }
    if (end_of(*attempt) <= 0) return all_of(generations);
    // Ray up to 2.57 sends of some tasks only where their output ends: it begins where the worker's task
    // before ended, with the lines by which the worker announces a task.
    return slices_of(generations,
                     {.start = end_before(*attempt),
                      .began = attempt->time_of(TaskStatus::running),
                      .end = end_of(*attempt),
                      .ended = attempt->end_time()},
                     nullptr);
  }

  // Where the worker's output before that of the attempt ended; 0 where there is none.
  uint64_t end_before(const TaskAttempt& attempt) const {
    int64_t end = 0;
    for (const TaskAttempt& other : state_.attempts) {
      const bool is_of_worker = other.worker_id == attempt.worker_id && other.node_id == attempt.node_id;
      if (is_of_worker && end_of(other) < end_of(attempt)) end = std::max(end, end_of(other));
    }
    return static_cast<uint64_t>(end);
  }

  Result<std::vector<LogSlice>> task_output(const TaskAttempt& attempt) const {
    const std::optional<NodeId> node = NodeId::parse(attempt.node_id);
    // The path is the worker's own, so it is checked as a user's would be.
    TRY_ASSIGN(const LogPath path, LogPath::parse(name_in(file_of(attempt)), "task_log_info"));
    const std::vector<LogGeneration> generations =
        node ? generations_of(listing_, *node, path.str()) : std::vector<LogGeneration>{};
    if (generations.empty() && path.is_odd()) return path.traversal("task_log_info");
    if (generations.empty()) {
      return Error{ErrorKind::not_found,
                   fmt::format("A file is not found at: {}/logs/{}", attempt.node_id, path.shown())};
    }
    const TaskOutput output{.start = static_cast<uint64_t>(std::max<int64_t>(start_of(attempt), 0)),
                            .began = attempt.time_of(TaskStatus::running),
                            .end = end_of(attempt),
                            .ended = attempt.end_time()};
    const std::optional<NextOutput> next =
        output.end < 0 ? next_output(attempt, output) : std::optional<NextOutput>();
    return slices_of(generations, output, next ? &*next : nullptr);
  }

  // What came next in the same file.
  std::optional<NextOutput> next_output(const TaskAttempt& attempt, const TaskOutput& output) const {
    std::optional<NextOutput> next;
    for (const TaskAttempt& other : state_.attempts) {
      if (&other == &attempt || start_of(other) < 0 || other.node_id != attempt.node_id ||
          file_of(other) != file_of(attempt))
        continue;
      const NextOutput candidate{.start = static_cast<uint64_t>(start_of(other)),
                                 .began = other.time_of(TaskStatus::running)};
      const auto is_before = [](const auto& a, const auto& b) {
        return a.began != 0 && b.began != 0 ? a.began < b.began : a.start < b.start;
      };
      if (is_before(output, candidate) && (!next || is_before(candidate, *next))) next = candidate;
    }
    return next;
  }

  const LogRequest& request_;
  const SessionListing& listing_;
  const SessionState& state_;
};

}  // namespace

Result<NodeId> find_node_by_id(const NodeId& node, const SessionListing& listing, const SessionState& state) {
  if (state.find_node(node.str()) || !listing.below(node.str() + "/").empty()) return node;
  return Error{ErrorKind::not_found, fmt::format("Cannot find a node with ID {} in session {}", node.str(),
                                                 listing.session.name.str())};
}

Result<NodeId> find_node_by_ip(std::string_view ip, const SessionState& state) {
  const Node* best = nullptr;
  for (const Node& node : state.nodes) {
    if (node.ip_address != ip) continue;
    if (!best || std::pair(best->is_alive, best->start_time) < std::pair(node.is_alive, node.start_time))
      best = &node;
  }
  std::optional<NodeId> id = best ? NodeId::parse(best->node_id) : std::nullopt;
  if (!id) {
    return Error{ErrorKind::not_found,
                 fmt::format("Cannot find matching node_id for a given node ip {}", ip)};
  }
  return std::move(*id);
}

Result<std::vector<LogSlice>> find_driver_log(std::string_view submission_id, const SessionListing& listing,
                                              const SessionState& state) {
  TRY_ASSIGN(const std::vector<LogSlice> slices, driver_log(submission_id, listing, state));
  return listing.chunked.in_store(slices);
}

Result<std::vector<LogSlice>> find_log(const LogRequest& request, const SessionListing& listing,
                                       const SessionState& state) {
  TRY_ASSIGN(const std::vector<LogSlice> slices, Finder(request, listing, state).run());
  return listing.chunked.in_store(slices);
}

}  // namespace rayhistory::historyserver
