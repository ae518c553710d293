#include "process/session_on_disk.h"

#include <filesystem>
#include <fstream>
#include <vector>

#include <fmt/format.h>

#include "base/check.h"

namespace rayhistory {
namespace {

constexpr std::string_view kNode = "65ca4d200ee650cdd92705aaabe3cecbc61834d1febb61dbfaf8f7d3";
constexpr size_t kBytesAtOnce = 1 << 20;

// Of a task's events; @ stands for its number.

std::string envelope(int event, std::string_view type) {
  return fmt::format(
      R"({{"eventId": "oGo/rcMp0FRmQuregsOwZXW6Rd70gAEc@{}", "sourceType": "CORE_WORKER", )"
      R"("eventType": "{}", "timestamp": "2026-11-23T02:27:23.084135183Z", "severity": "INFO", )"
      R"("sessionName": "{}", "nodeId": "ZcpNIA7mUM3ZJwWqq+POy8YYNNH+u2Hb+vj30w==", "message": "", )",
      event, type, kMeasuredSession);
}

// With as large a runtime environment as a few variables make.
std::string definition() {
  return envelope(1, "TASK_DEFINITION_EVENT") +
         R"("taskDefinitionEvent": {"taskId": "@f00dfeedffffffffffffffffffffffff04000000", "taskFunc": )"
         R"({"pythonFunctionDescriptor": {"moduleName": "wl", "functionName": "f", )"
         R"("functionHash": "d44bc70904c94732ab29c4fb01b44153", "className": ""}}, "taskName": "f", )"
         R"("requiredResources": {"CPU": 0.1}, "jobId": "BAAAAA==", )"
         R"("parentTaskId": "//////////////////////////8EAAAA", )"
         R"("placementGroupId": "////////////////////////", )"
         R"("serializedRuntimeEnv": "{\"env_vars\": {\"FOO\": \")" +
         std::string(300, 'v') +
         R"(\"}}", "taskAttempt": 0, "taskType": "NORMAL_TASK", "language": "PYTHON", "refIds": {}, )"
         R"("labelSelector": {}, "isDetachedActor": false}})";
}

std::string lifecycle() {
  std::string transitions;
  int digit = 0;
  for (const char* state :
       {"PENDING_ARGS_AVAIL", "PENDING_NODE_ASSIGNMENT", "SUBMITTED_TO_WORKER", "RUNNING", "FINISHED"}) {
    if (digit > 0) transitions += ", ";
    transitions +=
        fmt::format(R"({{"state": "{}", "timestamp": "2026-11-23T02:27:25.{}@Z"}})", state, digit++);
  }
  return envelope(2, "TASK_LIFECYCLE_EVENT") +
         R"("taskLifecycleEvent": {"taskId": "@f00dfeedffffffffffffffffffffffff04000000", "taskAttempt": 0, )"
         R"("jobId": "BAAAAA==", "nodeId": "ZcpNIA7mUM3ZJwWqq+POy8YYNNH+u2Hb+vj30w==", "workerPid": 14711, )"
         R"("workerId": "nXVwV8UXl2B5iSfQyWcyVJvNS7sNYDKkg1n0Hg==", "stateTransitions": [)" +
         transitions +
         R"(], "taskLogInfo": )"
         R"({"stdoutFile": "/tmp/ray/session_latest/logs/worker-9d7570-04000000-14711.out", )"
         R"("stderrFile": "/tmp/ray/session_latest/logs/worker-9d7570-04000000-14711.err", )"
         R"("stdoutStart": "30", "stdoutEnd": "48", "stderrStart": "30", "stderrEnd": "30"}}})";
}

std::string profile() {
  std::string steps;
  for (const char* name : {"deserialize_arguments", "execute", "store_outputs"}) {
    steps += fmt::format(R"({{"startTime": "17954043319@", "endTime": "17954043320@", "extraData": "{{}}", )"
                         R"("eventName": "task:{}"}}, )",
                         name);
  }
  return envelope(3, "TASK_PROFILE_EVENT") +
         R"("taskProfileEvents": {"taskId": "@f00dfeedffffffffffffffffffffffff04000000", )"
         R"("jobId": "BAAAAA==", "attemptNumber": 0, "profileEvents": {"componentType": "worker", )"
         R"("componentId": "nXVwV8UXl2B5iSfQyWcyVJvNS7sNYDKkg1n0Hg==", "nodeIpAddress": "192.0.2.2", )"
         R"("events": [)" +
         steps +
         R"({"startTime": "17954043319@", "endTime": "17954043321@", "extraData": "{\"name\": )"
         R"(\"__main__.f\", \"task_id\": \"@f00dfeedffffffffffffffffffffffff04000000\"}", )"
         R"("eventName": "task::f"}]}}})";
}

std::vector<std::string> split_at_numbers(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == '@') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

void make_file(const std::filesystem::path& path) {
  std::filesystem::create_directories(path.parent_path());
  CHECK(std::ofstream(path).good());
}

}  // namespace

uint64_t write_session(const std::string& folder, int tasks, int files) {
  make_file(std::filesystem::path(folder) / "cluster-metadata/raycluster/default_c" / kMeasuredSession);
  const std::vector<std::string> parts =
      split_at_numbers(definition() + "\n" + lifecycle() + "\n" + profile() + "\n");
  uint64_t bytes = 0;
  std::string lines;
  for (int file = 0; file < files; ++file) {
    const auto path = std::filesystem::path(folder) / kMeasuredPrefix / kNode / "job_events/04000000" /
                      fmt::format("{}-2026-11-23-02-{}.jsonl", kNode, file);
    make_file(path);
    std::ofstream out(path, std::ios::binary);
    const auto write = [&] {
      CHECK(out.write(lines.data(), static_cast<std::streamsize>(lines.size())).good());
      bytes += lines.size();
      lines.clear();
    };
    for (int task = file; task < tasks; task += files) {
      const std::string number = fmt::format("{:08}", task);
      lines += parts.front();
      for (size_t i = 1; i < parts.size(); ++i)
        lines.append(number).append(parts[i]);
      if (lines.size() >= kBytesAtOnce) write();
    }
    write();
    CHECK(out.flush().good());
  }
  return bytes;
}

}  // namespace rayhistory
