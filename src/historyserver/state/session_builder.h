// Builds a session's state out of what its events say, in any order and however often: equal sets of pieces
// give equal states. Any thread may add, side by side; build() is called once, when all have.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "historyserver/state/build_steps.h"
#include "historyserver/state/session_state.h"
#include "historyserver/state/state_pieces.h"
#include "historyserver/state/text_memory.h"

namespace rayhistory::historyserver {

class SessionBuilder {
 public:
  // Each piece has its ID; its texts need to live for the call only. A piece without its ID is dropped.
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

  // An event of a type that is not known, by its name; it may be anything.
  void add_unknown_event(std::string_view type);

  // A row as a stored answer of the dashboard has it. It counts where no piece tells of that task's attempt,
  // actor or node.
  void add_snapshot(const TaskPiece& task);
  void add_snapshot(Actor actor);
  void add_snapshot(Node node);

  // About as much as build() will allocate beside what the pieces take already.
  uint64_t bytes_to_build() const;

  // What follows from all of it together: final states, and the ends that nobody reported because whoever
  // would have was gone. By so many threads. The builder is empty then. `cancelled`: the deadline or a stop
  // came first.
  Result<std::shared_ptr<SessionState>> build(const Deadline& deadline, unsigned threads = 1);

 private:
  using TaskKey = std::pair<std::string_view, uint32_t>;  // task ID, attempt
  struct TaskKeyHash {
    size_t operator()(const TaskKey& key) const {
      return std::hash<std::string_view>()(key.first) + key.second;
    }
  };
  // Tasks are by far the most: those whose IDs begin alike share a lock, a text pool and an index, so that
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

  bool has(const TaskPiece& task) const;
  // Those of which events tell already are left out.
  void take_snapshot_tasks(BuildSteps& steps);
  template <typename Piece>
  void add_to(ById<Piece>& pieces, std::string_view Piece::*id, const Piece& piece);

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
  // By run and attempt.
  std::map<std::pair<std::string_view, std::string_view>, ExportedTrainPiece> exported_train_rows_;
  UnknownEvents unknown_events_;
  std::vector<TaskPiece> snapshot_tasks_;
  std::vector<Actor> snapshot_actors_;
  std::vector<Node> snapshot_nodes_;
  // By job ID and submission ID; either may be empty.
  boost::unordered_flat_map<std::pair<std::string_view, std::string_view>, FetchedJobPiece> fetched_jobs_;
};

}  // namespace rayhistory::historyserver
