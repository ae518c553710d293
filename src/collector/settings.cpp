#include "collector/settings.h"

#include <fmt/format.h>

#include "base/ascii.h"
#include "collector/settings_table.h"
#include "settings/setting_value.h"

namespace rayhistory::collector {
namespace {

// Checks what has to be right, and gathers what is wrong.
class Checker {
 public:
  Checker(SettingsDraft draft, ParsedSettings parsed, const Environment& environment)
      : draft_(std::move(draft)), parsed_(std::move(parsed)), environment_(environment) {}

  ParsedSettings check() && {
    assemble();
    return std::move(parsed_);
  }

 private:
  void fail(std::string message) { parsed_.errors.push_back(std::move(message)); }

  std::optional<Role> role() {
    // A snapshot is of the head's dashboard, and taken from anywhere.
    if (parsed_.action == ProgramAction::snapshot) return Role::head;
    const std::string name = lower_case(draft_.role);
    if (name == "head") return Role::head;
    if (name == "worker") return Role::worker;
    fail(fmt::format("--role (RAY_ROLE): \"{}\" is none: Head or Worker", draft_.role));
    return std::nullopt;
  }

  std::optional<DnsName> dns_name(std::string_view setting, std::string_view text) {
    std::optional<DnsName> name = DnsName::parse(text);
    if (!name) {
      fail(fmt::format("{}: {}: letters a-z, digits, '-' and '.' make a Kubernetes name", setting,
                       text.empty() ? "is missing" : fmt::format("\"{}\" is no name", text)));
    }
    return name;
  }

  std::optional<ClusterPlace> cluster() {
    std::optional<DnsName> name = dns_name("--ray-cluster-name (RAY_CLUSTER_NAME)", draft_.cluster);
    std::optional<DnsName> name_space =
        dns_name("--ray-cluster-namespace (RAY_CLUSTER_NAMESPACE)", draft_.name_space);
    const size_t errors_before_owner = parsed_.errors.size();
    std::optional<Owner> cluster_owner = owner();
    if (!name || !name_space || parsed_.errors.size() > errors_before_owner) return std::nullopt;
    return ClusterPlace{std::move(*name_space), std::move(*name), std::move(cluster_owner)};
  }

  std::optional<Owner> owner() {
    constexpr std::string_view kBoth = "--owner-kind (OWNER_KIND) and --owner-name (OWNER_NAME)";
    const std::string kind = lower_case(draft_.owner_kind);
    // KubeRay's operator sets both from the labels of the custom resource, also where that is the cluster
    // itself.
    if (kind == "raycluster" || (kind.empty() && draft_.owner_name.empty())) return std::nullopt;
    if (kind.empty() || draft_.owner_name.empty()) {
      fail(fmt::format("{}: give both or neither", kBoth));
      return std::nullopt;
    }
    std::optional<DnsName> name = dns_name("--owner-name (OWNER_NAME)", draft_.owner_name);
    if (kind != "rayjob" && kind != "rayservice") {
      fail(fmt::format("--owner-kind (OWNER_KIND): \"{}\" is none: rayjob, rayservice or raycluster",
                       draft_.owner_kind));
      return std::nullopt;
    }
    if (!name) return std::nullopt;
    return Owner{kind == "rayjob" ? OwnerKind::rayjob : OwnerKind::rayservice, std::move(*name)};
  }

  void check_authentication() {
    AuthTokenSettings& auth = draft_.dashboard.auth;
    auth.required = lower_case(draft_.auth_mode) == "token";
    if (auth.required && auth.token.empty() && !auth.service_account) {
      fail(
          "RAY_AUTH_MODE is token, but there is none: set RAY_AUTH_TOKEN, or RAY_ENABLE_K8S_TOKEN_AUTH=true "
          "with a "
          "projected service account token");
    }
  }

  void assemble() {
    const std::optional<Role> node_role = role();
    std::optional<ClusterPlace> place = cluster();
    complete_storage(draft_.store, environment_, parsed_.errors);
    check_authentication();
    if (!draft_.events.enabled && !draft_.logs.enabled) {
      fail(
          "--enable-event-collector (ENABLE_EVENT_COLLECTOR) and --enable-log-collector "
          "(ENABLE_LOG_COLLECTOR) are both "
          "false: nothing is left to do");
    }
    if (!parsed_.errors.empty()) return;
    parsed_.settings = Settings{*node_role,
                                std::move(*place),
                                std::move(draft_.store.storage),
                                std::move(draft_.store.network),
                                std::move(draft_.events),
                                draft_.logs,
                                std::move(draft_.dashboard),
                                std::move(draft_.node),
                                draft_.program};
  }

  SettingsDraft draft_;
  ParsedSettings parsed_;
  const Environment& environment_;
};

}  // namespace

ParsedSettings parse_settings(std::span<const std::string> arguments, const Environment& environment) {
  SettingsDraft draft;
  SettingsRead read = read_settings(all_settings(draft), action_flags(), arguments, environment);
  ParsedSettings parsed{read.action, std::nullopt, std::move(read.summary), std::move(read.warnings),
                        std::move(read.errors)};
  if (parsed.action == ProgramAction::help || parsed.action == ProgramAction::version) return parsed;
  return Checker(std::move(draft), std::move(parsed), environment).check();
}

std::string help_text() {
  SettingsDraft draft;
  std::string text =
      "Usage: collector [--name=value ...]\n\n"
      "Saves the events and logs of a Ray node into an object store, where a History Server finds them.\n"
      "A variable that is not empty wins over its flag, a key of the JSON file over both.\n\n";
  return text + help_of(all_settings(draft), action_flags());
}

std::string settings_markdown() {
  const auto code = [](std::string_view before, std::string_view name) {
    return name.empty() ? std::string() : fmt::format("`{}{}`", before, name);
  };
  SettingsDraft draft;
  const SettingsTable table = all_settings(draft);
  std::string text =
      "# Settings\n\n"
      "<!-- Made from src/collector/settings_table.cpp. Change it there; settings_test.cpp says how to make "
      "this anew. "
      "-->\n\n"
      "A variable that is not empty wins over its flag; a key of the JSON file wins over both. Flags take "
      "one dash or\n"
      "two, their value after `=` or a space; truth values only after `=`. Durations are Go's: `30s`, "
      "`1m30s`, `500ms`.\n"
      "What cannot work is reported, all of it at once, and ends the program with status 2. A tuning value "
      "that cannot\n"
      "be read is warned about, and its default used.\n\n";
  text += markdown_of(table, action_flags());
  text +=
      "\n## Names of KubeRay 1.6\n\n"
      "Manifests of that version use other names for some of these. They are taken where the present name is "
      "not "
      "given.\n\n"
      "| former flag | former variable | now |\n|---|---|---|\n";
  for (const Setting& setting : table) {
    if (setting.former_flag.empty() && setting.former_variable.empty()) continue;
    text += fmt::format("| {} | {} | `{}` |\n", code("--", setting.former_flag),
                        code("", setting.former_variable), setting.name());
  }
  return text;
}

}  // namespace rayhistory::collector
