#include "historyserver/app/settings.h"

#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "settings/setting_value.h"
#include "settings/storage_table.h"

namespace rayhistory {
namespace {

// A session takes a megabyte at least: more would never fit.
constexpr uint64_t kMostSessions = 1'000'000;

// Of KubeRay's flags those that have no effect here: its manifests are to be taken as they are.
struct WithoutEffect {
  std::string kubeconfigs;
  std::string use_kubernetes_proxy;
  std::string use_auth_token_mode;
  std::string kube_api_qps;
  std::string kube_api_burst;
};

struct HistoryDraft {
  StorageDraft store;
  HistorySettings settings;
  WithoutEffect without_effect;
};

const std::vector<ActionFlag>& action_flags() {
  static const std::vector<ActionFlag> flags = {
      {"help", "h", ProgramAction::help, "Show all flags and variables, and end."},
      {"version", "", ProgramAction::version, "Show the version, and end."},
  };
  return flags;
}

// As a truth value is given on a command line, "--x" alone; what it says is not read.
SettingValue ignored_truth(std::string& place) {
  SettingValue value = text_value(place);
  value.kind = ValueKind::truth;
  return value;
}

SettingsTable own_settings(HistoryDraft& draft) {
  HistorySettings& settings = draft.settings;
  ServingSettings& serving = settings.serving;
  WithoutEffect& none = draft.without_effect;
  // Long rows read better than rows of many lines: one setting, one row.
  // clang-format off
  return {
    {"Server", "listen-address", "LISTEN_ADDRESS", "", "", listening_address_value(serving.listen_address),
     "Address it listens on. Empty: all. It asks nobody who he is: let only those reach it who may see all sessions."},
    {"Server", "listen-port", "LISTEN_PORT", "", "8080", port_value(1, serving.listen_port), "Port it listens on."},
    {"Server", "metrics-port", "METRICS_PORT", "", "8085", port_value(0, serving.metrics_port),
     "Port of /metrics, on all addresses. 0: none."},
    {"Server", "dashboard-dir", "DASHBOARD_DIR", "", "/dashboard", folder_value(serving.dashboard_folder),
     "Folder with the dashboard's files, ray/dashboard/client/build of the Ray wheel. Without them the API is served alone."},
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

    {"Kubernetes", "kubeconfigs", "KUBECONFIGS", "", "", text_value(none.kubeconfigs),
     "KubeRay's; has no effect: stored sessions are served, running clusters are not asked."},
    {"Kubernetes", "use-kubernetes-proxy", "USE_KUBERNETES_PROXY", "", "", ignored_truth(none.use_kubernetes_proxy), "The same."},
    {"Kubernetes", "use-auth-token-mode", "USE_AUTH_TOKEN_MODE", "", "", ignored_truth(none.use_auth_token_mode), "The same."},
    {"Kubernetes", "kube-api-qps", "KUBE_API_QPS", "", "", text_value(none.kube_api_qps), "The same."},
    {"Kubernetes", "kube-api-burst", "KUBE_API_BURST", "", "", text_value(none.kube_api_burst), "The same."},
  };
  // clang-format on
}

SettingsTable all_settings(HistoryDraft& draft) {
  SettingsTable table;
  add_storage_place(table, draft.store,
                    "Where the collectors store: s3, azureblob, gcs, aliyunoss, or local (also localtest), a "
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
  draft.settings.serving.root = draft.store.storage.root;
  draft.settings.storage = std::move(draft.store.storage);
  draft.settings.network = std::move(draft.store.network);
  parsed.settings = std::move(draft.settings);
  return parsed;
}

std::string history_help_text() {
  HistoryDraft draft;
  return "Usage: historyserver [--name=value ...]\n\n"
         "Shows Ray's dashboard of sessions that have ended, out of the object store that the collectors "
         "filled.\n"
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

}  // namespace rayhistory
