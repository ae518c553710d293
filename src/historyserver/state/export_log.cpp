#include "historyserver/state/export_log.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include <simdjson.h>

#include "historyserver/state/json_element.h"
#include "historyserver/state/ray_id.h"
#include "layout/rotated_log.h"

namespace rayhistory::historyserver {
namespace {

using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::array<std::string_view, 3> kNames = {
    "event_EXPORT_SUBMISSION_JOB.log", "event_EXPORT_DATASET_METADATA.log", "event_EXPORT_TRAIN_STATE.log"};
constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

bool is_end(std::string_view status) {
  constexpr std::array<std::string_view, 6> kEnds = {"SUCCEEDED", "STOPPED", "FAILED",
                                                     "FINISHED",  "ERRORED", "ABORTED"};
  return std::find(kEnds.begin(), kEnds.end(), status) != kEnds.end();
}

// Seconds since 1970, as a number with a fraction.
double seconds_of(element of, std::string_view key) {
  double seconds = 0;
  return of[key].get(seconds) == simdjson::SUCCESS && seconds > 0 ? seconds : 0;
}

// When Ray wrote the line, to the second.
UnixNanoseconds time_of(element event) {
  const int64_t seconds = number_of(event, "timestamp");
  const bool fits = seconds > 0 && seconds <= std::numeric_limits<int64_t>::max() / kNanosecondsPerSecond;
  return fits ? seconds * kNanosecondsPerSecond : 0;
}

// How far a thing has come, where several events of one second speak of it.
unsigned rank_of(std::string_view state) {
  constexpr std::array<std::string_view, 7> kOrder = {"PENDING",    "INITIALIZING", "RESTARTING", "RESIZING",
                                                      "SCHEDULING", "RUNNING",      "FAILED"};
  return static_cast<unsigned>(std::find(kOrder.begin(), kOrder.end(), state) - kOrder.begin());
}

void add_submission(SessionBuilder& builder, element event, element data) {
  SubmissionPiece submission;
  submission.submission_id = text_of(data, "submission_job_id");
  submission.entrypoint = text_of(data, "entrypoint");
  submission.serialized_runtime_env = text_of(data, "runtime_env_json");
  object metadata;
  if (data["metadata"].get(metadata) == simdjson::SUCCESS) {
    for (const auto& [key, value] : metadata) {
      std::string_view text;
      if (value.get(text) == simdjson::SUCCESS) submission.metadata.emplace_back(key, text);
    }
    std::sort(submission.metadata.begin(), submission.metadata.end());
  }
  SubmissionChange change;
  change.status = text_of(data, "status");
  change.message = text_of(data, "message");
  change.error_type = text_of(data, "error_type");
  change.node_id = text_of(data, "driver_node_id");
  change.agent_address = text_of(data, "driver_agent_http_address");
  if (int64_t code = 0; data["driver_exit_code"].get(code) == simdjson::SUCCESS) change.exit_code = code;
  // Each line has the job's start, and the last one its end.
  const std::string_view key = is_end(change.status) ? "end_time" : "start_time";
  change.time = from_milliseconds(number_in(text_of(data, key)));
  if (change.time == 0) change.time = time_of(event);
  if (!change.status.empty()) submission.changes.push_back(change);
  builder.add(submission);
}

void add_dataset(SessionBuilder& builder, element event, element data) {
  ExportedDatasetPiece dataset;
  dataset.dataset_id = text_of(data, "dataset_id");
  dataset.job_id = text_of(data, "job_id");
  dataset.state = text_of(data, "state");
  dataset.start_seconds = seconds_of(data, "start_time");
  dataset.end_seconds = seconds_of(data, "execution_end_time");
  dataset.told = time_of(event);
  dataset.progress = is_end(dataset.state) ? std::numeric_limits<uint32_t>::max() : 0;
  simdjson::dom::array operators;
  if (data.at_pointer("/topology/operators").get(operators) == simdjson::SUCCESS) {
    for (const element each : operators) {
      if (!each.is_object()) continue;
      const std::string_view state = text_of(each, "state");
      dataset.operators.push_back({text_of(each, "id"), text_of(each, "name"), state});
      dataset.operator_progress += rank_of(state);
    }
  }
  builder.add(dataset);
}

void add_train_row(SessionBuilder& builder, element event, element data, bool is_attempt) {
  ExportedTrainPiece row;
  row.run_id = text_of(data, is_attempt ? "run_id" : "id");
  row.attempt_id = is_attempt ? text_of(data, "attempt_id") : std::string_view();
  if (is_attempt && row.attempt_id.empty()) return;
  const std::string_view status = text_of(data, "status");
  row.told = time_of(event);
  row.progress = is_end(status) ? std::numeric_limits<uint32_t>::max() : rank_of(status);
  row.has_ended = is_end(status);
  const std::string json = simdjson::minify(data);
  row.json = json;
  builder.add(row);
}

}  // namespace

struct ExportReader::State {
  explicit State(SessionBuilder& builder_to_fill) : builder(builder_to_fill) {}

  SessionBuilder& builder;
  simdjson::dom::parser parser;
};

bool is_export_log(std::string_view path) {
  constexpr std::string_view kFolder = "/logs/export_events/";
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos || !path.substr(slash).starts_with(kFolder)) return false;
  const std::string name = live_log_path(path.substr(slash + kFolder.size()));
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

ExportReader::ExportReader(SessionBuilder& builder) : state_(std::make_unique<State>(builder)) {}
ExportReader::~ExportReader() = default;

bool ExportReader::read(std::string_view line) {
  element event;
  element data;
  // What is behind the line can be read, so it need not be copied.
  if (state_->parser.parse(line.data(), line.size(), /*realloc_if_needed=*/false).get(event) !=
          simdjson::SUCCESS ||
      !event.is_object() || event["event_data"].get(data) != simdjson::SUCCESS || !data.is_object())
    return false;
  const std::string_view source = text_of(event, "source_type");
  if (source == "EXPORT_SUBMISSION_JOB") {
    add_submission(state_->builder, event, data);
  } else if (source == "EXPORT_DATASET_METADATA") {
    add_dataset(state_->builder, event, data);
  } else if (source == "EXPORT_TRAIN_RUN" || source == "EXPORT_TRAIN_RUN_ATTEMPT") {
    add_train_row(state_->builder, event, data, source == "EXPORT_TRAIN_RUN_ATTEMPT");
  }
  return true;
}

}  // namespace rayhistory::historyserver
