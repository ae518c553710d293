// What a first look at a large session costs: 150,000 events of 50,000 tasks (some 156 MB) in two files of a
// local folder, loaded cold (without what was kept of it; the files are in the page cache). Counters: the
// memory of the state by its own reckoning, and what the process takes at its peak, both in MiB.
#include <sys/resource.h>

#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "base/check.h"
#include "historyserver/state/load_state.h"
#include "store/local_folder_store.h"
#include "testing/temporary_folder.h"

namespace rayhistory {
namespace {

constexpr int kTasks = 50'000;
constexpr std::string_view kNode = "65ca4d200ee650cdd92705aaabe3cecbc61834d1febb61dbfaf8f7d3";
constexpr double kMebibyte = 1 << 20;

std::string envelope(int number, std::string_view type) {
  return fmt::format(
      R"({{"eventId": "oGo/rcMp0FRmQuregsOwZXW6Rd70gAEc{:08}", "sourceType": "CORE_WORKER", )"
      R"("eventType": "{}", "timestamp": "2026-11-23T02:27:23.084135183Z", "severity": "INFO", )"
      R"("sessionName": "session_2026-11-23_02-27-20_324908_14170", )"
      R"("nodeId": "ZcpNIA7mUM3ZJwWqq+POy8YYNNH+u2Hb+vj30w==", "message": "", )",
      number, type);
}

// The three events that tell most of a task's life, as Ray 2.60 sends them.
std::string events_of_task(int number) {
  const std::string id = fmt::format("{:08x}f00dfeedffffffffffffffffffffffff04000000", number);
  std::string lines = envelope(3 * number, "TASK_DEFINITION_EVENT");
  lines += fmt::format(
      R"("taskDefinitionEvent": {{"taskId": "{}", "taskFunc": {{"pythonFunctionDescriptor": )"
      R"({{"moduleName": "wl", "functionName": "f", "functionHash": "d44bc70904c94732ab29c4fb01b44153", )"
      R"("className": ""}}}}, "taskName": "f", "requiredResources": {{"CPU": 0.1}}, "jobId": "BAAAAA==", )"
      R"("parentTaskId": "//////////////////////////8EAAAA", "placementGroupId": )"
      R"("////////////////////////", "serializedRuntimeEnv": "{{\"env_vars\": {{\"FOO\": \"{}\"}}}}", )"
      R"("taskAttempt": 0, "taskType": "NORMAL_TASK", "language": "PYTHON", "refIds": {{}}, )"
      R"("labelSelector": {{}}, "isDetachedActor": false}}}})",
      id, std::string(300, 'v'));
  lines += '\n';
  lines += envelope(3 * number + 1, "TASK_LIFECYCLE_EVENT");
  lines += fmt::format(R"("taskLifecycleEvent": {{"taskId": "{}", "taskAttempt": 0, "jobId": "BAAAAA==", )"
                       R"("nodeId": "ZcpNIA7mUM3ZJwWqq+POy8YYNNH+u2Hb+vj30w==", "workerPid": 14711, )"
                       R"("workerId": "nXVwV8UXl2B5iSfQyWcyVJvNS7sNYDKkg1n0Hg==", "stateTransitions": [)",
                       id);
  for (const char* state :
       {"PENDING_ARGS_AVAIL", "PENDING_NODE_ASSIGNMENT", "SUBMITTED_TO_WORKER", "RUNNING", "FINISHED"}) {
    if (lines.back() == '}') lines += ", ";
    lines += fmt::format(R"({{"state": "{}", "timestamp": "2026-11-23T02:27:25.{:09}Z"}})", state, number);
  }
  lines +=
      R"(], "taskLogInfo": {"stdoutFile": "/tmp/ray/session_latest/logs/worker-9d7570-04000000-14711.out", )"
      R"("stderrFile": "/tmp/ray/session_latest/logs/worker-9d7570-04000000-14711.err", "stdoutStart": "30", )"
      R"("stdoutEnd": "48", "stderrStart": "30", "stderrEnd": "30"}}})";
  lines += '\n';
  lines += envelope(3 * number + 2, "TASK_PROFILE_EVENT");
  lines += fmt::format(
      R"("taskProfileEvents": {{"taskId": "{}", "jobId": "BAAAAA==", "attemptNumber": 0, "profileEvents": )"
      R"({{"componentType": "worker", "componentId": "nXVwV8UXl2B5iSfQyWcyVJvNS7sNYDKkg1n0Hg==", )"
      R"("nodeIpAddress": "192.0.2.2", "events": [)",
      id);
  for (const char* name : {"task:deserialize_arguments", "task:execute", "task:store_outputs"}) {
    lines += fmt::format(
        R"({{"startTime": "17954043319{0:08}", "endTime": "17954043320{0:08}", "extraData": "{{}}", )"
        R"("eventName": "{1}"}}, )",
        number, name);
  }
  lines +=
      fmt::format(R"({{"startTime": "17954043319{0:08}", "endTime": "17954043321{0:08}", "extraData": )"
                  R"("{{\"name\": \"__main__.f\", \"task_id\": \"{1}\"}}", "eventName": "task::f"}}]}}}}}})",
                  number, id);
  return lines + "\n";
}

void load_a_session(benchmark::State& state) {
  const TemporaryFolder folder;
  const StoredSession session{
      .place = {.name_space = *DnsName::parse("default"), .cluster = *DnsName::parse("c"), .owner = {}},
      .name = *SessionName::parse("session_2026-11-23_02-27-20_324908_14170"),
      .prefix = "cluster-history/raycluster/default/c/session_2026-11-23_02-27-20_324908_14170/"};
  size_t bytes = 0;
  for (int file = 0; file < 2; ++file) {
    const std::string name =
        fmt::format("{}{}/job_events/04000000/{}-2026-11-23-02-{}.jsonl", session.prefix, kNode, kNode, file);
    folder.write(name, "");
    // In parts, so that the peak is not this.
    for (int first = file; first < kTasks; first += 1000) {
      std::string lines;
      for (int task = first; task < first + 1000; task += 2)
        lines += events_of_task(task);
      bytes += lines.size();
      folder.append(name, lines);
    }
  }
  LocalFolderStore store(folder.path(), system_clock());
  uint64_t state_bytes = 0;
  for (auto _ : state) {
    const auto listing = list_session(store, session, Deadline::never());
    CHECK(listing.has_value());
    const auto loaded = load_state(store, *listing, Deadline::never(), static_cast<unsigned>(state.range(0)));
    CHECK(loaded.has_value());
    CHECK((*loaded)->attempts.size() == kTasks);
    state_bytes = (*loaded)->bytes;
  }
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
  state.counters["file_MiB"] = static_cast<double>(bytes) / kMebibyte;
  state.counters["state_MiB"] = static_cast<double>(state_bytes) / kMebibyte;
  state.counters["peak_MiB"] = static_cast<double>(usage.ru_maxrss) / 1024;
}
// Threads. CPU time is that of all.
BENCHMARK(load_a_session)
    ->Arg(2)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

}  // namespace
}  // namespace rayhistory
