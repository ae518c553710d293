#include "historyserver/state/job_rows.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

#include "historyserver/state/rows_by_id.h"

namespace rayhistory::historyserver {
namespace {

constexpr std::string_view kSupervisorPrefix = "_ray_internal_job_actor_";
// Ray puts these entries into a driver's metadata (dashboard/modules/job/common.py JOB_ID_METADATA_KEY,
// JOB_NAME_METADATA_KEY).
constexpr std::string_view kSubmissionIdKey = "job_submission_id";
constexpr std::string_view kJobNameKey = "job_name";

constexpr std::string_view kPending = "PENDING";
constexpr std::string_view kRunning = "RUNNING";
constexpr std::string_view kStopped = "STOPPED";
constexpr std::string_view kSucceeded = "SUCCEEDED";
constexpr std::string_view kFailed = "FAILED";

// The answer shows this for a submission of which only its supervisor's end is known, since a message can say
// so and a status cannot.
constexpr std::string_view kUnknownOutcome = "Ended; how, is not stored.";

bool is_terminal(std::string_view status) {
  return status == kStopped || status == kSucceeded || status == kFailed;
}

template <typename Value>
void fill(Value& into, const Value& from) {
  if (into == Value{}) into = from;
}

std::string_view submission_of(const TextMap& metadata) {
  for (const auto& [key, value] : metadata)
    if (key == kSubmissionIdKey) return value;
  return {};
}

// It returns the submission that the actor supervises, or an empty ID where the actor is no job's supervisor
// (Ray: dashboard/modules/job/common.py, JOB_ACTOR_NAME_TEMPLATE).
std::string_view submission_of(const Actor& actor) {
  if (actor.class_name != "JobSupervisor" || !actor.name.starts_with(kSupervisorPrefix)) return {};
  return actor.name.substr(kSupervisorPrefix.size());
}

TextMap without_own_entries(TextMap metadata) {
  metadata.erase(std::remove_if(metadata.begin(), metadata.end(),
                                [](const auto& entry) {
                                  return entry.first == kSubmissionIdKey || entry.first == kJobNameKey;
                                }),
                 metadata.end());
  return metadata;
}

// The events of a submission say its status and more of it, and their last word on each counts.
void apply(Job& job, const SubmissionPiece& submission) {
  job.entrypoint = submission.entrypoint;
  fill(job.entrypoint, submission.log_entrypoint);
  job.serialized_runtime_env = submission.serialized_runtime_env;
  job.metadata = without_own_entries(submission.metadata);
  for (const SubmissionChange& change : submission.changes) {
    if (!is_terminal(job.status) || is_terminal(change.status)) job.status = change.status;
    if (job.start_time == 0) job.start_time = change.time;
    if (is_terminal(change.status)) job.end_time = change.time;
    if (!change.message.empty()) job.message = change.message;
    if (!change.error_type.empty()) job.error_type = change.error_type;
    if (!change.node_id.empty()) job.driver_node_id = change.node_id;
    if (!change.agent_address.empty()) job.driver_agent_http_address = change.agent_address;
    if (change.exit_code) job.driver_exit_code = change.exit_code;
  }
}

// The dashboard's word on how a job ended is the fullest; one from before the end says nothing of it.
void apply(Job& job, const FetchedJobPiece& fetched) {
  const bool is_outdated = is_terminal(job.status) && !is_terminal(fetched.status);
  if (!is_outdated) {
    if (!fetched.status.empty()) job.status = fetched.status;
    if (!fetched.message.empty()) job.message = fetched.message;
    if (!fetched.error_type.empty()) job.error_type = fetched.error_type;
    if (fetched.driver_exit_code) job.driver_exit_code = fetched.driver_exit_code;
    if (fetched.end_time != 0) job.end_time = fetched.end_time;
  }
  // For a submission these are what was submitted; events only have what its driver made of it.
  if (!fetched.submission_id.empty()) {
    if (!fetched.entrypoint.empty()) job.entrypoint = fetched.entrypoint;
    if (!fetched.serialized_runtime_env.empty()) job.serialized_runtime_env = fetched.serialized_runtime_env;
    if (fetched.start_time != 0) job.start_time = fetched.start_time;
  }
  fill(job.entrypoint, fetched.entrypoint);
  fill(job.serialized_runtime_env, fetched.serialized_runtime_env);
  fill(job.metadata, fetched.metadata);
  fill(job.start_time, fetched.start_time);
  fill(job.driver_node_id, fetched.driver_node_id);
  fill(job.driver_node_ip, fetched.driver_node_ip);
  fill(job.driver_agent_http_address, fetched.driver_agent_http_address);
  fill(job.driver_pid, fetched.driver_pid);
}

void apply(Job& job, const DriverPiece& driver) {
  job.job_id = driver.job_id;
  job.driver_start_time = driver.created;
  job.driver_end_time = driver.finished;
  job.driver_pid = driver.pid;
  fill(job.driver_node_id, driver.node_id);
  fill(job.entrypoint, driver.entrypoint);
  fill(job.serialized_runtime_env, driver.serialized_runtime_env);
  fill(job.metadata, without_own_entries(driver.metadata));
}

void apply(Job& job, const Actor& supervisor) {
  fill(job.start_time,
       supervisor.transitions.empty() ? supervisor.start_time : supervisor.transitions.front().time);
  fill(job.end_time, supervisor.end_time);
  fill(job.driver_node_id, supervisor.node_id);
}

// This settles a status that neither the dashboard nor the submission's own events told.
void settle_status(Job& job, const Actor* supervisor) {
  if (!is_terminal(job.status)) {
    if (job.driver_end_time != 0) {
      job.status = kSucceeded;
    } else if (supervisor != nullptr && supervisor->state == "DEAD") {
      job.status = kStopped;
      fill(job.message, kUnknownOutcome);
    } else if (!job.job_id.empty()) {
      job.status = kRunning;
    } else if (job.status.empty()) {
      job.status = supervisor != nullptr && supervisor->start_time != 0 ? kRunning : kPending;
    }
  }
  if (!is_terminal(job.status)) job.end_time = 0;
  fill(job.start_time, job.driver_start_time);
  if (is_terminal(job.status)) fill(job.end_time, job.driver_end_time);
  // A driver whose last event is missing has ended too, if its job has.
  if (is_terminal(job.status) && !job.job_id.empty()) fill(job.driver_end_time, job.end_time);
}

// These tell of one row; null where that one says nothing of it.
struct RowSource {
  const SubmissionPiece* submission = nullptr;
  const DriverPiece* driver = nullptr;
  const FetchedJobPiece* fetched = nullptr;
  const Actor* supervisor = nullptr;
};

// A submission and its driver are one row, by the submission's ID. A driver of no submission is one by its
// job ID.
struct RowSources {
  std::map<std::string_view, RowSource> by_submission;
  std::map<std::string_view, RowSource> by_driver;
};

struct RowIds {
  std::string_view submission_id;
  std::string_view job_id;
};

void add_driver(RowSources& sources, const DriverPiece& driver) {
  const std::string_view submission = submission_of(driver.metadata);
  const DriverPiece*& place =
      submission.empty() ? sources.by_driver[driver.job_id].driver : sources.by_submission[submission].driver;
  if (place == nullptr || place->job_id < driver.job_id) place = &driver;
}

void add_fetched(RowSources& sources, const FetchedJobPiece& job) {
  const FetchedJobPiece*& place = job.submission_id.empty()
                                      ? sources.by_driver[job.job_id].fetched
                                      : sources.by_submission[job.submission_id].fetched;
  // A submission is listed without a job until its driver connects: the later answer has it.
  if (place == nullptr || place->job_id < job.job_id) place = &job;
}

// The submission's logs say it where nothing else does.
void apply_logs(Job& job, const SubmissionPiece& submission) {
  fill(job.driver_node_id, submission.log_node_id);
  fill(job.start_time, submission.log_start);
  fill(job.end_time, submission.log_end);
}

void fill_node_ip(Job& job, const std::vector<Node>& nodes) {
  if (job.job_id.empty()) return;
  const Node* const node = find_by_id(nodes, &Node::node_id, job.driver_node_id);
  if (node != nullptr) fill(job.driver_node_ip, node->ip_address);
}

Job job_row(const RowIds& ids, const RowSource& source, const std::vector<Node>& nodes) {
  Job job;
  if (source.submission != nullptr) apply(job, *source.submission);
  job.submission_id = ids.submission_id;
  job.job_id = ids.job_id;
  if (source.driver != nullptr) {
    if (ids.submission_id.empty() && source.driver->finished != 0) job.status = kSucceeded;
    apply(job, *source.driver);
  }
  if (source.fetched != nullptr) {
    apply(job, *source.fetched);
    fill(job.job_id, source.fetched->job_id);
  }
  if (source.supervisor != nullptr) apply(job, *source.supervisor);
  if (source.submission != nullptr) apply_logs(job, *source.submission);
  settle_status(job, source.supervisor);
  fill_node_ip(job, nodes);
  return job;
}

}  // namespace

std::vector<Job> job_rows(std::span<const DriverPiece> drivers, std::span<const SubmissionPiece> submissions,
                          std::span<const FetchedJobPiece> fetched, const std::vector<Actor>& actors,
                          const std::vector<Node>& nodes) {
  RowSources sources;
  for (const SubmissionPiece& submission : submissions)
    sources.by_submission[submission.submission_id].submission = &submission;
  for (const Actor& actor : actors) {
    const std::string_view id = submission_of(actor);
    if (!id.empty()) sources.by_submission[id].supervisor = &actor;
  }
  for (const DriverPiece& driver : drivers)
    add_driver(sources, driver);
  for (const FetchedJobPiece& job : fetched)
    add_fetched(sources, job);

  std::vector<Job> jobs;
  jobs.reserve(sources.by_submission.size() + sources.by_driver.size());
  for (const auto& [id, of_row] : sources.by_submission)
    jobs.push_back(job_row({.submission_id = id, .job_id = {}}, of_row, nodes));
  for (const auto& [id, of_row] : sources.by_driver)
    jobs.push_back(job_row({.submission_id = {}, .job_id = id}, of_row, nodes));
  std::sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) {
    return std::tie(a.job_id, a.submission_id) < std::tie(b.job_id, b.submission_id);
  });
  return jobs;
}

}  // namespace rayhistory::historyserver
