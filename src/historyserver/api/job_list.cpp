#include "historyserver/api/job_list.h"

#include <algorithm>
#include <array>
#include <vector>

#include "historyserver/api/redaction.h"
#include "historyserver/api/session_end.h"
#include "historyserver/api/state_table.h"
#include "historyserver/exchange/secret_mask.h"

namespace rayhistory::historyserver {
namespace {

std::string_view type_of(const Job& job) {
  return job.submission_id.empty() ? "DRIVER" : "SUBMISSION";
}

void append_driver_info(const Job& job, RowScratch&, std::string& json) {
  if (job.job_id.empty()) {
    json += "null";
    return;
  }
  json += R"({"id": )";
  append_json_string(json, job.job_id);
  json += R"(, "node_ip_address": )";
  append_json_string(json, job.driver_node_ip);
  json += R"(, "pid": )";
  append_json_string(json, job.driver_pid == 0 ? std::string() : std::to_string(job.driver_pid));
  json += '}';
}

constexpr Column<Job> kJobId{
    .name = "job_id", .filterable = true, .cell = [](const Job& job) { return known_text(job.job_id); }};
constexpr Column<Job> kSubmissionId{.name = "submission_id", .filterable = true, .cell = [](const Job& job) {
                                      return known_text(job.submission_id);
                                    }};
constexpr Column<Job> kEntrypoint{.name = "entrypoint",
                                  .write = [](const Job& job, RowScratch&, std::string& json) {
                                    append_json_string(json, masked_text(job.entrypoint));
                                  }};
constexpr Column<Job> kType{
    .name = "type", .filterable = true, .cell = [](const Job& job) { return Cell{type_of(job)}; }};
constexpr Column<Job> kStatus{
    .name = "status", .filterable = true, .cell = [](const Job& job) { return Cell{job.status}; }};
constexpr Column<Job> kMessage{.name = "message",
                               .cell = [](const Job& job) { return known_text(job.message); }};
constexpr Column<Job> kErrorType{.name = "error_type",
                                 .cell = [](const Job& job) { return known_text(job.error_type); }};
constexpr Column<Job> kDriverInfo{.name = "driver_info", .write = append_driver_info};

// What Ray's own client does not take as null (dashboard/modules/job/pydantic_models.py) is an empty text
// where unknown. The state API has another order without detail.
constexpr std::array kShortColumns{kJobId,  kSubmissionId, kEntrypoint, kType,
                                   kStatus, kMessage,      kErrorType,  kDriverInfo};
constexpr std::array kColumns{
    kType,
    kJobId,
    kSubmissionId,
    kDriverInfo,
    kStatus,
    kEntrypoint,
    kMessage,
    kErrorType,
    Column<Job>{.name = "start_time",
                .write = [](const Job& job, RowScratch&,
                            std::string& json) { append_milliseconds(json, job.start_time, "null"); }},
    Column<Job>{.name = "end_time",
                .write =
                    [](const Job& job, RowScratch&, std::string& json) {
                      // Ray gives 0 for a driver that runs, and null for a submission.
                      append_milliseconds(json, job.end_time, job.submission_id.empty() ? "0" : "null");
                    }},
    Column<Job>{.name = "metadata",
                .write = [](const Job& job, RowScratch&,
                            std::string& json) { append_masked_metadata(json, job.metadata); }},
    Column<Job>{
        .name = "runtime_env",
        .write = [](const Job& job, RowScratch& scratch,
                    std::string& json) { scratch.redactor.append_masked(json, job.serialized_runtime_env); }},
    Column<Job>{.name = "driver_agent_http_address",
                .cell = [](const Job& job) { return known_text(job.driver_agent_http_address); }},
    Column<Job>{.name = "driver_node_id",
                .cell = [](const Job& job) { return known_text(job.driver_node_id); }},
    Column<Job>{
        .name = "driver_exit_code",
        .cell = [](const Job& job) { return job.driver_exit_code ? Cell{*job.driver_exit_code} : Cell{}; }},
};

constexpr std::span<const Column<Job>> kAll(kColumns);

void append_job(std::string& json, RowWriter<Job>& writer, const Job& job, const LastSeen& last_seen) {
  writer.append(json, job);
  if (job.end_time != 0) return;
  json.pop_back();  // the row's end
  json += last_seen.member();
  json += '}';
}

}  // namespace

Response all_jobs(const SessionView& view) {
  std::vector<const Job*> jobs;
  for (const Job& job : view.state.jobs)
    jobs.push_back(&job);
  std::stable_sort(jobs.begin(), jobs.end(), [](const Job* a, const Job* b) {
    return std::pair(a->submission_id.empty(), a->start_time) <
           std::pair(b->submission_id.empty(), b->start_time);
  });
  const LastSeen last_seen(view);
  RowWriter<Job> writer(kAll, /*detail=*/true);
  Response response{.body = "["};
  Comma comma;
  for (const Job* job : jobs) {
    comma.next(response.body);
    append_job(response.body, writer, *job, last_seen);
  }
  response.body += ']';
  return response;
}

std::optional<std::string> job_json(const SessionView& view, std::string_view id) {
  const auto job = std::find_if(view.state.jobs.begin(), view.state.jobs.end(), [&](const Job& each) {
    return each.job_id == id || each.submission_id == id;
  });
  if (id.empty() || job == view.state.jobs.end()) return std::nullopt;
  std::string json;
  RowWriter<Job> writer(kAll, /*detail=*/true);
  append_job(json, writer, *job, LastSeen(view));
  return json;
}

Response one_job(const SessionView& view, std::string_view id) {
  auto json = job_json(view, id);
  if (!json) return text_response(410, fmt::format("Job {} does not exist", id));
  return {.body = *std::move(json)};
}

Response list_jobs(const SessionView& view, const Request& request) {
  const auto query = parse_list_query(request.query);
  const bool detail = query && query->detail;
  return list_rows(detail ? kAll : std::span<const Column<Job>>(kShortColumns), view.state.jobs,
                   request.query, view.state.partial_failure, {}, LastSeen(view).member());
}

}  // namespace rayhistory::historyserver
