// The objects of a small session with a secret in each place that the History Server masks.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rayhistory::historyserver {

// Stands for the values of secrets. A test's question that holds it may be answered with it.
inline constexpr std::string_view kPlantedSecret = "hunter2-planted";

inline const std::string kHistorySession = "session_2026-11-23_03-25-19_402666_11";
inline const std::string kHistoryNode = "b956a7677f4cf5b7383596242c580429383e9f347e4221780fbed607";

// Paths below the session, and what is there.
inline std::vector<std::pair<std::string, std::string>> history_objects() {
  const std::string environment = R"({\"env_vars\": {\"A\": \"hunter2-planted\"}})";
  const std::string task =
      R"("taskId": "RILA0+FaQahyc9R2x95WPaMA31UFAAAA", "taskAttempt": 0, "jobId": "BQAAAA==")";
  const std::string events =
      R"({"eventId": "MQ==", "eventType": "TASK_DEFINITION_EVENT", "timestamp": "2026-11-23T03:25:55Z", )"
      R"("taskDefinitionEvent": {)" +
      task + R"(, "taskName": "t", "taskType": "NORMAL_TASK", "serializedRuntimeEnv": ")" + environment +
      "\"}}\n"
      R"({"eventId": "Mg==", "eventType": "TASK_LIFECYCLE_EVENT", "timestamp": "2026-11-23T03:25:56Z", )"
      R"("taskLifecycleEvent": {)" +
      task +
      R"(, "stateTransitions": [{"state": "RUNNING", "timestamp": "2026-11-23T03:25:55Z"}], "workerPid": 7}})"
      "\n"
      R"({"eventId": "Mw==", "eventType": "ACTOR_DEFINITION_EVENT", "timestamp": "2026-11-23T03:25:55Z", )"
      R"("actorDefinitionEvent": {"actorId": "cnPUdsfeVj2jAN9VBQAAAA==", "jobId": "BQAAAA==", )"
      R"("className": "C", "name": "n", "serializedRuntimeEnv": ")" +
      environment +
      "\"}}\n"
      R"({"eventId": "NA==", "eventType": "DRIVER_JOB_DEFINITION_EVENT", "timestamp": "2026-11-23T03:25:55Z", )"
      R"("driverJobDefinitionEvent": {"jobId": "BQAAAA==", "driverPid": "9", )"
      R"("entrypoint": "python x.py --token hunter2-planted", "config": {"metadata": )"
      R"({"job_submission_id": "sub", "api_token": "hunter2-planted"}, "serializedRuntimeEnv": ")" +
      environment +
      "\"}}}\n"
      R"({"eventId": "NQ==", "eventType": "NODE_DEFINITION_EVENT", "timestamp": "2026-11-23T03:25:23Z", )"
      R"("nodeDefinitionEvent": {"nodeId": "uVanZ39M9bc4NZYkLFgEKTg+nzR+QiF4D77WBw==", )"
      R"("nodeIpAddress": "192.0.2.2", "startTimestamp": "2026-11-23T03:25:23.215Z"}})"
      "\n";
  const std::string variables = R"({"env_vars": {"A": "hunter2-planted"}})";
  const std::string name = kHistoryNode + "-2026-11-23-03-1795404356233927719.jsonl";
  return {
      {kHistoryNode + "/job_events/05000000/" + name, events},
      {kHistoryNode + "/node_events/" + name, R"({"eventType": "NODE_DEFINITION_EVENT", "node)"},
      {kHistoryNode + "/node_events/" + name + ".gz", "\x1f\x8b\x08 no more"},
      {kHistoryNode + "/logs/raylet.out", "one\ntwo\n"},
      {kHistoryNode + "/logs/job-driver-sub.log", "printed\n"},
      {kHistoryNode + "/logs/runtime_env_agent.log", "env: " + variables + "\n"},
      {kHistoryNode + "/logs/runtime_env_setup-05000000.log", "TOKEN=hunter2-planted\n"},
      {kHistoryNode + "/logs/events/event_GCS.log",
       R"({"event_id": "e", "timestamp": 1, "custom_fields": {"job_id": "01"}, "message": "m"})"},
      {kHistoryNode + "/logs/gcs_server.out.chunks/00000000000000000000", "chunk"},
      {kHistoryNode + "/logs/gcs_server.out.chunks/00000000000000000003", "nk and more"},
      {"fetched_endpoints/restful__api__jobs",
       R"([{"submission_id": "sub", "job_id": "05000000", "type": "SUBMISSION", "status": "RUNNING", )"
       R"("entrypoint": "PASSWORD=hunter2-planted x", "runtime_env": )" +
           variables + "}]"},
      {"fetched_endpoints/restful__api__serve__applications",
       R"({"applications": {"a": {"runtime_env": )" + variables + "}}}"},
      {"fetched_endpoints/restful__api__v0__placement_groups?detail=1&limit=10000",
       R"({"data": {"result": 7}})"},
      {"fetched_endpoints/restful__timezone", "not json " + variables},
  };
}

}  // namespace rayhistory::historyserver
