#include "historyserver/api/worker_table.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "historyserver/api/state_table.h"

namespace rayhistory::historyserver {
namespace {

struct WorkerRow {
  std::string id;
  const Worker* worker = nullptr;  // or
  const Job* job = nullptr;        // whose driver it is
};

// A job's driver has the job's ID, filled up.
std::string driver_worker_id(const Job& job) {
  constexpr size_t kWorkerIdDigits = 56;
  std::string id(job.job_id);
  id.resize(std::max(id.size(), kWorkerIdDigits), 'f');
  return id;
}

// Of a worker of which the definition is missing: Ray sends events of no others.
std::string_view type_of(const WorkerRow& row) {
  if (row.worker == nullptr) return "DRIVER";
  return row.worker->type.empty() ? "WORKER" : row.worker->type;
}

// What an unset time is in Ray: -1 in 64 bits without a sign.
constexpr std::string_view kUnsetTime = "18446744073709551615";

int64_t milliseconds(UnixNanoseconds time) {
  return time / 1'000'000;
}

void append_launch_time(std::string& json, int64_t time) {
  if (time == 0) {
    json += kUnsetTime;
  } else {
    json += std::to_string(time);
  }
}

constexpr auto kColumns = std::to_array<Column<WorkerRow>>({
    {.name = "worker_id",
     .filterable = true,
     .cell = [](const WorkerRow& r) { return Cell{std::string_view(r.id)}; }},
    {.name = "is_alive",
     .filterable = true,
     .type = CellType::boolean,
     .cell =
         [](const WorkerRow& r) {
           return Cell{r.worker ? r.worker->is_alive : r.job->driver_end_time == 0};
         }},
    {.name = "worker_type", .filterable = true, .cell = [](const WorkerRow& r) { return Cell{type_of(r)}; }},
    {.name = "exit_type",
     .filterable = true,
     .cell = [](const WorkerRow& r) { return r.worker ? known_text(r.worker->exit_type) : Cell{}; }},
    {.name = "node_id",
     .filterable = true,
     .cell = [](const WorkerRow& r) { return Cell{r.worker ? r.worker->node_id : r.job->driver_node_id}; }},
    {.name = "ip",
     .filterable = true,
     .cell =
         [](const WorkerRow& r) { return Cell{r.worker ? r.worker->ip_address : r.job->driver_node_ip}; }},
    {.name = "pid",
     .filterable = true,
     .type = CellType::integer,
     .cell = [](const WorkerRow& r) { return Cell{r.worker ? r.worker->pid : r.job->driver_pid}; }},
    {.name = "exit_detail",
     .detail = true,
     .cell = [](const WorkerRow& r) { return r.worker ? known_text(r.worker->exit_detail) : Cell{}; }},
    {.name = "worker_launch_time_ms",
     .detail = true,
     .write = [](const WorkerRow& r, RowScratch&,
                 std::string& json) { append_launch_time(json, r.worker ? r.worker->launch_time_ms : 0); }},
    {.name = "worker_launched_time_ms",
     .detail = true,
     .write = [](const WorkerRow& r, RowScratch&,
                 std::string& json) { append_launch_time(json, r.worker ? r.worker->launched_time_ms : 0); }},
    {.name = "start_time_ms",
     .detail = true,
     .cell =
         [](const WorkerRow& r) {
           return Cell{r.worker ? r.worker->start_time_ms : milliseconds(r.job->driver_start_time)};
         }},
    {.name = "end_time_ms",
     .detail = true,
     .cell =
         [](const WorkerRow& r) {
           return Cell{r.worker ? r.worker->end_time_ms : milliseconds(r.job->driver_end_time)};
         }},
    // No event has these.
    {.name = "debugger_port",
     .detail = true,
     .filterable = true,
     .type = CellType::integer,
     .cell = [](const WorkerRow&) { return Cell{}; }},
    {.name = "num_paused_threads",
     .detail = true,
     .filterable = true,
     .type = CellType::integer,
     .cell = [](const WorkerRow&) { return Cell{}; }},
});

}  // namespace

Response list_workers(const SessionView& view, const Request& request) {
  std::vector<WorkerRow> rows;
  rows.reserve(view.state.workers.size() + view.state.jobs.size());
  for (const Worker& worker : view.state.workers)
    rows.push_back({.id = std::string(worker.worker_id), .worker = &worker});
  for (const Job& job : view.state.jobs)
    if (!job.job_id.empty()) rows.push_back({.id = driver_worker_id(job), .job = &job});
  std::sort(rows.begin(), rows.end(), [](const WorkerRow& a, const WorkerRow& b) { return a.id < b.id; });
  return list_rows(std::span<const Column<WorkerRow>>(kColumns), rows, request.query,
                   view.state.partial_failure);
}

}  // namespace rayhistory::historyserver
