// What single events say, merged piece by piece (session_builder.h). A piece is a row of the state of which
// only what was said is set, and what only the merging needs to know.
//
// merge() gives the same whatever the order and however often a piece comes: a value wins over none, of two
// values the greater one, of two times at which one status was reached the earlier.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "historyserver/state/session_state.h"

namespace rayhistory::historyserver {

class TextPool;

struct TaskPiece : TaskAttempt {
  uint32_t statuses = 0;  // a bit for each that was reached, also where nobody said when
  // Of whoever said is_debugger_paused: the later one is right.
  UnixNanoseconds debugger_time = 0;
  std::string_view actor_repr_name;
  // The node whose agent sent what the executing worker said.
  std::string_view sender_node_id;
  bool exists = true;                // false: it was never run
  size_t profile_events_sorted = 0;  // how many are sorted and different already
};

struct ActorChange : ActorTransition {
  std::string_view exit_detail;
  std::string_view death_cause;  // as Actor's
  int64_t died_pid = 0;
  std::string_view died_ip;
};

struct ActorPiece : Actor {
  std::vector<ActorChange> changes;
  size_t changes_sorted = 0;
};

struct NodeChange {
  UnixNanoseconds time = 0;
  std::string_view state;
  std::string_view alive_sub_state;
  std::string_view death_reason;
  std::string_view death_message;
  Resources resources;
};

struct NodePiece : Node {
  std::vector<NodeChange> changes;
};

struct WorkerPiece : Worker {};

// A driver, by its job ID.
struct DriverPiece {
  std::string_view job_id;
  std::string_view entrypoint;
  std::string_view node_id;
  std::string_view serialized_runtime_env;
  TextMap metadata;
  int64_t pid = 0;
  UnixNanoseconds created = 0;
  UnixNanoseconds finished = 0;
};

struct SubmissionChange {
  UnixNanoseconds time = 0;
  std::string_view status;
  std::string_view message;
  std::string_view error_type;
  std::string_view node_id;
  std::string_view agent_address;
  std::optional<int64_t> exit_code;
};

// A submission, by its ID.
struct SubmissionPiece {
  std::string_view submission_id;
  std::string_view entrypoint;
  std::string_view serialized_runtime_env;
  std::string_view log_node_id;     // where its log file is
  std::string_view log_entrypoint;  // as the log begins
  // As the head's log of job events has them, to the second.
  UnixNanoseconds log_start = 0;
  UnixNanoseconds log_end = 0;
  TextMap metadata;
  std::vector<SubmissionChange> changes;
};

// By its ID.
struct PlatformEventPiece : PlatformEvent {};

struct PlacementGroupChange {
  UnixNanoseconds time = 0;
  std::string_view state;
  std::string_view scheduling_state;
  int64_t scheduling_attempt = 0;
  double highest_retry_delay_ms = 0;
};

// By its ID.
struct PlacementGroupPiece : PlacementGroup {
  std::vector<PlacementGroupChange> changes;
  size_t changes_sorted = 0;
};

// By its event's ID.
struct AutoscalerReportPiece : AutoscalerReport {};

// Each event describes the whole thing again. `told` is the event's time, to the second; of several events of
// one second the one with the most progress is the latest.
struct ExportedDatasetPiece : ExportedDataset {
  UnixNanoseconds told = 0;
  uint32_t progress = 0;
  uint32_t operator_progress = 0;
};

struct ExportedTrainPiece : ExportedTrainRow {
  UnixNanoseconds told = 0;
  uint32_t progress = 0;
};

// A job as a stored answer of the dashboard shows it. By job ID and submission ID.
struct FetchedJobPiece : Job {};

void merge(TaskPiece& into, const TaskPiece& from, TextPool& texts);
void merge(ActorPiece& into, const ActorPiece& from, TextPool& texts);
void merge(NodePiece& into, const NodePiece& from, TextPool& texts);
void merge(WorkerPiece& into, const WorkerPiece& from, TextPool& texts);
void merge(DriverPiece& into, const DriverPiece& from, TextPool& texts);
void merge(SubmissionPiece& into, const SubmissionPiece& from, TextPool& texts);
void merge(FetchedJobPiece& into, const FetchedJobPiece& from, TextPool& texts);
// Kubernetes counts an event up when it happens again: the later one is the whole.
void merge(PlatformEventPiece& into, const PlatformEventPiece& from, TextPool& texts);
void merge(PlacementGroupPiece& into, const PlacementGroupPiece& from, TextPool& texts);
void merge(AutoscalerReportPiece& into, const AutoscalerReportPiece& from, TextPool& texts);
// The later one is the whole.
void merge(NodeProvisioning& into, const NodeProvisioning& from, TextPool& texts);

void merge(ExportedDatasetPiece& into, const ExportedDatasetPiece& from, TextPool& texts);
void merge(ExportedTrainPiece& into, const ExportedTrainPiece& from, TextPool& texts);

// The texts of a row that is no piece, kept.
void keep_texts(Actor& actor, TextPool& texts);
void keep_texts(Node& node, TextPool& texts);

// What is kept sorted and once only from time to time while it grows, put in order.
void settle(TaskPiece& task);
void settle(ActorPiece& actor);
void settle(NodePiece& node);
void settle(SubmissionPiece& submission);
void settle(PlacementGroupPiece& group);

}  // namespace rayhistory::historyserver
