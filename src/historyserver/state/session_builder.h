// A session builder builds a session's state out of what its events say, in any order and however often:
// equal sets of pieces give equal states. Any thread may add, side by side; build() is called once, when all
// have.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "historyserver/state/attempt_blocks.h"
#include "historyserver/state/build_steps.h"
#include "historyserver/state/session_state.h"
#include "historyserver/state/state_pieces.h"
#include "historyserver/state/text_memory.h"

namespace rayhistory::historyserver {

class SessionBuilder {
 public:
  // Each piece has its ID; its texts need to live for the call only. The builder drops a piece without its
  // ID.
  void add(const TaskPiece& task);
  void add(const ActorPiece& actor);
  void add(const NodePiece& node);
  void add(const WorkerPiece& worker);
  void add(const DriverPiece& driver);
  void add(const SubmissionPiece& submission);
  void add(const FetchedJobPiece& job);
  void add(const PlatformEventPiece& event);
  void add(const PlacementGroupPiece& group);
  void add(const AutoscalerReportPiece& report);
  void add(const NodeProvisioning& provisioning);
  void add(const ExportedDatasetPiece& dataset);
  void add(const ExportedTrainPiece& row);

  // `folder` is that of the session on one of its nodes; it is empty where no raylet's log names it.
  void set_folder(std::string_view folder);

  // It counts an event of a type that is not known, by its name; `type` may be anything.
  void add_unknown_event(std::string_view type);

  // A stored answer of the dashboard has the row. It counts where no piece tells of that task's attempt,
  // actor or node.
  void add_snapshot(const TaskPiece& task);
  void add_snapshot(Actor actor);
  void add_snapshot(Node node);

  // build() will allocate about as many bytes beside those that the pieces take already.
  uint64_t bytes_to_build() const;

  // It concludes from all of it together: final states, and the ends that were not reported because the
  // process that would have reported them was gone. So many threads work on it, and the builder is empty
  // then. The error is `cancelled` where the deadline or a stop came first.
  Result<std::shared_ptr<SessionState>> build(const Deadline& deadline, unsigned threads = 1);

 private:
  using TaskKey = std::pair<std::string_view, uint32_t>;  // task ID, attempt
  struct TaskKeyHash {
    size_t operator()(const TaskKey& key) const {
      return std::hash<std::string_view>()(key.first) + key.second;
    }
  };
  // Most rows by far are tasks: those whose IDs begin alike share a lock, a text pool and an index, so that
  // threads seldom meet.
  struct Shard {
    mutable std::mutex mutex;
    TextPool texts;
    boost::unordered_flat_map<TaskKey, TaskPiece*, TaskKeyHash> index;
    std::vector<std::unique_ptr<TaskPiece>> tasks;
  };
  static constexpr size_t kShards = 16;

  template <typename Piece>
  using ById = boost::unordered_flat_map<std::string_view, Piece>;

  template <typename Piece>
  void add_to(ById<Piece>& pieces, std::string_view Piece::*id, const Piece& piece);
  bool has(const TaskPiece& task) const;

  // build() takes these steps in this order. Each empties its part of the builder.
  void build_nodes(SessionState& state, BuildSteps& steps);
  void build_actors(SessionState& state, BuildSteps& steps);
  // It leaves out the tasks of which events tell already.
  void take_snapshot_tasks(BuildSteps& steps);
  void build_workers(SessionState& state, BuildSteps& steps);
  void build_platform_events(SessionState& state, BuildSteps& steps);
  void build_placement_groups(SessionState& state, BuildSteps& steps);
  void build_autoscaler_reports(SessionState& state, BuildSteps& steps);
  void build_exported_rows(SessionState& state, BuildSteps& steps);
  JobEnds build_jobs(SessionState& state);
  std::vector<AttemptPlace> take_places(BuildSteps& steps);
  static void build_attempts(SessionState& state, std::span<const AttemptPlace> places, BuildSteps& steps);
  void free_tasks(unsigned threads);
  std::shared_ptr<const TextMemory> take_texts(std::vector<TextPool>& block_texts);

  std::array<Shard, kShards> shards_;

  std::mutex mutex_;  // guards what follows
  TextPool texts_;
  ById<ActorPiece> actors_;
  ById<NodePiece> nodes_;
  ById<WorkerPiece> workers_;
  ById<DriverPiece> drivers_;
  ById<SubmissionPiece> submissions_;
  ById<PlatformEventPiece> platform_events_;
  ById<PlacementGroupPiece> placement_groups_;
  ById<AutoscalerReportPiece> autoscaler_reports_;
  NodeProvisioning provisioning_;
  std::string folder_;
  ById<ExportedDatasetPiece> exported_datasets_;
  // They are by run and attempt.
  std::map<std::pair<std::string_view, std::string_view>, ExportedTrainPiece> exported_train_rows_;
  UnknownEvents unknown_events_;
  std::vector<TaskPiece> snapshot_tasks_;
  std::vector<Actor> snapshot_actors_;
  std::vector<Node> snapshot_nodes_;
  // They are by job ID and submission ID; either may be empty.
  boost::unordered_flat_map<std::pair<std::string_view, std::string_view>, FetchedJobPiece> fetched_jobs_;
};

}  // namespace rayhistory::historyserver
