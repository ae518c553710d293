#include "historyserver/app/settings.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/memory_use.h"
#include "settings/setting_value.h"
#include "settings/storage_table.h"

namespace rayhistory::historyserver {
namespace {

// A session takes a megabyte at least: more would never fit.
constexpr uint64_t kMostSessions = 1'000'000;

constexpr uint64_t kMostKubernetesQuestions = 100'000;  // a second; above it a limit is none

struct HistoryDraft {
  StorageDraft store;
  HistorySettings settings;
};

const std::vector<ActionFlag>& action_flags() {
  static const std::vector<ActionFlag> flags = {
      {"help", "h", ProgramAction::help, "Show all flags and variables, and end."},
      {"version", "", ProgramAction::version, "Show the version, and end."},
  };
  return flags;
}

SettingValue allowed_hosts_value(AllowedHosts& place) {
  return {ValueKind::text, [&place](std::string_view given) -> Result<void> {
            TRY_ASSIGN(place, AllowedHosts::parse(given));
            return {};
          }};
}

SettingValue memory_limit_value(uint64_t& place) {
  return {ValueKind::quantity,
          [&place, given_bytes = quantity_value(place)](std::string_view given) -> Result<void> {
            if (!given.empty()) return given_bytes.read(given);
            place = control_group_memory_limit().value_or(0);
            return {};
          }};
}

SettingValue peer_rule_value(PeerRule& place) {
  return {ValueKind::text, [&place](std::string_view given) -> Result<void> {
            std::vector<IpNetwork> networks;
            for (const std::string_view entry : comma_separated(given)) {
              TRY_ASSIGN(IpNetwork network, IpNetwork::parse(entry));
              networks.push_back(network);
            }
            if (!networks.empty()) place = PeerRule(std::move(networks));
            return {};
          }};
}

SettingsTable own_settings(HistoryDraft& draft) {
  HistorySettings& settings = draft.settings;
  ServingSettings& serving = settings.serving;
  // Long rows read better than rows of many lines: one setting, one row.
  // clang-format off
  return {
    {"Server", "listen-address", "LISTEN_ADDRESS", "", "", listening_address_value(serving.listen_address),
     "Address it listens on. Empty: all. It asks nobody who he is: let only those reach it who may see all sessions."},
    {"Server", "listen-port", "LISTEN_PORT", "", "8080", port_value(1, serving.listen_port), "Port it listens on."},
    {"Server", "metrics-port", "METRICS_PORT", "", "8085", port_value(0, serving.metrics_port),
     "Port of /metrics. 0: none."},
    {"Server", "metrics-address", "METRICS_ADDRESS", "", "", listening_address_value(serving.metrics_address),
     "Address that /metrics listens on. Empty: all."},
    {"Server", "allowed-hosts", "ALLOWED_HOSTS", "", "", allowed_hosts_value(serving.allowed_hosts),
     "Names that browsers reach it by, separated by commas: history.example.com, *.example.com, or * for every name. IP addresses, localhost, names of one word, *.svc and *.svc.cluster.local are always allowed; a request for another host is answered with 421, so that no web page can read history under a name of its own (DNS rebinding)."},
    {"Server", "dashboard-dir", "DASHBOARD_DIR", "", "/dashboard", folder_value(serving.dashboard_folder),
     "Folder with the dashboard's files, ray/dashboard/client/build of the Ray wheel. Without them the API is served alone."},
    {"Server", "memory-limit", "MEMORY_LIMIT", "", "", memory_limit_value(serving.memory_bytes),
     "Memory that it may use, a Kubernetes quantity. Empty: the limit of its control group, which is the container's. Requests that do not fit wait, or are refused with the reason. 0: without a limit."},
    {"Server", "log-level", "LOG_LEVEL", "", "info", log_level_value(settings.log_level),
     "debug, info, warning or error."},
    {"Server", "log-format", "LOG_FORMAT", "", "text", log_format_value(settings.log_format),
     "text (logfmt) or json, on standard error."},

    {"Sessions", "session-process-timeout", "SESSION_PROCESS_TIMEOUT", "", "2m", duration_value(serving.load_time),
     "How long loading one session may take."},
    {"Sessions", "session-cache-size", "SESSION_CACHE_SIZE", "", "100", number_value(1, kMostSessions, serving.cache_sessions),
     "Sessions that are kept in memory at the most."},
    {"Sessions", "session-cache-max-memory", "SESSION_CACHE_MAX_MEMORY", "", "2Gi", quantity_value(serving.cache_bytes),
     "Memory that they may take together, a Kubernetes quantity; one is kept whatever its size. 0: without a limit."},
    {"Sessions", "session-cache-ttl", "SESSION_CACHE_TTL", "", "0s", duration_or_zero_value(serving.cache_lifetime),
     "How long a session is kept that nobody asks for. 0: until others need the room."},

    {"Kubernetes", "enable-live-clusters", "", "", "false", truth_value(serving.live_clusters),
     "Show running clusters too, as their own heads answer. Otherwise the store alone is shown, running sessions included, and Kubernetes is not asked."},
    {"Kubernetes", "kubeconfigs", "KUBECONFIGS", "", "", text_value(settings.kubernetes.kubeconfig),
     "A kubeconfig file: running clusters are found by its current context. Empty: by the pod's service account. Where there is neither, what is stored is shown alone."},
    {"Kubernetes", "use-kubernetes-proxy", "USE_KUBERNETES_PROXY", "", "false", truth_value(serving.heads.through_kubernetes),
     "Reach the heads through the API server, from outside of the cluster. Without --kubeconfigs and a service account: by KUBECONFIG, or ~/.kube/config."},
    {"Kubernetes", "use-auth-token-mode", "USE_AUTH_TOKEN_MODE", "", "false", truth_value(serving.heads.token_mode),
     "Show each head the token of its cluster's Secret. Whoever reaches the port then sees what the tokens protect."},
    {"Kubernetes", "live-cluster-networks", "LIVE_CLUSTER_NETWORKS", "", "", peer_rule_value(serving.heads.peers),
     "Networks where heads may be, such as 10.0.0.0/8,fd00::/8: those of your pods and services. Empty: everywhere but at loopback, link-local, multicast and cloud metadata addresses. It holds for heads that are asked directly, not with --use-kubernetes-proxy."},
    {"Kubernetes", "kube-api-qps", "KUBE_API_QPS", "", "100", number_value(1, kMostKubernetesQuestions, serving.kubernetes_rate.per_second),
     "Questions to the Kubernetes API a second, at the most."},
    {"Kubernetes", "kube-api-burst", "KUBE_API_BURST", "", "200", number_value(1, kMostKubernetesQuestions, serving.kubernetes_rate.burst),
     "Of these, at once after a pause."},
  };
  // clang-format on
}

SettingsTable all_settings(HistoryDraft& draft) {
  SettingsTable table;
  add_storage_place(
      table, draft.store,
      "Where the collectors store: s3, azureblob, gcs, aliyunoss, oci, or local (also localtest), a "
      "folder. Required.");
  SettingsTable own = own_settings(draft);
  std::move(own.begin(), own.end(), std::back_inserter(table));
  add_storage_backends(table, draft.store);
  add_network(table, draft.store);
  return table;
}

}  // namespace

ParsedHistorySettings parse_history_settings(std::span<const std::string> arguments,
                                             const Environment& environment) {
  HistoryDraft draft;
  SettingsRead read = read_settings(all_settings(draft), action_flags(), arguments, environment);
  ParsedHistorySettings parsed{read.action, std::nullopt, std::move(read.summary), std::move(read.warnings),
                               std::move(read.errors)};
  if (parsed.action != ProgramAction::run) return parsed;
  complete_storage(draft.store, environment, parsed.errors);
  if (!parsed.errors.empty()) return parsed;
  const bool has_kubernetes_setting = !draft.settings.kubernetes.kubeconfig.empty() ||
                                      draft.settings.serving.heads.through_kubernetes ||
                                      draft.settings.serving.heads.token_mode;
  if (has_kubernetes_setting && !draft.settings.serving.live_clusters) {
    parsed.warnings.emplace_back(
        "--kubeconfigs, --use-kubernetes-proxy and --use-auth-token-mode do nothing without "
        "--enable-live-clusters: add it to show running clusters");
  }
  draft.settings.serving.root = draft.store.storage.root;
  draft.settings.storage = std::move(draft.store.storage);
  draft.settings.network = std::move(draft.store.network);
  draft.settings.kubernetes.default_kubeconfig = draft.settings.serving.heads.through_kubernetes;
  const auto variable = [&](std::string_view name) { return environment(name).value_or(""); };
  draft.settings.kubernetes.kubeconfig_variable = variable("KUBECONFIG");
  draft.settings.kubernetes.home = variable("HOME");
  draft.settings.kubernetes.service_host = variable("KUBERNETES_SERVICE_HOST");
  draft.settings.kubernetes.service_port = variable("KUBERNETES_SERVICE_PORT");
  parsed.settings = std::move(draft.settings);
  return parsed;
}

std::string history_help_text() {
  HistoryDraft draft;
  return "Usage: historyserver [--name=value ...]\n\n"
         "Shows Ray's dashboard of sessions that have ended, out of the object store that the collectors "
         "filled,\nand of clusters that run in Kubernetes.\n"
         "A variable that is not empty wins over its flag, a key of the JSON file over both.\n\n" +
         help_of(all_settings(draft), action_flags());
}

std::string history_settings_markdown() {
  HistoryDraft draft;
  return "# Settings of the History Server\n\n"
         "<!-- Made from src/historyserver/app/settings.cpp. Change it there; settings_test.cpp says how to "
         "make "
         "this anew. -->\n\n"
         "A variable that is not empty wins over its flag; a key of the JSON file wins over both. They are "
         "read as "
         "the\ncollector's are ([settings.md](settings.md)).\n\n" +
         markdown_of(all_settings(draft), action_flags());
}

}  // namespace rayhistory::historyserver
