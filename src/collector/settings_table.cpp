#include "collector/settings_table.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "settings/setting_value.h"

namespace rayhistory::collector {
namespace {

constexpr uint64_t kBytesPerMegabyte = 1024 * 1024;
constexpr uint64_t kMostMegabytes = 1024 * 1024;  // 1 TiB: no node's emptyDir holds more
// More uploads at once than a connection pool and 256 MiB of memory carry.
constexpr uint64_t kMostUploads = 256;
constexpr uint64_t kMostObjectsPerRound = 1'000'000;

SettingValue megabytes(uint64_t& place) {
  return scaled_number_value(1, kMostMegabytes, kBytesPerMegabyte, place);
}

SettingValue dashboard_address_value(Url& place) {
  return {ValueKind::text, [&place](std::string_view given) -> Result<void> {
            Result<Url> url = parse_url(trimmed(given), Scheme::http);
            if (!url)
              return expected("an http or https URL without user and password, like http://localhost:8265");
            place = std::move(*url);
            return {};
          }};
}

// Kept as text: it becomes a part of an address.
SettingValue dashboard_port_value(std::string& place) {
  return {ValueKind::number, [&place](std::string_view given) -> Result<void> {
            if (!read_number(given, 1, std::numeric_limits<uint16_t>::max()))
              return expected("a port from 1 to 65535");
            place = std::string(trimmed(given));
            return {};
          }};
}

SettingValue endpoints_value(std::vector<std::string>& place) {
  return {ValueKind::text, [&place](std::string_view given) -> Result<void> {
            std::vector<std::string> endpoints;
            for (const std::string_view endpoint : comma_separated(given)) {
              if (endpoint.find_first_not_of('/') == std::string_view::npos) continue;
              endpoints.push_back((endpoint[0] == '/' ? "" : "/") + std::string(endpoint));
            }
            place = std::move(endpoints);
            return {};
          }};
}

// Long rows read better than rows of many lines: one setting, one row.
// clang-format off
SettingsTable cluster_settings(SettingsDraft& draft) {
  return {
    {"Cluster", "role", "RAY_ROLE", "", "Worker", text_value(draft.role),
     "Head or Worker, in any case. The head's collector also asks the dashboard and writes the session's marker."},
    {"Cluster", "ray-cluster-name", "RAY_CLUSTER_NAME", "", "", text_value(draft.cluster),
     "Name of the RayCluster. Required."},
    {"Cluster", "ray-cluster-namespace", "RAY_CLUSTER_NAMESPACE", "", "default", text_value(draft.name_space),
     "Its Kubernetes namespace."},
    {"Cluster", "owner-kind", "OWNER_KIND", "", "", text_value(draft.owner_kind),
     "rayjob or rayservice, in any case, where one of them made the cluster; together with the owner's name. "
     "raycluster means no owner."},
    {"Cluster", "owner-name", "OWNER_NAME", "", "", text_value(draft.owner_name),
     "Name of the RayJob or RayService; together with the owner's kind."},
  };
}

Setting upload_setting(SettingsDraft& draft) {
  return {"Storage", "upload-concurrency", "UPLOAD_CONCURRENCY", "", "16",
     number_value(1, kMostUploads, draft.store.storage.upload_concurrency),
     "Uploads at the same time, 1 to 256."};
}

SettingsTable own_settings(SettingsDraft& draft) {
  return {
    {"Events", "enable-event-collector", "ENABLE_EVENT_COLLECTOR", "", "true", truth_value(draft.events.enabled),
     "Take the events that Ray posts."},
    {"Events", "events-port", "EVENTS_PORT", "", "8084", port_value(1, draft.events.port),
     "Port of POST /v1/events."},
    {"Events", "events-address", "EVENTS_ADDRESS", "", "", listening_address_value(draft.events.address),
     "Address it listens on. Empty: loopback only, IPv4 and IPv6."},
    {"Events", "event-data-dir", "RAY_COLLECTOR_EVENT_DATA_DIR", "", "/tmp/ray/event-data",
     folder_value(draft.events.data_folder), "Folder where events lie until they are stored."},
    {"Events", "event-rotation-interval", "RAY_COLLECTOR_EVENT_ROTATION_INTERVAL", "", "5m",
     duration_value(draft.events.rotation_interval), "How long one event file is written to at the most."},
    {"Events", "event-max-file-size-mb", "RAY_COLLECTOR_EVENT_MAX_FILE_SIZE_MB", "", "100",
     megabytes(draft.events.max_file_bytes), "How large one event file gets, in MiB."},
    {"Events", "event-max-disk-mb", "RAY_COLLECTOR_EVENT_MAX_DISK_MB", "", "200",
     megabytes(draft.events.max_disk_bytes),
     "What all event files may take, in MiB. At 80 % of it senders are told to come back later (503)."},
    {"Events", "event-compression-enabled", "RAY_COLLECTOR_EVENT_COMPRESSION_ENABLED", "", "false",
     truth_value(draft.events.gzip), "Store event files as .jsonl.gz."},

    {"Logs", "enable-log-collector", "ENABLE_LOG_COLLECTOR", "", "true", truth_value(draft.logs.enabled),
     "Follow the log files."},
    {"Logs", "push-interval", "PUSH_INTERVAL", "", "1m", duration_value(draft.logs.push_interval),
     "How old bytes may get before they are stored; stretched for large files."},
    {"Logs", "log-batching", "LOG_BATCHING", "", "1000",
     number_value(1, kMostObjectsPerRound, draft.logs.objects_per_round),
     "Log objects written in one round at the most."},
    {"Logs", "", "RAY_COLLECTOR_ROTATED_LOG_SCAN_INTERVAL", "", "30s",
     duration_value(draft.logs.rotated_scan_interval), "How often rotated logs are looked for."},

    {"Dashboard", "ray-dashboard-address", "RAY_DASHBOARD_ADDRESS", "", "http://localhost:8265",
     dashboard_address_value(draft.dashboard.address), "Ray's dashboard, asked by the head's collector."},
    {"Dashboard", "", "RAY_COLLECTOR_POLL_INTERVAL", "", "30s",
     duration_value(draft.dashboard.poll_interval), "How often it is asked."},
    {"Dashboard", "", "RAY_COLLECTOR_ADDITIONAL_ENDPOINTS", "", "", endpoints_value(draft.dashboard.additional_endpoints),
     "Further paths to store the answers of, separated by commas."},
    {"Dashboard", "", "RAY_AUTH_MODE", "", "", text_value(draft.auth_mode),
     "token: the dashboard wants one, and it is an error to have none."},
    {"Dashboard", "", "RAY_AUTH_TOKEN", "", "", secret_value(draft.dashboard.auth.token), "The token."},
    {"Dashboard", "", "RAY_ENABLE_K8S_TOKEN_AUTH", "", "false",
     truth_value(draft.dashboard.auth.service_account),
     "Take the projected token of the Kubernetes service account instead."},

    {"Node", "", "RAY_TMP_ROOT", "", "/tmp/ray", folder_value(draft.node.ray_folder),
     "Ray's folder, shared with the Ray container."},
    {"Node", "", "POD_IP", "", "", text_value(draft.node.pod_ip),
     "This pod's address, to find the node's ID in the dashboard's list."},
    {"Node", "", "FQ_RAY_IP", "", "", text_value(draft.node.fq_ray_ip),
     "The head's address, for the same; may carry a scheme and a port."},
    {"Node", "", "RAY_DASHBOARD_PORT", "", "8265", dashboard_port_value(draft.node.dashboard_port),
     "The dashboard's port there."},

    {"Program", "metrics-port", "METRICS_PORT", "", "8085", port_value(0, draft.program.metrics_port),
     "Port of /metrics, /healthz and /readyz. 0: none."},
    {"Program", "metrics-address", "METRICS_ADDRESS", "", "", listening_address_value(draft.program.metrics_address),
     "Address that they listen on. Empty: all, so that Prometheus and the kubelet reach them."},
    {"Program", "shutdown-timeout", "SHUTDOWN_TIMEOUT", "", "25s",
     duration_value(draft.program.shutdown_timeout),
     "How long storing goes on after SIGTERM; less than the pod's terminationGracePeriodSeconds."},
    {"Program", "log-level", "LOG_LEVEL", "", "info", log_level_value(draft.program.log_level),
     "debug, info, warning or error."},
    {"Program", "log-format", "LOG_FORMAT", "", "text", log_format_value(draft.program.log_format),
     "text (logfmt) or json, on standard error."},
  };
}
// clang-format on

}  // namespace

SettingsTable all_settings(SettingsDraft& draft) {
  SettingsTable table = cluster_settings(draft);
  add_storage_place(table, draft.store,
                    "Where to store: s3, azureblob, gcs, aliyunoss, oci, or local, a folder. Required.");
  table.push_back(upload_setting(draft));
  add_storage_backends(table, draft.store);
  add_network(table, draft.store);
  SettingsTable own = own_settings(draft);
  std::move(own.begin(), own.end(), std::back_inserter(table));
  return table;
}

const std::vector<ActionFlag>& action_flags() {
  using Action = ProgramAction;
  static const std::vector<ActionFlag> flags = {
      {"check", "", Action::check,
       "Prove settings, credentials and store with a probe, say what is wrong and what to do, and end."},
      {"snapshot", "", Action::snapshot,
       "Store what the dashboard of a running cluster says as a session, without events and logs, and end."},
      {"help", "h", Action::help, "Show all flags and variables, and end."},
      {"version", "", Action::version, "Show the version, and end."},
  };
  return flags;
}

}  // namespace rayhistory::collector
