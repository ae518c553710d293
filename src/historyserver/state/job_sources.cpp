#include "historyserver/state/job_sources.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include <fmt/format.h>
#include <simdjson.h>

#include "historyserver/exchange/shown_name.h"
#include "historyserver/state/json_element.h"

namespace rayhistory::historyserver {
namespace {

using simdjson::dom::element;

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;
// Ray: dashboard/modules/job/common.py, JOB_LOGS_PATH_TEMPLATE.
constexpr std::string_view kLogBegin = "job-driver-";
constexpr std::string_view kLogEnd = ".log";

void add_fetched_job(SessionBuilder& builder, element entry) {
  FetchedJobPiece job;
  job.job_id = text_of(entry, "job_id");
  job.submission_id = text_of(entry, "submission_id");
  job.status = text_of(entry, "status");
  job.entrypoint = text_of(entry, "entrypoint");
  job.message = text_of(entry, "message");
  job.error_type = text_of(entry, "error_type");
  job.driver_node_id = text_of(entry, "driver_node_id");
  job.driver_agent_http_address = text_of(entry, "driver_agent_http_address");
  job.start_time = from_milliseconds(number_of(entry, "start_time"));
  job.end_time = from_milliseconds(number_of(entry, "end_time"));
  if (int64_t code = 0; entry["driver_exit_code"].get(code) == simdjson::SUCCESS) job.driver_exit_code = code;
  if (element driver; entry["driver_info"].get(driver) == simdjson::SUCCESS && driver.is_object()) {
    job.driver_node_ip = text_of(driver, "node_ip_address");
    job.driver_pid = number_in(text_of(driver, "pid"));
  }
  simdjson::dom::object metadata;
  if (entry["metadata"].get(metadata) == simdjson::SUCCESS) {
    for (const auto& [key, value] : metadata) {
      std::string_view text;
      if (value.get(text) == simdjson::SUCCESS) job.metadata.emplace_back(key, text);
    }
    std::sort(job.metadata.begin(), job.metadata.end());
  }
  std::string runtime_env;
  simdjson::dom::object env;
  if (entry["runtime_env"].get(env) == simdjson::SUCCESS && env.size() > 0) {
    runtime_env = simdjson::minify(env);
    job.serialized_runtime_env = runtime_env;
  }
  builder.add(job);
}

// The text between the two; nothing where it is not of that form.
std::optional<std::string_view> between(std::string_view text, std::string_view before,
                                        std::string_view after) {
  if (!text.starts_with(before) || !text.ends_with(after) || text.size() < before.size() + after.size())
    return std::nullopt;
  return text.substr(before.size(), text.size() - before.size() - after.size());
}

void add_job_message(SessionBuilder& builder, std::string_view message, UnixNanoseconds time) {
  constexpr std::string_view kStatusPhrase = " with a status ";
  SubmissionPiece submission;
  SubmissionChange change;
  if (const auto started = between(message, "Started a ray job ", ".")) {
    submission.submission_id = *started;
    submission.log_start = time;
    change.status = "RUNNING";
  } else if (const auto completed = between(message, "Completed a ray job ", ".")) {
    const size_t phrase = completed->rfind(kStatusPhrase);
    if (phrase == std::string_view::npos) return;
    submission.submission_id = completed->substr(0, phrase);
    submission.log_end = time;
    change.status = completed->substr(phrase + kStatusPhrase.size());
  } else {
    return;
  }
  submission.changes.push_back(change);
  builder.add(submission);
}

}  // namespace

bool add_fetched_jobs(SessionBuilder& builder, std::string_view body) {
  simdjson::dom::parser parser;
  simdjson::dom::array jobs;
  if (parser.parse(body.data(), body.size()).get(jobs) != simdjson::SUCCESS) return false;
  for (const element entry : jobs)
    if (entry.is_object()) add_fetched_job(builder, entry);
  return true;
}

void add_job_log(SessionBuilder& builder, std::string_view lines) {
  simdjson::dom::parser parser;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    element event;
    if (parser.parse(lines.data(), end).get(event) == simdjson::SUCCESS && event.is_object()) {
      // Python writes the seconds as a text, C++ as a number.
      const int64_t seconds = std::max(number_of(event, "timestamp"), number_in(text_of(event, "timestamp")));
      const bool fits = seconds > 0 && seconds <= std::numeric_limits<int64_t>::max() / kNanosecondsPerSecond;
      add_job_message(builder, text_of(event, "message"), fits ? seconds * kNanosecondsPerSecond : 0);
    }
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

std::string log_file_of_submission(std::string_view submission_id) {
  return fmt::format("{}{}{}", kLogBegin, submission_id, kLogEnd);
}

std::optional<std::string_view> submission_of_log_file(std::string_view path) {
  constexpr std::string_view kFolder = "/logs/";
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos || !path.substr(slash).starts_with(kFolder)) return std::nullopt;
  const auto submission_id = between(path.substr(slash + kFolder.size()), kLogBegin, kLogEnd);
  const bool is_rotated = submission_id && submission_id->find(".rotated.") != std::string_view::npos;
  if (!submission_id || is_rotated || submission_id->find('/') != std::string_view::npos) return std::nullopt;
  return submission_id;
}

void add_job_of_log_file(SessionBuilder& builder, std::string_view path) {
  const auto submission_id = submission_of_log_file(path);
  if (!submission_id) return;
  // So that JSON can have the ID, and a question with it finds the log.
  const std::string shown_id = shown_name(*submission_id);
  SubmissionPiece submission;
  submission.submission_id = shown_id;
  submission.log_node_id = path.substr(0, path.find('/'));
  builder.add(submission);
}

void add_job_log_begin(SessionBuilder& builder, std::string_view submission_id, std::string_view begin) {
  const std::string phrase = fmt::format("Running entrypoint for job {}: ", submission_id);
  const std::string shown_id = shown_name(submission_id);
  while (!begin.empty()) {
    const size_t end = begin.find('\n');
    const std::string_view line = begin.substr(0, end);
    if (line.starts_with(phrase)) {
      SubmissionPiece submission;
      submission.submission_id = shown_id;
      submission.log_entrypoint = line.substr(phrase.size());
      builder.add(submission);
      return;
    }
    if (end == std::string_view::npos) return;
    begin.remove_prefix(end + 1);
  }
}

}  // namespace rayhistory::historyserver
